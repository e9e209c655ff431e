"""How far are counts of modes from the shares they should have, and how far would chance alone take them?"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from jaxtyping import Float, Int, Real
from scipy import special, stats

from collapse_metrics.stats.shares import undo_confusion

Terms = Callable[[np.ndarray, np.ndarray], np.ndarray]
"""A sum over modes: shares and reference shares in, one term for each mode out."""

Noise = Callable[[np.ndarray, np.ndarray, int], np.ndarray]
"""How much chance probably adds to each term: shares as counted, reference shares and the number of samples in."""

DRAWS = 200
"""Simulated perfect generators behind a classifier that errs. Only the *difference* that undoing the confusion makes
is simulated, the rest is summed exactly, so that the mean is known to some hundredths of one score's own scatter."""


@dataclass(frozen=True)
class Divergence:
    """A divergence that is a sum over modes, and what chance adds to it."""

    terms: Terms
    noise: Noise


def _kl_noise(now: np.ndarray, shares: np.ndarray, n: int) -> np.ndarray:
    return np.where(now > 0, 1 - now, 0) / (2 * n)  # half of curvature times variance, as for the next one


def _js_terms(now: np.ndarray, shares: np.ndarray) -> np.ndarray:
    middle = (now + shares) / 2
    terms: np.ndarray = (special.rel_entr(now, middle) + special.rel_entr(shares, middle)) / 2
    return terms


def _js_noise(now: np.ndarray, shares: np.ndarray, n: int) -> np.ndarray:
    curved = np.divide(shares, now + shares, out=np.zeros(np.broadcast(now, shares).shape), where=now > 0)
    noise: np.ndarray = curved * (1 - now) / (4 * n)
    return noise


def _tv_terms(now: np.ndarray, shares: np.ndarray) -> np.ndarray:
    terms: np.ndarray = np.abs(now - shares) / 2
    return terms


def _tv_noise(now: np.ndarray, shares: np.ndarray, n: int) -> np.ndarray:
    # The mean of an absolute normal, less the absolute of its mean: a difference well beyond chance has no such part.
    away, scatter = np.abs(now - shares), np.sqrt(now * (1 - now) / n)
    t = np.divide(away, scatter, out=np.full_like(away, np.inf), where=scatter > 0)
    noise: np.ndarray = scatter * stats.norm.pdf(t) - away * stats.norm.sf(t)
    return noise


KL = Divergence(special.rel_entr, _kl_noise)
"""Kullback and Leibler, generator from reference; infinite where the reference has nothing."""

JS = Divergence(_js_terms, _js_noise)
"""Jensen and Shannon: mean divergence of both from their middle."""

TV = Divergence(_tv_terms, _tv_noise)
"""Half of the absolute differences."""


def called_shares(
    shares: Float[np.ndarray, " modes"], confusion: Float[np.ndarray, "modes modes"] | None
) -> Float[np.ndarray, " modes"]:
    """How often a perfect generator's samples are *called* each mode."""
    called = shares if confusion is None else shares @ confusion
    result: np.ndarray = called / called.sum()
    return result


def shares_behind(
    counts: Real[np.ndarray, "*sets modes"], confusion: Float[np.ndarray, "modes modes"] | None
) -> Float[np.ndarray, "*sets modes"]:
    """Shares of the modes behind the counts: corrected for confusion where it is known, else as they were counted."""
    if confusion is not None:
        return undo_confusion(counts, confusion)
    result: np.ndarray = counts / counts.sum(axis=-1, keepdims=True)
    return result


def beyond_chance(
    divergence: Divergence,
    counts: Int[np.ndarray, " modes"],
    shares: Float[np.ndarray, " modes"],
    confusion: Float[np.ndarray, "modes modes"] | None,
    *,
    seed: int,
) -> float:
    """Divergence of the counts less what chance alone would show: 0 on average for a perfect generator.

    That is exact from two samples on; a single one cannot be told from a collapse.

    A generator that differs has less of the chance part: nothing is added where no sample can fall elsewhere, as in
    a collapse to one mode. So the mean of perfect generators is taken off in proportion to the noise that these
    counts can contain, over the noise that theirs contain on average.
    """
    n, called = int(counts.sum()), called_shares(shares, confusion)
    plain = float(divergence.terms(shares_behind(counts, confusion), shares).sum())
    usual, _ = chance(divergence, shares, n, confusion, seed=seed)
    usual_noise = expected_by_chance(lambda now, of: divergence.noise(now, of, n), called, n)
    noise = float(divergence.noise(counts / n, called, n).sum())
    return plain - usual * noise / usual_noise if usual_noise > 0 else plain


def expected_by_chance(terms: Terms, shares: Float[np.ndarray, " modes"], n: int) -> float:
    """What ``n`` samples of a perfect generator show on average: summed over all counts of each mode."""
    different, modes = np.unique(shares[shares > 0], return_counts=True)
    reach = int(np.sqrt(n * different * (1 - different)).max() * 12) + 24
    count = np.floor(n * different)[:, None] + np.arange(-reach, reach + 1)
    chances = stats.binom.pmf(count, n, different[:, None])  # 0 below 0 and above n
    each = (chances * terms(count.clip(0, n) / n, different[:, None])).sum(axis=1)
    return float(modes @ each)


def chance(
    divergence: Divergence,
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
    called, terms = called_shares(shares, confusion), divergence.terms
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
