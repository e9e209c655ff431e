"""NDB: in what share of the bins are real and generated samples differently frequent?"""

import numpy as np
from jaxtyping import Int

from collapse_metrics._checks import check_tallies
from collapse_metrics._registry import metric, no_interval
from collapse_metrics.stats.shares import holm, two_sample_p_values


@metric(best=0.0, collapsed=1.0, paper="https://arxiv.org/abs/1805.12462", span=(0.0, 1.0), interval=no_interval)
def ndb(*, counts: Int[np.ndarray, " modes"], real_counts: Int[np.ndarray, " modes"], alpha: float = 0.05) -> float:
    """Share of bins in which real and generated samples are differently frequent beyond doubt.

    The bins are regions of the data, usually from k-means; real and generated samples that fall into each are
    counted. In every bin the two counts are compared by an exact test, the tests are corrected for their number, and
    the bins that still differ are counted. A lost mode shows as bins without generated samples.

    Reading the number:
        - **Healthy**: 0, in at least 95 looks of a hundred (``1 - alpha``).
        - **Collapsed**: near 1, with enough samples: all bins but the one that is left are empty, and that one is
          overfull.
        - **Blind to** what so few samples cannot show: an empty bin of 100 equal ones is told from a full one from
          about 830 generated samples on, with many real ones. Blind to everything within a bin, and not a measure of
          size: with ever more samples any small difference counts.
        - **Compare only** numbers of the same bins, ``alpha``, and numbers of samples.

    Args:
        counts: Generated samples in each bin.
        real_counts: Real samples in each bin, other ones than those that made the bins.
        alpha: Probability of calling any bin of a perfect generator different.

    Returns:
        The share of bins, from 0 to 1.

    Raises:
        ValueError: If counts are not whole or empty, the two disagree in length, or ``alpha`` is not between 0 and 1.

    Cost:
        Time ``n_fake`` for each bin at most.

    Example:
        >>> import numpy as np
        >>> real = np.array([500, 500, 500, 500])
        >>> ndb(counts=np.array([130, 120, 125, 125]), real_counts=real)
        0.0
        >>> ndb(counts=np.array([165, 170, 165, 0]), real_counts=real)
        1.0

    Reference:
        Richardson and Weiss, *On GANs and GMMs*, NeurIPS 2018. They test every bin at 5 % by a normal approximation
        and correct for nothing, so that a perfect generator scores 4.9 of 100 bins; ours scores none, thanks to Holm.
        Fisher's exact test in place of theirs also holds for small counts. Their program fits the bins to the very
        samples that it counts, and picks pixels by an unseeded draw; here both counts are the caller's.
    """
    counts, real_counts = np.asarray(counts), np.asarray(real_counts)
    check_tallies(1, counts=counts, real_counts=real_counts)
    if counts.shape != real_counts.shape:
        raise ValueError(
            f"`counts` and `real_counts` must be of the same bins, got {len(counts)} and {len(real_counts)} of them."
        )
    if not 0 < alpha < 1:
        raise ValueError(f"`alpha` must lie between 0 and 1, got {alpha}.")
    return float((holm(two_sample_p_values(counts, real_counts)) <= alpha).mean())
