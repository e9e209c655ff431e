"""Where would one more score fall? The range of a single perfect generator, from scores of sets of real rows."""

from collections.abc import Sequence

import numpy as np
from scipy import stats

MOST_USED = 0.9
"""Largest share of the pool that a set may hold: nearer to one, all sets are the pool and say nothing of chance."""


def range_of_next(
    scores: Sequence[float] | np.ndarray,
    *,
    used: float = 0.0,
    span: tuple[float, float] | None = None,
    level: float = 0.95,
) -> tuple[float, float]:
    r"""Range that holds the score of one new, independent set of the same size.

    Sets that are drawn without replacement from one pool of real rows are more alike than sets of new rows, and
    the pool itself is off by chance. With a share ``f`` of the pool in each set, the scores of the sets have the
    variance :math:`(1 - f) \sigma^2` of a linear statistic, and the pool's own score is off by
    :math:`f \sigma^2`; so a new score lies from the mean of ``m`` sets with variance
    :math:`s^2 ((1 + f) / (1 - f) + 1 / m)`.

    Args:
        scores: Scores of at least two sets.
        used: Share of the pool that is in each set; 0 where sets are simulated anew.
        span: Smallest and largest possible score. With it, the range is laid on a scale on which scores near an
            end scatter evenly: cube roots where there is one end, arcs of the square root where there are two.
            Without it, the range is symmetric about the mean.
        level: Probability that the range holds the new score.

    Returns:
        Low and high end. They hold all given scores but those beyond ``level`` when there are forty or more.
    """
    seen = np.asarray(scores, dtype=float)
    if not np.isfinite(seen).all():
        seen = seen[~np.isnan(seen)]
        return (float(seen.min()), float(seen.max())) if len(seen) else (float("nan"), float("nan"))
    outside = int((1 - level) / 2 * (len(seen) + 1) + 1e-9)
    if used == 0.0 and outside >= 1:  # enough sets for their own quantiles, which are exact for any law
        ordered = np.sort(seen)
        return float(ordered[outside - 1]), float(ordered[-outside])
    even = _even(seen, span)
    middle, m, used = even.mean(), len(even), min(used, MOST_USED)
    reach = stats.t.ppf((1 + level) / 2, m - 1) * even.std(ddof=1) * np.sqrt((1 + used) / (1 - used) + 1 / m)
    low, high = _uneven(np.array([middle - reach, middle + reach]), span)
    return min(float(low), float(seen.min())), max(float(high), float(seen.max()))


def _even(scores: np.ndarray, span: tuple[float, float] | None) -> np.ndarray:
    """Scores on the scale on which their scatter does not depend on how near to an end of the span they lie."""
    if span is None or not np.isfinite(span[0]):
        return scores
    low, high = span
    if np.isinf(high):
        roots: np.ndarray = np.cbrt(scores - low)
        return roots
    arcs: np.ndarray = np.arcsin(np.sqrt(((scores - low) / (high - low)).clip(0, 1)))
    return arcs


def _uneven(even: np.ndarray, span: tuple[float, float] | None) -> np.ndarray:
    """Back from the even scale; what lies beyond an end of the span is put onto it."""
    if span is None or not np.isfinite(span[0]):
        return even
    low, high = span
    if np.isinf(high):
        return np.asarray(low + even.clip(min=0) ** 3)
    return np.asarray(low + (high - low) * np.sin(even.clip(0, np.pi / 2)) ** 2)
