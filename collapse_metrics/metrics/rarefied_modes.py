"""Rarefied modes: how many modes would a sample of fixed size show?"""

import numpy as np
from jaxtyping import Int
from scipy import stats
from scipy.special import gammaln

from collapse_metrics._checks import check_tallies
from collapse_metrics._registry import metric
from collapse_metrics.stats.shares import shares_left_open

GUESSES = 2000
"""Generators drawn from what the samples leave open: the ends of the interval are then good to a tenth of its width."""


def _interval(
    *, counts: Int[np.ndarray, " modes"], n: int = 100, level: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """By the shares that the counts leave open, and by how far the chance to miss the rarest modes may be off.

    A jackknife will not do: where every mode is met in nearly every pick, the number hardly moves with the samples, but
    how rarely a mode is missed may be off by a factor. Of two honest answers the wider end is taken: generators drawn
    from a Dirichlet law, which sees modes that stayed away by chance but takes the rarest for rarer than they are, and
    a normal law for the logarithm of what is missed.
    """
    value, counts = rarefied_modes(counts=counts, n=n), np.asarray(counts)
    total, seen = counts.sum(), np.count_nonzero(counts)
    guesses = shares_left_open(counts, GUESSES, np.random.default_rng(seed))
    shown = (1 - (1 - guesses) ** n).sum(axis=1)
    low, high = np.quantile(shown, [(1 - level) / 2, (1 + level) / 2])
    if value < seen:
        shares = counts[counts > 0] / total
        missed = (1 - shares) ** n
        slope = missed / missed.sum() * n / (1 - shares)  # of the logarithm of all that is missed
        spread = (slope**2 * shares).sum() - (slope * shares).sum() ** 2  # 0 for even counts, or rounding below it
        error = np.sqrt(max(spread, 0.0) / total)
        high = max(high, seen - (seen - value) * np.exp(-stats.norm.ppf((1 + level) / 2) * error))
    return min(float(low), value), max(float(high), value)


@metric(best=np.inf, collapsed=1.0, interval=_interval, paper="https://doi.org/10.2307/1934145")
def rarefied_modes(*, counts: Int[np.ndarray, " modes"], n: int = 100) -> float:
    r"""Expected number of different modes among ``n`` of the samples, drawn without replacement.

    More samples show more modes, so two counts of modes cannot be compared unless they come from equally many
    samples. This is the average of ``modes_seen`` over all ways to pick ``n`` of the samples, without picking any:
    :math:`\sum_c 1 - \binom{N - x_c}{n} / \binom{N}{n}`. It is an unbiased estimate of what ``n`` new samples of
    the generator would show.

    Reading the number:
        - **Healthy**: ``stats.unseen.expected_modes_seen(shares, n)``: 9.9997 for the ten digits at ``n=100``, 95.2 of
          1,000 equal modes.
        - **Collapsed**: 1.
        - **Blind to** modes that are rare but there, more so the smaller ``n`` is, and to everything within a mode.
        - **Compare only** numbers of one ``n`` and classifier; the numbers of samples may differ, which is the point.

    Args:
        counts: Accepted generated samples per mode as the classifier calls them.
        n: Size of the sample to ask about. A larger one sees rarer modes.

    Returns:
        The expected number of modes, from 1 to ``n``.

    Raises:
        ValueError: If counts are not whole, or there are fewer than ``n`` samples.

    Cost:
        Time ``modes``.

    Example:
        A hundred samples of two modes; two of them are alike or not with about even chances:

        >>> import numpy as np
        >>> round(rarefied_modes(counts=np.array([50, 50]), n=2), 3)
        1.505
        >>> rarefied_modes(counts=np.array([100, 0]), n=2)
        1.0

    Reference:
        Hurlbert, *The nonconcept of species diversity*, Ecology 1971. Computed exactly, through logarithms of
        factorials.
    """
    counts = np.asarray(counts)
    if n < 1:
        raise ValueError(f"`n` must be a sample of 1 or more, got {n}.")
    check_tallies(n, counts=counts)
    total = counts.sum()
    scarce = counts[(counts > 0) & (counts <= total - n)]  # the others are in every pick
    log_missed = (
        gammaln(total - scarce + 1) - gammaln(total - scarce - n + 1) - gammaln(total + 1) + gammaln(total - n + 1)
    )
    return float(np.count_nonzero(counts) - np.exp(log_missed).sum())
