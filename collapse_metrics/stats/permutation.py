"""Would other labels on the same samples give as much? Permutation tests for quadratic statistics of two samples."""

import numpy as np
from jaxtyping import Float

TIE = 1e-9
"""Statistics, in standard deviations, that differ by less than this are one. Copies among the samples make many
labellings equally extreme; they count against the alarm, whatever rounding says."""


def contrasts(
    n_first: int, n_second: int, *, permutations: int, rng: np.random.Generator
) -> Float[np.ndarray, "rows labellings"]:
    """One column a labelling: ``1 / n_first`` for rows labelled first, ``-1 / n_second`` for rows labelled second.

    The first column holds the true labels, the others are drawn. For a kernel matrix ``K`` of all rows, column ``v``
    gives ``v @ K @ v``, the squared distance between the two means of that labelling: all labellings cost one
    product with the matrix.
    """
    true = np.repeat([1 / n_first, -1 / n_second], [n_first, n_second])
    drawn = rng.permuted(np.tile(true, (permutations, 1)), axis=1)
    return np.concatenate([true[None], drawn]).T


def quadratic_forms(
    kernel: Float[np.ndarray, "rows rows"], labellings: Float[np.ndarray, "rows labellings"]
) -> Float[np.ndarray, " labellings"]:
    """``v @ kernel @ v`` for every column ``v``, each of which sums to zero."""
    # So the mean of the kernel does not count; without it a kernel that is nearly constant keeps its digits.
    around_mean = kernel - kernel.mean()
    forms: np.ndarray = (labellings * (around_mean @ labellings)).sum(axis=0)
    return forms


def permutation_p_value(statistics: Float[np.ndarray, "kinds labellings"]) -> float:
    """P-value of the first column among all of them, where every row is another kind of statistic.

    Every row is brought to mean 0 and standard deviation 1 over *all* labellings, the true one included, and the
    largest entry of a column stands for it. Nothing in this tells the first column from the others, so under
    exchangeable labels the p-value is at or below alpha with probability at most alpha, for any number of kinds and
    of labellings; equal columns count as equally extreme.
    """
    spread = statistics.std(axis=1, keepdims=True)
    apart = statistics - statistics.mean(axis=1, keepdims=True)
    known = spread > TIE * np.abs(statistics).max(axis=1, keepdims=True)  # else the labels make no difference
    largest = np.divide(apart, spread, out=np.zeros_like(apart), where=known).max(axis=0)
    return float((largest >= largest[0] - TIE).mean())
