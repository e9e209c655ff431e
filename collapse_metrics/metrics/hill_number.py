"""Hill number: how many equally frequent modes would be as diverse as these?"""

import math

import numpy as np
from jaxtyping import Int
from scipy.special import gammaln, gammasgn, rgamma

from collapse_metrics._checks import check_tallies
from collapse_metrics._registry import metric
from collapse_metrics.stats.unseen import entropy, next_share, once_and_twice, tail_integral

SAME_ORDER = 1e-6
"""Orders this near to 1 are taken as 1: the formula for other orders divides by their distance from it."""


@metric(best=math.inf, collapsed=1.0, paper="https://doi.org/10.1111/2041-210X.12349")
def hill_number(*, counts: Int[np.ndarray, " modes"], order: float = 1.0) -> float:
    r"""Effective number of modes: :math:`(\sum_c p_c^q)^{1/(1-q)}`, corrected for what few samples hide.

    Ten modes of which one takes nearly all samples are hardly more than one mode. The order ``q`` says how much rare
    modes count: 0 counts modes, 1 is the exponential of the entropy, 2 the inverse of the probability that two
    samples share a mode, and infinity looks at the most frequent mode only. Shares put into the formula as they were
    seen read too low, at order 1 by about (modes - 1) / 2n of the number; so the sums are estimated without that bias.

    Reading the number:
        - **Healthy**: the same number of the reference's shares, 9.99 for MNIST's ten digits at order 1, at any
          sample size from some samples a mode on. Order infinity cannot be corrected and reads low: of ten equal
          modes about 8.2 at 500 samples.
        - **Collapsed**: 1, whatever the order.
        - **Blind to** which modes they are: a generator that has learnt ten other things scores as ten digits do.
          Blind to everything within a mode.
        - **Compare only** numbers of one order and classifier. Order 2 is the steadiest, order 0 the noisiest.

    Args:
        counts: Accepted generated samples per mode as the classifier calls them.
        order: 0 or more, ``math.inf`` included. A larger one listens to frequent modes only.

    Returns:
        The effective number, 1 or more up to noise; infinity where no two samples share a mode and the order asks.

    Raises:
        ValueError: If counts are not whole, or there are fewer samples than the order (and than one).

    Cost:
        Time ``modes``.

    Example:
        >>> import numpy as np
        >>> round(hill_number(counts=np.array([500, 500, 0])), 3)
        2.001
        >>> round(hill_number(counts=np.array([990, 5, 5])), 2)
        1.07
        >>> hill_number(counts=np.array([1000, 0, 0]))
        1.0

    Reference:
        Hill, Ecology 1973. Estimator of Chao and Jost, *Estimating diversity and entropy profiles via discovery rates
        of new species*, Methods in Ecology and Evolution 2015, as in the R package iNEXT: Chao1 at order 0, the
        entropy of Chao, Wang and Jost (2013) at order 1, the unbiased sum c(c - 1) / n(n - 1) at order 2, and no
        correction at infinity. Their sum over the first n terms of a series is a ratio of gamma functions, and the
        rest of the series one integral, so that no order is slower than another.
    """
    counts = np.asarray(counts)
    if not order >= 0:
        raise ValueError(f"`order` must be 0 or more, got {order}.")
    least = 1 if math.isinf(order) else max(1, math.ceil(order))
    check_tallies(least, counts=counts)
    counts = counts[counts > 0].astype(float)
    if math.isinf(order):
        return float(counts.sum() / counts.max())
    if abs(order - 1) < SAME_ORDER:
        return math.exp(entropy(counts))
    total = _power_sum(counts, order)
    return math.pow(total, 1 / (1 - order)) if total > 0 else math.inf


def _power_sum(counts: np.ndarray, order: float) -> float:
    """Estimate of the sum of the shares, each to the power ``order``."""
    n, _, once, _ = once_and_twice(counts)
    sign = np.where(counts + 1 > order, 1.0, gammasgn(counts - order + 1))
    falling = sign * np.exp(gammaln(counts + 1) - gammaln(counts - order + 1))
    known = float(np.nan_to_num(falling, nan=0.0).sum() * math.exp(gammaln(n - order + 1) - gammaln(n + 1)))
    share = next_share(counts)
    # The n-th coefficient of the series: 1 at order 0, nothing at whole orders above, where the known part is exact.
    coefficient = math.exp(gammaln(n - order + 1) - gammaln(n + 1)) * float(rgamma(1 - order))
    rest = coefficient * (1 - share) * share ** (order - 1) * float(tail_integral(np.array(share), n, order))
    return float(known + once / n * rest)
