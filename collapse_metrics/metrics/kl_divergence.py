"""KL divergence: how badly do the generator's mode shares fit the reference's?"""

import math

import numpy as np
from jaxtyping import Float, Int
from scipy.special import digamma

from collapse_metrics._checks import check_counts, check_tallies
from collapse_metrics._registry import metric
from collapse_metrics.stats.divergence import KL, beyond_chance, chance, smooth_interval
from collapse_metrics.stats.shares import undo_confusion
from collapse_metrics.stats.unseen import log_tail


def kl_interval(
    *,
    counts: Int[np.ndarray, " modes"],
    shares: Float[np.ndarray, " modes"],
    confusion: Float[np.ndarray, "modes modes"] | None = None,
    level: float = 0.95,
    seed: int = 0,
) -> tuple[float, float]:
    """Interval of the divergence in nats: its first-order variance, and a perfect generator's scatter around 0."""
    value = kl_divergence(counts=counts, shares=shares, confusion=confusion, seed=seed)
    if math.isinf(value):
        return value, value
    counts, shares = np.asarray(counts), np.asarray(shares, dtype=float)
    known = None if confusion is None else _of_the_reference(confusion, shares)
    _, scatter = chance(KL, shares, int(counts.sum()), known, seed=seed)
    low, high = smooth_interval(value, _slope, counts, shares, known, chance_variance=scatter, level=level)
    return min(max(low, 0.0), value), max(high, 0.0)


@metric(
    best=0.0,
    collapsed=math.inf,
    paper="https://arxiv.org/abs/1712.04086",
    span=(-math.inf, math.inf),
    interval=kl_interval,
)
def kl_divergence(
    *,
    counts: Int[np.ndarray, " modes"],
    shares: Float[np.ndarray, " modes"],
    confusion: Float[np.ndarray, "modes modes"] | None = None,
    base: float = math.e,
    seed: int = 0,
) -> float:
    r"""Divergence of the generator's mode shares from the reference's: :math:`\sum_c p_c \ln(p_c / \pi_c)`.

    The *reverse KL* of the papers' tables: how surprised somebody would be by the generated modes who expected the
    real ones. Shares put in as they were counted give a perfect generator about (modes - 1) / 2n instead of 0, which
    for 1,000 modes and 2,560 samples is 0.22. Here that part is taken off.

    Reading the number:
        - **Healthy**: 0 on average at every sample size, so below 0 about half of the time; it is not cut off at 0,
          because then the average of healthy runs would not be 0 either. The scatter is about
          sqrt((modes - 1) / 2) / n.
        - **Collapsed**: the logarithm of the inverse share of the one mode that is left, 2.3 nats of ten equal modes,
          6.9 of 1,000. Half of equal modes lost: 0.69. Infinite where modes are drawn that the reference lacks.
        - **Blind to** everything within a mode; nearly blind to the loss of a rare mode, which costs its share. With
          fewer samples than modes it is too low in between: 0.46 instead of 0.69 for half of 1,000 modes at 300.
        - **Compare only** numbers of one classifier, set of modes and base. Published ones carry their plug-in bias
          (0.019 for 1,000 modes and 26,000 samples), and at least one released program takes base 10.

    Args:
        counts: Accepted generated samples per mode as the classifier calls them.
        shares: Reference share of each mode; sums to 1.
        confusion: Share of real samples of mode ``row`` called ``column``; left out, calls are taken as true.
        base: Of the logarithm: e for nats, 2 for bits.
        seed: Of the simulated perfect generators; used only with ``confusion``.

    Returns:
        The divergence; negative values are noise around 0.

    Raises:
        ValueError: If the arrays disagree, counts are not whole, there is no sample, shares or rows do not sum to 1,
            or the base is not above 1.

    Cost:
        Time 325 ``modes``; with ``confusion``, 200 times the undoing of it (``stats.shares.undo_confusion``).

    Example:
        >>> import numpy as np
        >>> round(kl_divergence(counts=np.array([1000, 0, 0, 0]), shares=np.full(4, 0.25), base=2), 6)
        2.0
        >>> round(kl_divergence(counts=np.array([250, 251, 249, 250]), shares=np.full(4, 0.25)), 4)
        -0.0015

    Reference:
        Used since Metz et al. 2017 for stacked digits; PacGAN's tables give it as *reverse KL*. Without confusion the
        logarithms of counts are digammas, which is unbiased but for modes met once or never (Zhang 2012), and the
        exactly known remainder of a perfect generator is taken off in proportion to the modes met once: so the mean
        is 0 for a perfect generator, and nothing is taken off a collapsed one. With confusion, the most likely shares
        behind the calls are put in as they are, and what perfect generators score behind this classifier is taken off
        (``stats.divergence.beyond_chance``); that is more than (modes - 1) / 2n, since undoing confusion adds noise.
        Lost modes then read a little alive, up to a tenth of the number at 100 samples. Samples called a mode that the
        reference lacks are taken for errors where the confusion knows such errors.
    """
    counts, shares = np.asarray(counts), np.asarray(shares, dtype=float)
    check_counts(counts, shares, confusion)
    check_tallies(1, counts=counts)
    if not base > 1:
        raise ValueError(f"`base` must be above 1, got {base}: e for nats, 2 for bits.")
    plain = _from_calls(counts, shares) if confusion is None else _behind(counts, shares, confusion, seed)
    return float(plain / math.log(base))


def _from_calls(counts: np.ndarray, shares: np.ndarray) -> float:
    if (counts[shares == 0] > 0).any():
        return math.inf
    n, seen, there = int(counts.sum()), counts > 0, shares[shares > 0]
    known = (counts[seen] / n * (digamma(counts[seen]) - digamma(n) - np.log(shares[seen]))).sum()
    met_once = (n * there * (1 - there) ** (n - 1)).sum()
    if met_once == 0:
        return float(known)
    return float(known - (there * log_tail(there, n)).sum() * (counts == 1).sum() / met_once)


def _behind(counts: np.ndarray, shares: np.ndarray, confusion: np.ndarray, seed: int) -> float:
    known = _of_the_reference(confusion, shares)
    if undo_confusion(counts, known).sum() < 1 - 1e-6:  # calls that no error explains
        return math.inf
    return beyond_chance(KL, counts, shares, known, seed=seed)


def _of_the_reference(confusion: np.ndarray, shares: np.ndarray) -> np.ndarray:
    """Confusion of the modes that the reference has; no sample is of another one."""
    return np.where(shares[:, None] > 0, confusion, 0.0)


def _slope(now: np.ndarray, shares: np.ndarray) -> np.ndarray:
    rise: np.ndarray = np.log(np.divide(now, shares, out=np.ones_like(now), where=(now > 0) & (shares > 0)))
    return rise
