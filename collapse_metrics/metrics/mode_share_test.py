"""Mode-share test: is there a single mode that is drawn too rarely or too often?"""

import numpy as np
from jaxtyping import Float, Int

from collapse_metrics._checks import check_counts, check_tallies
from collapse_metrics._registry import metric
from collapse_metrics.stats.divergence import called_shares
from collapse_metrics.stats.shares import binomial_p_values, holm, predictive_p_values, two_sample_p_values


@metric(best=1.0, collapsed=0.0, paper="https://www.jstor.org/stable/4615733", span=(0.0, 1.0), is_test=True)
def mode_share_test(
    *,
    counts: Int[np.ndarray, " modes"],
    shares: Float[np.ndarray, " modes"],
    confusion: Float[np.ndarray, "modes modes"] | None = None,
    real_counts: Int[np.ndarray, " modes"] | None = None,
) -> float:
    """Smallest p-value over the modes, each tested by itself and corrected for their number.

    The count of every mode is compared with the binomial law that a perfect generator's count follows, both ways:
    too few and too many. A p-value below the level means that *this mode* is off, wherever the others are. Which one
    it is, ``stats.shares.binomial_p_values`` and ``holm`` say.

    Reading the number:
        - **Healthy**: below 0.05 in at most one look of twenty, and often 1.
        - **Collapsed**: 0, to hundreds of digits.
        - **Blind to** small shifts of many modes at once, which ``class_share_test`` adds up, and to everything within
          a mode. It is *not* a measure of size: with enough samples every real GAN fails it, because no GAN is the
          data's distribution. One missing mode of ten is below 0.05 from 57 samples on, one of 1,000 from 10,592 on.
        - **Compare only** with a level fixed beforehand, never with another p-value.

    Args:
        counts: Accepted generated samples per mode as the classifier calls them.
        shares: Reference share of each mode; sums to 1.
        confusion: Share of real samples of mode ``row`` called ``column``; left out, calls are taken as true.
        real_counts: Real samples per mode behind ``shares``; left out, the shares are taken as known exactly. Beside
            few real samples that alarms too often.

    Returns:
        The p-value, from 0 to 1.

    Raises:
        ValueError: If the arrays disagree in length, counts are not whole, or shares or rows do not sum to 1.

    Cost:
        Time ``modes``.

    Example:
        >>> import numpy as np
        >>> even = np.full(4, 0.25)
        >>> mode_share_test(counts=np.array([25, 24, 26, 25]), shares=even)
        1.0
        >>> mode_share_test(counts=np.array([34, 33, 33, 0]), shares=even) < 1e-9
        True

    Reference:
        Holm, *A simple sequentially rejective multiple test procedure*, Scandinavian Journal of Statistics 1979. The
        p-value of one mode is twice that of its smaller tail, so that it lies below a level exactly where the
        Clopper-Pearson interval of that level leaves the reference's share out; R's and SciPy's exact tests add up
        the less likely counts instead and may be a little smaller. Beside ``real_counts`` the two counts of a mode are
        compared by Fisher's exact test; behind a classifier that errs, by the law of the next samples after so many
        real ones (beta-binomial, with Jeffreys' prior).
    """
    counts, shares = np.asarray(counts), np.asarray(shares, dtype=float)
    check_counts(counts, shares, confusion)
    called = called_shares(shares, confusion)
    if real_counts is None:
        return float(holm(binomial_p_values(counts, called)).min())
    real_counts = np.asarray(real_counts)
    check_tallies(1, real_counts=real_counts)
    if len(real_counts) != len(counts):
        raise ValueError(f"`real_counts` needs {len(counts)} modes as `counts` has, got {len(real_counts)}.")
    if confusion is None or np.array_equal(confusion, np.eye(len(counts))):
        return float(holm(two_sample_p_values(counts, real_counts)).min())
    return float(holm(predictive_p_values(counts, called, n_real=int(real_counts.sum()))).min())
