"""Total variation: what share of the samples would have to change mode to give the reference's shares?"""

import math

import numpy as np
from jaxtyping import Float, Int

from collapse_metrics._checks import check_counts, check_tallies
from collapse_metrics._registry import metric
from collapse_metrics.stats.divergence import TV, beyond_chance, shares_behind


def variation_interval(
    *,
    counts: Int[np.ndarray, " modes"],
    shares: Float[np.ndarray, " modes"],
    confusion: Float[np.ndarray, "modes modes"] | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Interval that holds for every generator and sample size, with no normal law assumed.

    One sample moves the plain distance by at most 1 / n, so it stays near its mean (McDiarmid 1989); the mean is not
    below the true distance, because the distance is convex, and above it by at most what counts scatter. Behind a
    classifier that errs, one sample moves more, by as much as the inverse of the confusion says.
    """
    value = total_variation(counts=counts, shares=shares, confusion=confusion, seed=seed)
    counts, shares = np.asarray(counts), np.asarray(shares, dtype=float)
    n, modes, pull = counts.sum(), np.count_nonzero(shares), 1.0
    plain = float(TV.terms(shares_behind(counts, confusion), shares).sum())
    if confusion is not None:
        pull = float(np.abs(np.linalg.pinv(confusion)).sum(axis=1).max())
    stray = pull * math.sqrt(math.log(2 / (1 - level)) / (2 * n))
    scatter = pull * math.sqrt((modes - 1) / n) / 2
    return min(max(plain - stray - scatter, 0.0), value), max(min(plain + stray, 1.0), value)


@metric(
    best=0.0,
    collapsed=1.0,
    paper="https://doi.org/10.1017/CBO9781107359949.008",
    span=(-1.0, 1.0),
    interval=variation_interval,
)
def total_variation(
    *,
    counts: Int[np.ndarray, " modes"],
    shares: Float[np.ndarray, " modes"],
    confusion: Float[np.ndarray, "modes modes"] | None = None,
    seed: int = 0,
) -> float:
    r"""Half the sum of absolute differences of mode shares, above what chance alone would show.

    The plain distance :math:`\frac12 \sum_c |p_c - \pi_c|` is the share of samples in the wrong mode, and the easiest
    of the divergences to picture; but counts of a perfect generator give it about
    :math:`\sum_c \sqrt{\pi_c (1 - \pi_c) / 2 \pi n}`, 0.05 for ten modes and 512 samples. What such chance adds is
    taken off.

    Reading the number:
        - **Healthy**: 0 on average at every sample size, so below 0 about half of the time. It is not cut off at 0,
          because then the average of healthy runs would not be 0.
        - **Collapsed**: one minus the share of the mode that is left, 0.9 of ten equal modes. Half of the modes lost:
          0.5. Differences no larger than chance are halved or so: one mode of ten lost reads 0.07 instead of 0.1 at
          512 samples, 0.097 at 5,000.
        - **Blind to** everything within a mode. Where there are fewer samples than modes it is too low for generators
          between healthy and collapsed.
        - **Compare only** numbers of one classifier and set of modes.

    Args:
        counts: Accepted generated samples per mode as the classifier calls them.
        shares: Reference share of each mode; sums to 1.
        confusion: Share of real samples of mode ``row`` called ``column``; left out, calls are taken as true.
        seed: Of the simulated perfect generators; used only with ``confusion``.

    Returns:
        The distance, at most 1; negative values are noise around 0.

    Raises:
        ValueError: If the arrays disagree, counts are not whole, there is no sample, or shares or rows do not sum to 1.

    Cost:
        Time ``sqrt(n * modes)``, and 200 draws of ``modes`` counts; with ``confusion``, 200 times the undoing of it.

    Example:
        >>> import numpy as np
        >>> total_variation(counts=np.array([0, 0, 300, 200]), shares=np.array([0.5, 0.5, 0, 0]))
        1.0
        >>> total_variation(counts=np.array([100, 0]), shares=np.array([0.5, 0.5]))
        0.5

    Reference:
        The interval is from McDiarmid, *On the method of bounded differences*, Surveys in Combinatorics 1989. Papers
        print the plain distance; ours is less by the exact mean over all counts of a perfect generator, in proportion
        to the noise that the counts at hand can contain (``stats.divergence.beyond_chance``), of which a mode far from
        its share hardly has any. With confusion, the most likely shares behind the calls are compared.
    """
    counts, shares = np.asarray(counts), np.asarray(shares, dtype=float)
    check_counts(counts, shares, confusion)
    check_tallies(1, counts=counts)
    return beyond_chance(TV, counts, shares, confusion, seed=seed)
