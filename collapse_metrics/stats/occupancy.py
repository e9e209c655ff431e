"""So many draws gave so many different ones: how many were there to draw from? The exact law of distinct draws."""

from collections.abc import Callable

import numpy as np
from jaxtyping import Float, Int
from scipy.special import gammaln, lambertw

WIDTH = 9.0
"""Standard deviations of a bell at which an integral over it is cut: its height there is 3e-18 of the top."""

NODES = 64
"""Points of the trapezoid rule from the middle of a bell to its edge: three times as many as float64 can tell apart."""


LEVEL = 1e-12
"""A log likelihood that falls by less does not fall: one draw alone says nothing, and rounding must not answer."""


def distinct_law(draws: int, kinds: int) -> Float[np.ndarray, " counts"]:
    r"""Probability of each number of different kinds, 0 to ``min(draws, kinds)``, in ``draws`` from equal ``kinds``.

    .. math:: P(K = k) = \frac{s!}{(s - k)!} \frac{S(n, k)}{s^n}

    for ``n`` draws from ``s`` kinds, with :math:`S` the number of ways to cut ``n`` draws into ``k`` groups.
    """
    distinct = np.arange(1, min(draws, kinds) + 1)
    return np.concatenate([[0.0], np.exp(_log_law(distinct, draws, kinds, log_groupings(draws, distinct)))])


def most_likely_kinds(distinct: int, draws: int, *, most: int) -> int:
    """How many equal kinds, of ``distinct`` to ``most``, make it likeliest that ``draws`` meet ``distinct`` of them."""
    kinds = np.arange(distinct, most)
    # By how much one kind more raises the log likelihood: it rises to its only top, and falls from there on.
    gain = -np.log1p(-distinct / (kinds + 1)) - draws * np.log1p(1 / kinds)
    falling = np.append(gain < -LEVEL, True)
    return distinct + int(falling.argmax())


def kinds_interval(distinct: int, draws: int, *, most: int, level: float = 0.95) -> tuple[int, int]:
    """Numbers of kinds, at most ``most``, under which so few and so many distinct draws are both credible.

    The two tests at ``(1 - level) / 2`` are turned round, as Clopper and Pearson do for a share: the low end is the
    fewest kinds under which ``distinct`` or *more* would not be a surprise, the high end the most kinds under
    which ``distinct`` or *fewer* would not.
    """
    tail = (1 - level) / 2
    below = np.arange(1, distinct + 1)
    groupings = log_groupings(draws, below)

    def at_most(limit: int, kinds: int) -> float:
        """Probability of ``limit`` distinct ones or fewer."""
        return float(np.exp(_log_law(below[:limit], draws, kinds, groupings[:limit])).sum())

    low = _first(lambda kinds: 1 - at_most(distinct - 1, kinds) >= tail, distinct, most)
    high = _first(lambda kinds: at_most(distinct, kinds) < tail, distinct, most + 1) - 1
    return low, max(low, high)


def distinct_variance(hits: Int[np.ndarray, " kinds"]) -> float:
    """Variance of the number of different kinds met, for kinds of *any* popularity; ``hits``: how often each was met.

    With so many kinds met once, twice and so on, as many further draws would meet ``f1 - f2 + f3 - ...`` new kinds
    (Good and Toulmin, Biometrika 1956); less ``f1 ** 2 / n``, which the fixed number of draws takes away, that is
    the variance.
    """
    met = np.bincount(hits)[1:]
    new = float(met[::2].sum() - met[1::2].sum())
    return max(0.0, new - float(met[0]) ** 2 / float(hits.sum()))


def log_groupings(draws: int, groups: Int[np.ndarray, " counts"]) -> Float[np.ndarray, " counts"]:
    r"""Logarithm of the number of ways to cut ``draws`` things into so many groups (Stirling, second kind).

    :math:`S(n, k)` is :math:`n! / k!` times a coefficient of :math:`(e^z - 1)^k`, and a coefficient is Cauchy's
    integral over a circle. On the circle through the saddle point the integrand is a bell, and the trapezoid rule
    for a bell is exact to the last digit. The recursion that defines the numbers would take ``draws * groups`` steps.
    """
    out = np.zeros(len(groups))
    few = groups < draws  # as many groups as draws: one way
    k = groups[few].astype(float)
    mean = draws / k
    radius = mean + lambertw(-mean * np.exp(-mean)).real  # type: ignore[call-overload]  # the stubs know scalars only
    spread = np.sqrt(draws * (1 + radius - mean))
    # A bell too wide to be cut goes round the whole circle; it is so wide only where few nodes see all of it.
    edge = np.where(WIDTH * spread < NODES, np.pi, WIDTH / spread)
    angle = edge[:, None] * np.linspace(0, 1, NODES)
    top = radius + np.log(-np.expm1(-radius))  # log(exp(radius) - 1) that does not overflow
    z = radius[:, None] * np.exp(1j * angle)
    bell = np.exp(k[:, None] * (z + np.log(-np.expm1(-z)) - top[:, None]) - 1j * draws * angle).real
    bell[:, [0, -1]] /= 2
    area = bell.sum(axis=1) * edge / (NODES - 1) / np.pi
    out[few] = gammaln(draws + 1) - gammaln(k + 1) + k * top - draws * np.log(radius) + np.log(area)
    return out


def _log_law(
    distinct: Int[np.ndarray, " counts"], draws: int, kinds: int, groupings: Float[np.ndarray, " counts"]
) -> Float[np.ndarray, " counts"]:
    """Log probability of so many distinct draws, at most as many as there are kinds."""
    law: np.ndarray = gammaln(kinds + 1) - gammaln(kinds - distinct + 1) + groupings - draws * np.log(kinds)
    return law


def _first(holds: Callable[[int], bool], low: int, high: int) -> int:
    """Smallest number from ``low`` to ``high`` for which something holds that holds from there on; else ``high``."""
    while low < high:
        middle = (low + high) // 2
        if holds(middle):
            high = middle
        else:
            low = middle + 1
    return low
