"""Are the modes drawn as often as they should be? Exact intervals and tests for counts of modes."""

import functools

import numpy as np
from jaxtyping import Float, Int, Real
from scipy import special, stats

EM_STEPS = 1000
"""Fixed-point steps when the classifier's confusion is undone. With a diagonal above 0.9 the shares settle
within about 20; the rest is for poorer classifiers."""

SETTLED = 1e-6
"""Shares have settled when a step moves less than this in all; what is left to go was below 1e-4 in all, ten times
less than one sample of 1,000 modes, over generators from healthy to collapsed to one mode."""

GROWING = 1e-3
"""Nor has a set settled while some mode still grows by this share a step: it may only have begun too small."""

NOT_NOTHING = 1e-6
"""How much of the first guess is spread over all modes."""


def clopper_pearson(count: int, n: int, *, level: float = 0.95) -> tuple[float, float]:
    """Exact two-sided interval for a share seen ``count`` times in ``n``; covers at least at ``level``."""
    tail = (1 - level) / 2
    low = 0.0 if count == 0 else float(stats.beta.ppf(tail, count, n - count + 1))
    high = 1.0 if count == n else float(stats.beta.ppf(1 - tail, count + 1, n - count))
    return low, high


def samples_to_see(share: float, *, alpha: float) -> int:
    """Fewest samples in which never meeting a mode of this share has probability ``alpha`` or less."""
    if share >= 1:
        return 1
    return max(1, int(np.ceil(np.log(alpha) / np.log1p(-share))))


def confusion_of(table: Real[np.ndarray, "modes modes"], *, parts: int = 1) -> Float[np.ndarray, "modes modes"]:
    """Confusion matrix from counts of samples of mode ``row`` called ``column``; a mode without any is not confused.

    Where several classifications of one kind spell a mode, as three digits spell a number, each part errs by itself:
    the counts are pooled into the confusion of one part, and that of all is its product. A mode of a thousand then
    needs no samples of its own.
    """
    if parts == 1:
        rows = table.sum(axis=1, keepdims=True)
        confusion: np.ndarray = np.divide(table, rows, out=np.eye(len(table)), where=rows > 0)
        return confusion
    letters = round(len(table) ** (1 / parts))
    spelt = table.reshape((letters,) * (2 * parts))
    of_each = [
        spelt.sum(axis=tuple(axis for axis in range(2 * parts) if axis not in (part, parts + part)))
        for part in range(parts)
    ]
    one = confusion_of(np.sum(of_each, axis=0))
    return functools.reduce(np.kron, [one] * parts)


def undo_confusion(
    counts: Real[np.ndarray, "*sets modes"], confusion: Float[np.ndarray, "modes modes"]
) -> Float[np.ndarray, "*sets modes"]:
    """Most likely true shares behind counts of *called* modes, for a classifier of known confusion.

    Maximum likelihood by expectation-maximisation, so that shares stay non-negative and sum to one, which
    inverting the matrix does not promise. Several sets of counts may be stacked in front and are undone
    together; collapsed sets of 1,000 modes take the longest to settle.
    """
    counts = np.asarray(counts, dtype=float)
    total = counts.sum(axis=-1, keepdims=True)
    modes = confusion.shape[0]
    observed = np.divide(counts, total, out=np.full_like(counts, 1 / modes), where=total > 0).reshape(-1, modes)
    shares = _nearly_undone(observed, confusion)
    met = observed.any(axis=0)  # calls that nobody made explain nothing
    observed, confusion = observed[:, met], confusion[:, met]
    unsettled = np.arange(len(shares))
    for _ in range(EM_STEPS):
        now, seen = shares[unsettled], observed[unsettled]
        called = now @ confusion
        ratio = np.divide(seen, called, out=np.zeros_like(seen), where=called > 0)
        growth = ratio @ confusion.T
        shares[unsettled] = now * growth
        moved = np.abs(now * (growth - 1)).sum(axis=1)
        unsettled = unsettled[(moved > SETTLED) | (growth.max(axis=1) > 1 + GROWING)]
        if len(unsettled) == 0:
            break
    return shares.reshape(counts.shape)


def _nearly_undone(observed: np.ndarray, confusion: np.ndarray) -> np.ndarray:
    """Where to begin: by the inverse matrix, which is the answer itself wherever it is nowhere negative.

    Where much of it is negative and cut off, as behind a poor classifier, the shares as called may explain the calls
    better; then those.
    """
    as_called = _inside(observed)
    try:
        inverted = _inside(np.linalg.solve(confusion.T, observed.T).T.clip(min=0))
    except np.linalg.LinAlgError:  # two modes that are called alike
        return as_called
    better = _log_likelihood(observed, inverted @ confusion) >= _log_likelihood(observed, as_called @ confusion)
    return np.where(better[:, None], inverted, as_called)


def _inside(shares: np.ndarray) -> np.ndarray:
    """Shares strictly inside the simplex: a zero could never grow again."""
    inside: np.ndarray = (1 - NOT_NOTHING) * shares / shares.sum(axis=1, keepdims=True) + NOT_NOTHING / shares.shape[1]
    return inside


