"""Which of many could be the best? Everything that is not shown to be worse than some other."""

import numpy as np
from jaxtyping import Bool, Float
from scipy import stats


def could_be_best(
    values: Float[np.ndarray, " many"], errors: Float[np.ndarray, " many"], *, dof: int | float, alpha: float = 0.05
) -> Bool[np.ndarray, " many"]:
    """Which of many numbers may belong to the best, where each is known up to its standard error.

    One is left out when *any* other exceeds it by more than chance: one-sided Welch test of each pair at level
    ``alpha / (many - 1)``. Only the tests of the truly best one can leave it out wrongly, and there are ``many - 1``
    of them (Bonferroni), so the set holds it with probability at least ``1 - alpha``, whichever it is and however
    many there are. That the largest of many numbers is partly luck is thereby paid for: nothing is compared with
    the winner alone. Gupta's subset selection (Technometrics 7, 1965) with unequal errors.

    Args:
        values: One number each; larger is better. NaN is never the best.
        errors: Standard errors. Positive correlation between the numbers makes the set larger than it need be.
        dof: Degrees of freedom behind each error.
        alpha: Probability with which the best may be missing.

    Returns:
        True for each that may be the best; of equal numbers without error, for all.

    Example:
        >>> could_be_best(np.array([0.9, 0.89, 0.5]), np.array([0.01, 0.01, 0.01]), dof=9)
        array([ True,  True, False])
    """
    known: np.ndarray = np.isfinite(values)
    if known.sum() < 2:
        return known
    ahead = values[None, :] - values[:, None]  # by how much the column exceeds the row
    squares = np.square(np.where(np.isfinite(errors), errors, np.inf))
    both = squares[None, :] + squares[:, None]
    with np.errstate(invalid="ignore", divide="ignore"):
        freedom = np.where(both > 0, dof * both**2 / (squares[None, :] ** 2 + squares[:, None] ** 2), dof)
        freedom = np.where(np.isfinite(freedom), freedom, dof)
        critical = stats.t.ppf(1 - alpha / (known.sum() - 1), freedom)
        worse = ahead > np.where(both > 0, critical * np.sqrt(both), 0.0)
    kept: np.ndarray = known & ~(worse & known[None, :]).any(axis=1)
    return kept
