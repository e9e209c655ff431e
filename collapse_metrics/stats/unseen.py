"""What did these samples not show? Modes never met: their probability, their number, and how many to expect."""

import numpy as np
from jaxtyping import Float, Int, Real
from scipy import special

LOG_STEPS = np.arange(-60.0, 5.01, 0.2)
"""Where ``tail_integral`` is evaluated, in logarithms. The integrand falls off on both sides of this range by more than
double precision holds, and the trapezoid rule errs below 1e-12 for a function this smooth (tests/stats/test_unseen.py
compares with plain sums)."""


def once_and_twice(counts: Real[np.ndarray, " modes"]) -> tuple[int, int, int, int]:
    """Number of samples, of modes met, of modes met exactly once, and of modes met exactly twice."""
    counts = np.asarray(counts)
    return int(counts.sum()), int((counts > 0).sum()), int((counts == 1).sum()), int((counts == 2).sum())


def next_share(counts: Real[np.ndarray, " modes"]) -> float:
    """Share that a mode which was met once probably has (Chao and Jost 2012), from the modes met once and twice."""
    n, _, once, twice = once_and_twice(counts)
    if once == 0:
        return 1.0
    if twice > 0:
        return 2 * twice / ((n - 1) * once + 2 * twice)
    return 2 / ((n - 1) * (once - 1) + 2)


def unseen_modes(counts: Real[np.ndarray, " modes"]) -> float:
    """Estimated number of modes that the generator has and these samples do not show; the least that fits (Chao)."""
    n, _, once, _ = once_and_twice(counts)
    share = next_share(counts)
    return once / n * (1 - share) / share if n else 0.0


def richness_interval(*, counts: Int[np.ndarray, " modes"], level: float = 0.95) -> tuple[float, float]:
    """Interval of the number of modes, seen and unseen.

    The estimated number of *unseen* modes is taken as log-normal (Chao 1987), so the interval never begins below the
    modes that were seen. Where the estimate is that none is missing, each mode that was met ``x`` times could have
    stayed away with probability exp(-x), and the interval says how many modes like these may have done so.
    """
    counts = np.asarray(counts)
    n, seen, once, twice = once_and_twice(counts)
    missing, z = unseen_modes(counts), float(special.ndtri((1 + level) / 2))
    if missing == 0:
        away = np.exp(-counts[counts > 0].astype(float))
        error = np.sqrt((away - away**2).sum() - (counts[counts > 0] * away).sum() ** 2 / n)
        kept = 1 - away.mean()
        return float(seen), float(max(seen, (seen + z * error) / kept))
    a = (n - 1) / n
    if twice > 0:
        r = once / twice
        variance = twice * (a * r**2 / 2 + a**2 * r**3 + a**2 * r**4 / 4)
    else:
        variance = a * once * (once - 1) / 2 + a**2 * (once * (2 * once - 1) ** 2 - once**4 / (seen + missing)) / 4
    factor = float(np.exp(z * np.sqrt(np.log1p(variance / missing**2))))
    return float(np.floor(seen + missing / factor)), seen + missing * factor


def missing_mass(counts: Int[np.ndarray, " modes"]) -> float:
    """Probability that the next sample is of a mode not met so far: modes met once over samples (Good and Turing)."""
    n, _, once, _ = once_and_twice(counts)
    return once / n if n else 1.0


def missing_mass_limit(counts: Int[np.ndarray, " modes"], *, level: float = 0.95) -> float:
    r"""With this confidence, the next sample is of a mode not met so far with at most this probability.

    The error of Good and Turing's estimate has variance :math:`(E f_1 + 2 E f_2) / n^2` (Esty 1983). The limit is the
    largest mass whose distance from the estimate stays within the normal quantile of that, with ``n`` times the mass
    itself for :math:`E f_1` (a score interval), but never less than :math:`-\ln(1 - level) / n`: in so many samples
    that show no rare mode at all, one of that size would have stayed away with probability ``1 - level``. Over a wide
    grid of rare modes the truth lay above the limit in at most 5.4 % of draws at 95 %, and 1.8 % at 99 %.

    There is no lower limit beside it: a mode met once may always have been the last one.
    """
    n, _, once, twice = once_and_twice(counts)
    if n == 0:
        return 1.0
    z = float(special.ndtri(level))
    score = once + z**2 / 2 + z * np.sqrt(once + 2 * twice + z**2 / 4)
    return float(min(1.0, max(score, -np.log1p(-level)) / n))