def _log_likelihood(observed: np.ndarray, called: np.ndarray) -> np.ndarray:
    likely: np.ndarray = special.xlogy(observed, called).sum(axis=1)
    return likely


def share_test(
    counts: Int[np.ndarray, " modes"],
    shares: Float[np.ndarray, " modes"],
    *,
    draws: int = 9999,
    real_counts: Int[np.ndarray, " modes"] | None = None,
    rng: np.random.Generator,
) -> float:
    r"""P-value of the counts if the true shares were ``shares``: likelihood-ratio test, null by simulation.

    The statistic is :math:`G = 2 \sum_c x_c \ln(x_c / n\pi_c)`. Its null law is simulated, not taken from the
    chi-square limit, so that small expected counts do no harm. The observed table counts as one of the draws,
    which keeps the false-alarm rate at or below the level for any number of draws. Where ``shares`` are those of
    ``real_counts`` real samples, the true ones are not known: each table then has shares of its own, drawn as those
    counts allow them (Dirichlet). Taken as known, 300 samples beside 1,200 real ones would fail a test at 0.01 four
    times as often.
    """
    counts = np.asarray(counts, dtype=float)
    n = int(counts.sum())
    if n == 0:
        return 1.0
    if (counts[shares == 0] > 0).any():
        return 1 / (draws + 1)
    if real_counts is None:
        null = rng.multinomial(n, shares, size=draws)
    else:
        drawn = shares > 0
        truth = np.zeros((draws, len(shares)))
        truth[:, drawn] = rng.dirichlet(shares[drawn] * np.sum(real_counts), size=draws)
        null = rng.multinomial(n, truth)
    seen, simulated = _likelihood_ratio(counts, shares), _likelihood_ratio(null, shares)
    # A hair of slack, so that a table equal to the observed one counts as equally extreme despite rounding.
    return float((1 + (simulated >= seen - 1e-9).sum()) / (draws + 1))


def _likelihood_ratio(counts: np.ndarray, shares: np.ndarray) -> np.ndarray:
    expected = counts.sum(axis=-1, keepdims=True) * shares
    ratio = np.divide(counts, expected, out=np.ones_like(expected), where=(counts > 0) & (expected > 0))
    result: np.ndarray = np.asarray(2 * (counts * np.log(ratio)).sum(axis=-1))
    return result


def holm(p_values: Float[np.ndarray, " tests"]) -> Float[np.ndarray, " tests"]:
    """Holm's adjusted p-values: rejecting those below alpha errs anywhere with probability at most alpha."""
    order = np.argsort(p_values)
    factors = np.arange(len(p_values), 0, -1)
    adjusted = np.empty(len(p_values))
    adjusted[order] = np.minimum(1.0, np.maximum.accumulate(p_values[order] * factors))
    return adjusted


def binomial_p_values(
    counts: Int[np.ndarray, " modes"], shares: Float[np.ndarray, " modes"]
) -> Float[np.ndarray, " modes"]:
    """Exact two-sided p-value of each mode's count, were it drawn with its share: twice the smaller tail.

    It lies below ``alpha`` exactly where ``clopper_pearson`` at level ``1 - alpha`` leaves the share out.
    """
    n = counts.sum()
    fewer, more = stats.binom.cdf(counts, n, shares), stats.binom.sf(counts - 1, n, shares)
    p_values: np.ndarray = np.minimum(1.0, 2 * np.minimum(fewer, more))
    return p_values


MOST_PRIOR = 0.1
"""Samples that the prior may stand for, as a share of those that were counted: half a sample a mode would be 500
invented ones among 1,000 stacked digits."""


def shares_left_open(
    counts: Int[np.ndarray, " modes"], draws: int, rng: np.random.Generator
) -> Float[np.ndarray, "draws modes"]:
    """Shares that the counts leave open: their posterior under Jeffreys' prior, which may not outweigh the samples."""
    guesses: np.ndarray = rng.dirichlet(counts + min(0.5, MOST_PRIOR * counts.sum() / len(counts)), draws)
    return guesses


def predictive_p_values(
    counts: Int[np.ndarray, " modes"], shares: Float[np.ndarray, " modes"], *, n_real: int
) -> Float[np.ndarray, " modes"]:
    """Two-sided p-value of each count, where the shares were estimated from ``n_real`` samples: twice the smaller tail.

    What ``n_real`` samples leave open is a beta law, with Jeffreys' prior, and the next count is beta-binomial.
    """
    law = stats.betabinom(counts.sum(), n_real * shares + 0.5, n_real * (1 - shares) + 0.5)
    p_values: np.ndarray = np.minimum(1.0, 2 * np.minimum(law.cdf(counts), law.sf(counts - 1)))
    return p_values


def two_sample_p_values(
    counts: Int[np.ndarray, " modes"], others: Int[np.ndarray, " modes"]
) -> Float[np.ndarray, " modes"]:
    """Exact two-sided p-value that each mode has one share in both samples: twice Fisher's smaller tail."""
    n, both = counts.sum(), counts + others
    law = stats.hypergeom(n + others.sum(), both, n)
    p_values: np.ndarray = np.minimum(1.0, 2 * np.minimum(law.cdf(counts), law.sf(counts - 1)))
    return p_values
