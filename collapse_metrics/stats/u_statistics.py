"""How sure is a mean over pairs? The variance of a U-statistic of two, from its row means."""

import math

import numpy as np
from jaxtyping import Float
from scipy import stats


def pair_mean_error(row_means: Float[np.ndarray, " n"]) -> float:
    """Standard error of the mean over all pairs, given each row's mean over its pairs.

    The jackknife that leaves out one sample at a time, in closed form: a mean over pairs counts every sample in n - 1
    pairs, so its variance is about four times, not once, that of the row means over n (Hoeffding 1948). On average it
    is never too small (Efron and Stein 1981); where no sample is more usual than another and row means differ by
    chance only, the error comes out up to 1.4 times too large.
    """
    n = len(row_means)
    return float(2 * np.std(row_means, ddof=1) / np.sqrt(n) * (n - 1) / (n - 2)) if n > 2 else float("inf")


def pair_share_variance(hits: Float[np.ndarray, " n"]) -> float:
    """Unbiased variance of the share of pairs that have a property, given with how many others each sample has it.

    The square of the share, less the unbiased estimate of its squared expectation: the share of *disjoint* pairs
    of pairs that both have the property (Lee, *U-Statistics*, 1990, section 1.5). By chance it may come out negative.
    """
    n, total, squares = len(hits), float(np.sum(hits)), float(np.square(hits).sum())
    if n < 4:
        return math.inf
    both = (total * total - 4 * squares + 2 * total) / (n * (n - 1) * (n - 2) * (n - 3))
    return (total / (n * (n - 1))) ** 2 - both


def normal_interval(value: float, error: float, *, level: float = 0.95) -> tuple[float, float]:
    """Two-sided interval from a standard error."""
    half = float(stats.norm.ppf((1 + level) / 2)) * error
    return value - half, value + half


def log_interval(value: float, relative_error: float, *, level: float = 0.95) -> tuple[float, float]:
    """Two-sided interval of a positive number whose *logarithm* scatters normally.

    For ratios and reciprocals, which scatter further up than down. ``relative_error`` is the standard error over
    the value; an infinite one leaves everything from zero to infinity open.
    """
    half = float(stats.norm.ppf((1 + level) / 2)) * relative_error
    if value <= 0 or half > 700:  # beyond 700 the exponential has no number
        return (0.0, math.inf) if half > 0 else (value, value)
    return value * math.exp(-half), value * math.exp(half)


def poisson_interval(count: float, *, level: float = 0.95) -> tuple[float, float]:
    """Exact two-sided interval for the expectation of a Poisson count (Garwood 1936); covers at least at ``level``."""
    tail = (1 - level) / 2
    low = float(stats.gamma.ppf(tail, count)) if count > 0 else 0.0
    return low, float(stats.gamma.ppf(1 - tail, count + 1))