def expected_modes_seen(shares: Float[np.ndarray, " modes"], n: int) -> float:
    """Different modes among ``n`` samples of a generator with these shares, on average (coupon collector)."""
    shares = np.asarray(shares, dtype=float)
    with np.errstate(divide="ignore"):  # a share of 1 is met for sure
        return float(-np.expm1(n * np.log1p(-shares)).sum()) if n else 0.0


def probability_of_missing(shares: Float[np.ndarray, " modes"], n: int) -> float:
    r"""Probability that ``n`` samples of a generator with these shares do not show all of its modes.

    Exact, for any number of modes. With a random number of samples, Poisson with mean ``n``, modes come independently
    of each other; the probability at exactly ``n`` samples is a coefficient of the power series
    :math:`e^{t} \prod_c (1 - e^{-\pi_c t})`, read off by Cauchy's integral over the circle :math:`|t| = n`. The
    trapezoid rule on the circle mixes in other numbers of samples only from ten standard deviations on.

    Args:
        shares: Share of each mode; modes without a share cannot be missed.
        n: Number of samples.

    Returns:
        The probability.
    """
    shares = np.asarray(shares, dtype=float)
    shares = shares[shares > 0]
    if n < len(shares):
        return 1.0
    points = int(np.ceil(12 * np.sqrt(n))) + 24
    angle = 2 * np.pi * np.arange(points) / points
    t = n * np.exp(1j * angle)
    log_shown = np.zeros(points, dtype=complex)
    for share, modes in zip(*np.unique(shares, return_counts=True), strict=True):
        log_shown += modes * _log_one_minus_exp(share * t)
    log_weight = t - n - 1j * n * angle
    weights = np.exp(log_weight)
    near = log_shown.real < 1  # elsewhere the product overflows, but not together with its weight
    missed = np.where(near, weights * -np.expm1(np.where(near, log_shown, 0)), weights - np.exp(log_weight + log_shown))
    return float(np.clip(missed.sum().real / weights.sum().real, 0.0, 1.0))


def _log_one_minus_exp(t: np.ndarray) -> np.ndarray:
    """Logarithm of 1 - exp(-t), also where exp(-t) overflows."""
    right = t.real >= 0
    small = np.exp(np.where(right, -t, t))
    logs: np.ndarray = np.where(right, np.log1p(-small), np.log(small - 1 + 0j) - t)
    return logs


def tail_integral(share: Float[np.ndarray, "*modes"], n: int, order: float = 1.0) -> Float[np.ndarray, "*modes"]:
    r"""Remainder of a power series after ``n`` terms: :math:`\int_0^\infty e^{-v} (1 - (1 - \pi) e^{-v/n})^{-q} dv`.

    Estimators of entropy know the first ``n`` terms of a series in :math:`1 - \pi` without bias; what is left of it
    is this integral times known factors, for example :math:`\sum_{k \ge n} (1-\pi)^k / k = (1-\pi)^n / n` times
    the integral of order 1.
    """
    v = np.exp(LOG_STEPS)
    share = np.asarray(share, dtype=float)[..., None]
    base = share - (1 - share) * np.expm1(-v / n)
    # One share gives one number, which NumPy would hand out as no array.
    return np.asarray((v * np.exp(-v) * base**-order).sum(axis=-1) * (LOG_STEPS[1] - LOG_STEPS[0]))


def log_tail(shares: Float[np.ndarray, " modes"], n: int) -> Float[np.ndarray, " modes"]:
    r"""What of :math:`-\ln \pi` needs more than ``n`` samples: :math:`\sum_{k \ge n} (1-\pi)^k / k`, for each share."""
    shares = np.asarray(shares, dtype=float)
    tail: np.ndarray = (1 - shares) ** n / n * tail_integral(shares, n)
    return tail


def entropy(counts: Real[np.ndarray, " modes"]) -> float:
    """Entropy of the modes in nats, corrected for what few samples hide (Chao, Wang and Jost 2013)."""
    seen = np.asarray(counts, dtype=float)
    seen = seen[seen > 0]
    n, _, once, _ = once_and_twice(seen)
    share = next_share(seen)
    known = float((seen / n * (special.digamma(n) - special.digamma(seen))).sum())
    return known + once / n * (1 - share) / n * float(tail_integral(np.array(share), n))
