"""Since which look has a share been below its bound? The likeliest place of a fall from health."""

import numpy as np
from jaxtyping import Float, Real
from scipy import special


def fallen_since(hits: Real[np.ndarray, " looks"], totals: Real[np.ndarray, " looks"], bound: float) -> int:
    """First look of the fallen state: maximum likelihood of one share at ``bound`` or above, then one at or below it.

    The two shares are not known and are fitted; the first part may be empty. Unlike the best beginning of a bet, which
    must win at once, this finds the fall to a share that is only somewhat too small.

    Args:
        hits: Samples of the mode at each look; also sums of observations from 0 to 1, whose mean is then dated.
        totals: Samples at each look.
        bound: Least share that health keeps.

    Returns:
        Index of the look; of equally likely ones the last.

    Example:
        >>> fallen_since(np.array([9, 12, 10, 3, 1, 2]), np.full(6, 100), 0.05)
        3
    """
    before = np.stack([np.concatenate([[0.0], np.cumsum(x)[:-1]]) for x in (hits, totals)])
    after = np.stack([np.sum(hits), np.sum(totals)])[:, None] - before
    healthy, fallen = np.maximum(_share(before), bound), np.minimum(_share(after), bound)
    likely = _log_likelihood(before, healthy) + _log_likelihood(after, fallen)
    return int(len(likely) - 1 - likely[::-1].argmax())


def _share(counted: np.ndarray) -> Float[np.ndarray, " looks"]:
    hits, total = counted
    share: np.ndarray = np.divide(hits, total, out=np.zeros_like(hits), where=total > 0)
    return share


def _log_likelihood(counted: np.ndarray, share: np.ndarray) -> Float[np.ndarray, " looks"]:
    hits, total = counted
    likely: np.ndarray = special.xlogy(hits, share) + special.xlog1py(total - hits, -share)
    return likely
