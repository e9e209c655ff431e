"""How far are counts of modes from the shares they should have, and how far would chance alone take them?"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int
from scipy import special, stats

from collapse_metrics.stats.shares import undo_confusion

Terms = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""A divergence that is a sum over modes: shares and reference shares in, one term for each mode out."""

DRAWS = 200
"""Simulated perfect generators behind a classifier that errs. Only the *difference* that undoing the confusion makes
is simulated, the rest is summed exactly, so that the mean is known to some hundredths of one score's own scatter."""


def kl_terms(now: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Kullback and Leibler, generator from reference; infinite where the reference has nothing."""
    terms: np.ndarray = special.rel_entr(now, shares)
    return terms


def js_terms(now: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Jensen and Shannon: mean divergence of both from their middle."""
    middle = (now + shares) / 2
    terms: np.ndarray = (special.rel_entr(now, middle) + special.rel_entr(shares, middle)) / 2
    return terms


def tv_terms(now: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Half of the absolute difference."""
    terms: np.ndarray = np.abs(now - shares) / 2
    return terms


def called_shares(
    shares: Float[np.ndarray, " modes"], confusion: Float[np.ndarray, "modes modes"] | None
) -> Float[np.ndarray, " modes"]:
    """How often a perfect generator's samples are *called* each mode."""
    called = shares if confusion is None else shares @ confusion
    result: np.ndarray = called / called.sum()
    return result


def shares_behind(
    counts: Int[np.ndarray, "*sets modes"], confusion: Float[np.ndarray, "modes modes"] | None
) -> Float[np.ndarray, "*sets modes"]:
    """Shares of the modes behind the counts: corrected for confusion where it is known, else as they were counted."""
    if confusion is not None:
        return undo_confusion(counts, confusion)
    result: np.ndarray = counts / counts.sum(axis=-1, keepdims=True)
    return result


def expected_by_chance(terms: Terms, shares: Float[np.ndarray, " modes"], n: int) -> float:
    """Divergence that ``n`` samples of a perfect generator show on average: summed over all counts of each mode."""
    total = 0.0
    for share, modes in zip(*np.unique(shares[shares > 0], return_counts=True), strict=True):
        reach = 12 * np.sqrt(n * share * (1 - share)) + 24
        count = np.arange(max(0, int(n * share - reach)), min(n, int(n * share + reach)) + 1)
        total += modes * float((stats.binom.pmf(count, n, share) * terms(count / n, np.asarray(share))).sum())
    return total


def chance(
    terms: Terms,
    shares: Float[np.ndarray, " modes"],
    n: int,
    confusion: Float[np.ndarray, "modes modes"] | None,
    *,
    seed: int,
) -> tuple[float, float]:
    """Mean and variance of the divergence that ``n`` samples of a perfect generator show.

    Without confusion the mean is exact. With it, the mean of what the counts of *called* modes show is exact, and
    what undoing the confusion adds is averaged over simulated tables. The variance is always simulated.
    """
    called = called_shares(shares, confusion)
    tables = np.random.default_rng(seed).multinomial(n, called, DRAWS)
    plain = terms(tables / n, called).sum(axis=-1)
    corrected = plain if confusion is None else terms(shares_behind(tables, confusion), shares).sum(axis=-1)
    return expected_by_chance(terms, called, n) + float((corrected - plain).mean()), float(corrected.var())


def smooth_interval(
    value: float,
    slope: Callable[[np.ndarray, np.ndarray], np.ndarray],
    counts: Int[np.ndarray, " modes"],
    shares: Float[np.ndarray, " modes"],
    confusion: Float[np.ndarray, "modes modes"] | None,
    *,
    chance_variance: float,
    level: float,
) -> tuple[float, float]:
    """Normal interval of a divergence with a slope, honest at both ends.

    Far from the reference the slope decides (first-order variance); at the reference the slope is nothing but noise,
    and the variance is never taken to be less than that of a perfect generator. For the slope, the counts are mixed
    with a few samples of the reference, half a sample a mode but at most the square root of all: modes that were never
    met may still be drawn now and then.
    """
    n, called = counts.sum(), called_shares(shares, confusion)
    extra = min(len(shares) / 2, np.sqrt(n))
    mixed = (counts + extra * called) / (n + extra)
    now = np.maximum(shares_behind(mixed, confusion), extra / (n + extra) * shares)
    rise = slope(now, shares)
    if confusion is not None:
        rise = np.linalg.lstsq(confusion, rise, rcond=None)[0]  # by one more *called* sample of a mode
    first = (mixed * rise**2).sum() - (mixed * rise).sum() ** 2
    variance = max(first / n, chance_variance)
    half = float(stats.norm.ppf((1 + level) / 2) * np.sqrt(variance))
    return value - half, value + half
