"""Class-share test: could these counts come from the reference's shares by chance?"""

import numpy as np
from jaxtyping import Float, Int

from collapse_metrics._checks import check_counts
from collapse_metrics._registry import metric
from collapse_metrics.stats.shares import share_test


@metric(best=1.0, collapsed=0.0, span=(0.0, 1.0), is_test=True, paper="https://doi.org/10.1214/aoms/1177707045")
def class_share_test(
    *,
    counts: Int[np.ndarray, " modes"],
    shares: Float[np.ndarray, " modes"],
    confusion: Float[np.ndarray, "modes modes"] | None = None,
    real_counts: Int[np.ndarray, " modes"] | None = None,
    seed: int = 0,
) -> float:
    """P-value of the mode counts under the reference's shares (exact null by simulation).

    A perfect generator draws mode ``c`` with probability ``shares[c]``, and the classifier then calls it by its
    own confusion; the likelihood-ratio statistic of the counts is compared with 9,999 tables drawn that way. A
    missing mode leaves a hole in the counts that chance hardly ever leaves.

    Reading the number:
        - **Healthy**: anywhere between 0 and 1; below 0.01 in one look of a hundred.
        - **Collapsed**: 0.0001, the smallest that 9,999 simulations can say.
        - **Blind to** everything within a mode. And it is *not* a measure of size: with enough samples every
          real GAN fails it, because no GAN is the data's distribution. The verdict therefore judges margins
          (``mode_coverage``), and this p-value only says whether a difference is there at all.
        - **Compare only** with a level fixed beforehand, never with another p-value.

    Args:
        counts: Accepted generated samples per mode as the classifier calls them.
        shares: Reference share of each mode; sums to 1.
        confusion: Share of real samples of mode ``row`` called ``column``; left out, calls are taken as true.
        real_counts: Real samples per mode behind ``shares``; left out, the shares are taken as known exactly. With
            no more real than generated samples, that would alarm too often.
        seed: Of the simulated null tables.

    Returns:
        The p-value, from 0.0001 to 1.

    Raises:
        ValueError: If the arrays disagree in length, counts are not whole, or shares or rows do not sum to 1.

    Cost:
        Time and memory ``10,000 * modes``.

    Example:
        >>> import numpy as np
        >>> even = np.full(4, 0.25)
        >>> class_share_test(counts=np.array([25, 25, 25, 25]), shares=even)
        1.0
        >>> class_share_test(counts=np.array([50, 50, 0, 0]), shares=even)
        0.0001

    Reference:
        Dwass, *Modified randomization tests for nonparametric hypotheses*, Ann. Math. Stat. 1957, for the
        exactness of simulated p-values; Cressie and Read, *Multinomial goodness-of-fit tests*, JRSS B 1984.
    """
    counts, shares = np.asarray(counts), np.asarray(shares, dtype=float)
    check_counts(counts, shares, confusion)
    called = shares if confusion is None else shares @ confusion
    return share_test(counts, called / called.sum(), real_counts=real_counts, rng=np.random.default_rng(seed))
