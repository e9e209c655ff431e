"""Chao1: how many modes does the generator have, seen and unseen?"""

import numpy as np
from jaxtyping import Int

from collapse_metrics._checks import check_tallies
from collapse_metrics._registry import metric
from collapse_metrics.stats.unseen import richness_interval, unseen_modes


@metric(best=np.inf, collapsed=1.0, paper="https://www.jstor.org/stable/4615964", interval=richness_interval)
def chao1(*, counts: Int[np.ndarray, " modes"]) -> float:
    r"""Estimated number of modes that the generator can draw, from how many were drawn once and twice.

    Where many modes were met exactly once, many more were met not at all; where every mode was met often, hardly one
    is left. With :math:`f_1` modes met once and :math:`f_2` met twice, :math:`\frac{n-1}{n} f_1^2 / 2 f_2` modes are
    added to those seen (:math:`\frac{n-1}{n} f_1 (f_1 - 1) / 2` without any pair).

    Reading the number:
        - **Healthy**: the number of modes, 10 for the digits, as soon as a few samples fall on each.
        - **Collapsed**: 1, or the few modes that are left: unlike ``modes_seen`` it says that *more samples would not
          show more*.
        - **Blind to** proportions. It is a *lower* bound where rare modes differ much in share, and it takes every
          sample at its word: errors of the classifier look like rare modes and can raise it above the number of
          modes there are. Ask it of open sets (clusters, identities, 1,000 stacked digits), and ``mode_coverage`` of
          ten digits.
        - **Compare only** numbers of one classifier; sample sizes may differ.

    Args:
        counts: Accepted generated samples per mode as the classifier calls them.

    Returns:
        The estimated number of modes, never less than were seen.

    Raises:
        ValueError: If counts are not whole, or there is no sample.

    Cost:
        Time ``modes``.

    Example:
        Ten samples show four modes; two of them were met once, one twice:

        >>> import numpy as np
        >>> chao1(counts=np.array([6, 2, 1, 1, 0, 0]))
        5.8
        >>> chao1(counts=np.array([5, 5, 0, 0, 0, 0]))
        2.0

    Reference:
        Chao, *Nonparametric estimation of the number of classes in a population*, Scandinavian Journal of Statistics
        1984; interval of Chao, Biometrics 1987. With the factor (n - 1) / n of Chao and Jost (2015) and of the R
        package iNEXT, so that it equals ``hill_number`` of order 0; scikit-bio leaves the factor out.
    """
    counts = np.asarray(counts)
    check_tallies(1, counts=counts)
    return float(np.count_nonzero(counts) + unseen_modes(counts))
