"""Participation ratio: how many directions carry the scatter of the samples?"""

import math
from typing import NamedTuple

from jaxtyping import Float
from torch import Tensor

from collapse_metrics._checks import check_feature_sets, check_rows
from collapse_metrics._registry import metric
from collapse_metrics.metrics._spectrum import Cloud, centred
from collapse_metrics.stats.u_statistics import log_interval

SOME_ROWS = 500
"""Rows of raw samples whose directions are counted at a look: their number is then known to a few per cent."""


def _interval(*, fake: Tensor, unbiased: bool = True, level: float = 0.95) -> tuple[float, float]:
    """By the jackknife that leaves out one sample at a time, in closed form, on the scale of logarithms."""
    value = participation_ratio(fake=fake, unbiased=unbiased)
    cloud, n, dim = centred(fake), len(fake), float(fake.shape[1])
    if cloud is None:
        return 0.0, 0.0
    error = _log_error(cloud, n, unbiased=unbiased) if n >= (5 if unbiased else 3) else None
    if error is None:
        return 1.0, dim
    low, high = log_interval(value, error, level=level)
    return max(low, 1.0), min(high, dim)


def _log_error(cloud: Cloud, n: int, *, unbiased: bool) -> float | None:
    """Standard error of the ratio's logarithm, if chance has not driven a sum below zero."""
    top, bottom = _sums(_without_each(cloud), n - 1, unbiased=unbiased)
    if (bottom <= 0).any():
        return None
    return float((top / bottom).log().std(correction=0) * math.sqrt(n - 1))


def directions_of(rows: Tensor) -> tuple[float, float]:
    """The participation ratio of some of these rows and its relative standard error, infinite where it is not known."""
    rows = rows[:SOME_ROWS]
    check_feature_sets(fake=rows)
    cloud = centred(rows)
    if cloud is None:
        return 0.0, 0.0
    error = _log_error(cloud, len(rows), unbiased=True)
    return _ratio(cloud, rows.shape[1], unbiased=True), math.inf if error is None else error


@metric(best=math.inf, collapsed=0.0, interval=_interval, paper="https://doi.org/10.1101/214262")
def participation_ratio(*, fake: Float[Tensor, "n_fake dim"], unbiased: bool = True) -> float:
    r"""Number of equally strong directions with as concentrated a scatter: squared trace over trace of the square.

    With the eigenvalues :math:`\lambda` of the covariance it is :math:`(\sum\lambda)^2 / \sum\lambda^2`: ``dim`` when
    all are equal, 1 when the samples lie on a line. A covariance *estimated* from few samples looks more concentrated
    than it is; the two sums are therefore estimated without that bias, so that the number means the same at 50
    samples in 2,048 dimensions and at 50,000.

    Reading the number:
        - **Healthy**: what real samples score; at most ``dim``.
        - **Collapsed**: 0 when all samples are the same, 1 when they differ in one direction only.
        - **Blind to** size: samples that have shrunk to near copies in *all* directions score as before. And to weak
          directions: one strong direction hides many weak ones more than in ``effective_rank``.
        - **Compare only** scores of one embedder; any sample size, unless ``unbiased=False``.

    Args:
        fake: Features of generated samples.
        unbiased: Whether the sums are estimated free of bias. ``False`` gives the usual plug-in number, which is
            about ``1 / (1 / ratio + 1 / n_fake)``.

    Returns:
        The number of directions, from 0 to ``dim``.

    Raises:
        ValueError: If ``fake`` holds NaN or infinity, or fewer than four rows (two for the plug-in number).

    Cost:
        Time ``n_fake * dim * min(n_fake, dim)``; memory ``min(n_fake, dim) ** 2``.

    Example:
        >>> import torch
        >>> corners = torch.tensor([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]])
        >>> round(participation_ratio(fake=corners, unbiased=False), 3)
        2.0

        Two hundred directions, of which the strength rises from nothing, are worth 111 equal ones; seen in 50 samples:

        >>> rows = torch.linspace(0, 1, 200) * torch.randn(50, 200, generator=torch.Generator().manual_seed(0))
        >>> round(participation_ratio(fake=rows)), round(participation_ratio(fake=rows, unbiased=False))
        (122, 35)

    Reference:
        Gao, Trautmann, Yu, Santhanam, Ryu, Shenoy, Ganguli, *A theory of multineuronal dimensionality, dynamics and
        measurement*, bioRxiv 2017, for the number. The unbiased sums are those of Himeno and Yamada, *Estimations for
        some functions of covariance matrix in high dimension under non-normality and its applications*, J.
        Multivariate Anal. 2014, which ask for no normal law. Where chance drives their quotient beyond the possible,
        it ends at 1 or at ``dim``.
    """
    check_feature_sets(fake=fake)
    check_rows(4 if unbiased else 2, fake=fake)
    cloud = centred(fake)
    if cloud is None:
        return 0.0
    return _ratio(cloud, fake.shape[1], unbiased=unbiased)


def _ratio(cloud: Cloud, dim: int, *, unbiased: bool) -> float:
    """What both sums give, kept to what is possible."""
    gram, lengths = cloud.gram, cloud.squared_lengths()
    scatter = Scatter(gram.trace(), gram.square().sum(), lengths.square().sum())
    top, bottom = (part.item() for part in _sums(scatter, len(cloud), unbiased=unbiased))
    return min(float(dim), max(1.0, top / bottom)) if bottom > 0 else float(dim)


class Scatter(NamedTuple):
    """What both sums are made of: trace of ``X.T @ X`` and of its square, and fourth powers of the lengths."""

    trace: Tensor
    trace_of_square: Tensor
    fourth: Tensor


def _sums(scatter: Scatter, n: int, *, unbiased: bool) -> tuple[Tensor, Tensor]:
    """The squared trace of the covariance, and the trace of its square."""
    squared_trace = (scatter.trace / (n - 1)).square()
    trace_of_square = scatter.trace_of_square / (n - 1) ** 2
    if not unbiased:
        return squared_trace, trace_of_square
    fourth = n * scatter.fourth / (n - 1)
    share = (n - 1) / (n * (n - 2) * (n - 3))
    return (
        share * (2 * trace_of_square + (n * n - 3 * n + 1) * squared_trace - fourth),
        share * ((n - 1) * (n - 2) * trace_of_square + squared_trace - fourth),
    )


def _without_each(cloud: Cloud) -> Scatter:
    """The same of all rows but one, for every row: leaving out ``y`` takes ``n / (n - 1) * y @ y.T`` from the scatter.

    The mean then moves by ``y / (n - 1)``, which moves the fourth powers of all others.
    """
    n, gram, lengths = len(cloud), cloud.gram, cloud.squared_lengths()
    energies, more, away = cloud.energies(gram), n / (n - 1), 1 / (n - 1)
    fourth = lengths.square().sum() - lengths.square() + 4 * away * (cloud.pull(lengths) - lengths.square())
    fourth += 4 * away**2 * (energies - lengths.square()) + 2 * away**2 * lengths * (lengths.sum() - lengths)
    fourth -= 3 * away**3 * lengths.square()
    return Scatter(
        gram.trace() - more * lengths,
        gram.square().sum() - 2 * more * energies + more**2 * lengths.square(),
        fourth,
    )
