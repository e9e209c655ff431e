"""Modes seen: how many modes have at least one sample?"""

import numpy as np
from jaxtyping import Int

from collapse_metrics._checks import check_tallies
from collapse_metrics._registry import metric, no_interval


@metric(best=np.inf, collapsed=1.0, paper="https://arxiv.org/abs/1705.07761", interval=no_interval)
def modes_seen(*, counts: Int[np.ndarray, " modes"]) -> float:
    """Modes that at least one sample was called.

    The column *modes* of the papers' tables, for comparison with them. One stray sample is enough, and one error of
    the classifier is too, so it says more about the number of samples than about the generator.

    Reading the number:
        - **Healthy**: ``stats.unseen.expected_modes_seen(shares, n)``, which is below the number of modes while ``n``
          is small: 32 samples show all ten digits in two looks of three, 100 in all but three of ten thousand.
        - **Collapsed**: 1.
        - **Blind to** imbalance, to everything within a mode, and to the death of a mode that its neighbours are
          now and then mistaken for. Judge by ``mode_coverage``, which asks for half of the share.
        - **Compare only** counts of equally many samples by one classifier, or take ``rarefied_modes``.

    Args:
        counts: Accepted generated samples per mode as the classifier calls them.

    Returns:
        The number of modes seen, 0 or more.

    Raises:
        ValueError: If counts are not whole or negative.

    Cost:
        Time ``modes``.

    Example:
        >>> import numpy as np
        >>> modes_seen(counts=np.array([700, 299, 1, 0]))
        3.0

    Reference:
        Srivastava, Valkov, Russell, Gutmann, Sutton, *VEEGAN*, NeurIPS 2017, and Lin, Khetan, Fanti, Oh, *PacGAN*,
        NeurIPS 2018, count so. On mixtures of Gaussians PacGAN's program counts samples within three standard
        deviations only: hand in the counts of those.
    """
    counts = np.asarray(counts)
    check_tallies(0, counts=counts)
    return float(np.count_nonzero(counts))
