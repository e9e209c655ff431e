"""Which loss of a mode could have been seen, and what does chance alone do to its share?"""

import numpy as np
from jaxtyping import Float
from scipy import special, stats


def usual_share(share: float, n: int, *, n_real: int, level: float = 0.95) -> tuple[float, float]:
    """Where a share among ``n`` new samples falls that was seen among ``n_real`` real ones.

    The true share is not known, only what the real samples showed of it; so the count follows a beta-binomial law,
    which is wider than the binomial one.

    Args:
        share: What the real samples showed.
        n: New samples.
        n_real: Real samples behind ``share``.
        level: Probability that the range holds the new share.

    Returns:
        Low and high end: quantiles of the law, over ``n``.
    """
    if not 0 < share < 1:
        return share, share
    counts, hits, misses = np.arange(n + 1), share * n_real, (1 - share) * n_real
    log_chance = special.betaln(counts + hits, n - counts + misses) - special.betaln(counts + 1, n - counts + 1)
    reached = np.exp(log_chance - log_chance.max()).cumsum()
    low, high = np.searchsorted(reached, np.array([(1 - level) / 2, (1 + level) / 2]) * reached[-1])
    return float(low / n), float(high / n)


def smallest_share_left(
    shares: Float[np.ndarray, " modes"],
    n: int,
    *,
    confusion: Float[np.ndarray, "modes modes"],
    below: float,
    level: float,
    power: float,
) -> Float[np.ndarray, " modes"]:
    """How much of each mode may be left, so that its loss would still be shown by ``n`` samples.

    A mode counts as lost when its Clopper-Pearson interval, corrected for confusion, ends under ``below`` of its
    share. This inverts it: the share left, relative to the reference share, at which that happens with
    probability ``power``. The other modes share what the lost one leaves.

    Args:
        shares: Reference share of each mode.
        n: Samples that will be counted.
        confusion: Share of real samples of mode ``row`` called ``column``.
        below: Part of its reference share under which a mode counts as lost.
        level: Coverage of the interval.
        power: Probability with which the loss has to be shown.

    Returns:
        A share for each mode, from 0 to ``below``; NaN where even the loss of all of it would go unseen.
    """
    kept = np.diag(confusion)
    spill = shares @ confusion - shares * kept  # samples of other modes that are called this one
    rare, common = np.full(len(shares), -1), np.full(len(shares), n)
    while (common - rare > 1).any():  # the largest count whose interval still ends below
        counts = (rare + common) // 2
        tops = stats.beta.ppf((1 + level) / 2, counts + 1, n - counts)
        shown = (tops - spill) / kept < below * shares
        rare, common = np.where(shown, counts, rare), np.where(shown, common, counts)
    called = stats.beta.ppf(1 - power, np.maximum(rare, 0) + 1, n - rare)  # P(count <= rare) is `power` there
    # A mode with a part `left` of its share is called that often: left * shares * kept + spill * rest.
    grown = spill / np.maximum(1 - shares, 1e-12)
    left = (called - grown) / np.maximum(shares * (kept - grown), 1e-12)
    return np.where((rare < 0) | (left < 0) | (shares <= 0), np.nan, left.clip(max=below))
