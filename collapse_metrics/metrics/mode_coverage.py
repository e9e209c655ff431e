"""Mode coverage: what share of the modes does the generator still draw?"""

import numpy as np
from jaxtyping import Bool, Float, Int, Real

from collapse_metrics._checks import check_counts
from collapse_metrics._registry import metric
from collapse_metrics.stats.shares import undo_confusion

ALIVE_FROM = 0.5
"""A mode is alive from half of its reference share on. A convention (docs/thresholds.md): small GANs rarely hit
shares exactly, and a mode at less than half is missing from most grids of samples that people look at."""


@metric(best=1.0, collapsed=0.1, paper="https://arxiv.org/abs/1611.02163")
def mode_coverage(
    *,
    counts: Int[np.ndarray, " modes"],
    shares: Float[np.ndarray, " modes"],
    confusion: Float[np.ndarray, "modes modes"] | None = None,
) -> float:
    """Share of the modes that are drawn at least half as often as in the reference.

    The counts of samples per *called* mode are first corrected for the classifier's own confusion (most likely
    true shares behind the calls), because a classifier that takes one 4 in fifty for a 9 shows a few "9" even
    from a generator that has none. Then every mode counts whose corrected share is at least half of its
    reference share. Samples that are not like the data at all must not be in ``counts``: noise called "8" is
    not coverage.

    Reading the number:
        - **Healthy**: 1. At few samples a perfect generator falls short by chance; the ``expected`` range of
          the measurement says how far.
        - **Collapsed**: 1 / modes, when one mode is left; 0 when nothing was accepted.
        - **Blind to** collapse *within* modes: ten pictures, one a class, score 1. Read ``neighbour_ratio``
          and ``distinct_neighbours`` beside it. Blind to imbalance milder than one half.
        - **Compare only** scores of one classifier and reference, at similar sample size.

    Args:
        counts: Accepted generated samples per mode as the classifier calls them.
        shares: Reference share of each mode; sums to 1.
        confusion: Share of real samples of mode ``row`` called ``column``; left out, calls are taken as true.

    Returns:
        The share of living modes, from 0 to 1.

    Raises:
        ValueError: If the arrays disagree in length, counts are not whole, or shares or rows do not sum to 1.

    Cost:
        Time ``modes ** 2`` times some tens of fixed-point steps.

    Example:
        Four modes, one never drawn:

        >>> import numpy as np
        >>> mode_coverage(counts=np.array([30, 30, 40, 0]), shares=np.full(4, 0.25))
        0.75

    Reference:
        Counting modes with a classifier goes back to Metz et al., *Unrolled Generative Adversarial Networks*,
        ICLR 2017. The correction for confusion follows Saerens, Latinne, Decaestecker (Neural Computation
        2002) with a known confusion matrix; the papers count any mode that appears once.
    """
    counts, shares = np.asarray(counts), np.asarray(shares, dtype=float)
    check_counts(counts, shares, confusion)
    return float(living_modes(counts, shares, confusion).mean())


def living_modes(
    counts: Real[np.ndarray, "*sets modes"],
    shares: Float[np.ndarray, " modes"],
    confusion: Float[np.ndarray, "modes modes"] | None,
) -> Bool[np.ndarray, "*sets drawn"]:
    """Which modes that the reference has are alive, for one row of counts or for many at once."""
    if confusion is None:
        confusion = np.eye(len(shares))
    corrected = undo_confusion(counts, confusion)
    seen = np.asarray(counts).sum(axis=-1, keepdims=True) > 0
    alive: np.ndarray = (corrected >= ALIVE_FROM * shares) & (shares > 0) & seen
    return alive if (shares > 0).all() else alive[..., shares > 0]
