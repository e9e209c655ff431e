"""How sure is a mean over pairs? The variance of a U-statistic of two, from its row means."""

import numpy as np
from jaxtyping import Float
from scipy import stats


def pair_mean_error(row_means: Float[np.ndarray, " n"]) -> float:
    """Standard error of the mean over all pairs, given each row's mean over its pairs.

    A mean over pairs counts every sample in n - 1 pairs, so its variance is four times, not once, that of the
    row means over n (Hoeffding 1948, first-order term).
    """
    n = len(row_means)
    return float(2 * np.std(row_means, ddof=1) / np.sqrt(n)) if n > 2 else float("inf")


def normal_interval(value: float, error: float, *, level: float = 0.95) -> tuple[float, float]:
    """Two-sided interval from a standard error."""
    half = float(stats.norm.ppf((1 + level) / 2)) * error
    return value - half, value + half
