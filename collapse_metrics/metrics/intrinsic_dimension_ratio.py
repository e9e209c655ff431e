"""Intrinsic dimension ratio: along how many directions can a generated sample vary, compared with a real one?"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from collapse_metrics._checks import check_feature_sets, check_rows
from collapse_metrics._registry import metric
from collapse_metrics.metrics._neighbours import kth_neighbour_distance, within
from collapse_metrics.stats.u_statistics import log_interval

KEPT = 0.9
"""Share of the rows whose ratio of distances is taken at its value; of the largest tenth only *that* they are larger
is used. The tenth is Facco et al.'s: there the ratios follow the ends of the data, not their dimension."""


def _interval(*, fresh: Tensor, fake: Tensor, level: float = 0.95) -> tuple[float, float]:
    """By the scatter of the logarithms of the distance ratios of both sets."""
    value = intrinsic_dimension_ratio(fresh=fresh, fake=fake)
    error = math.hypot(_fit(fresh)[1], _fit(fake)[1]) if value > 0 else 0.0
    return log_interval(value, error, level=level)


@metric(best=1.0, collapsed=0.0, interval=_interval, paper="https://arxiv.org/abs/1803.06992")
def intrinsic_dimension_ratio(*, fresh: Float[Tensor, "n_fresh dim"], fake: Float[Tensor, "n_fake dim"]) -> float:
    """Local dimension of the generated samples over that of as many real ones (TwoNN).

    In ``d`` dimensions the second neighbour of a sample is hardly further away than the first when ``d`` is large,
    and much further when it is small; the two distances alone tell ``d``, whatever the scale or the density. A
    generator that ignores most of its noise moves along few directions, and its samples lie on a thinner sheet than
    the data.

    Reading the number:
        - **Healthy**: 1.
        - **Collapsed**: 0 when every sample is a copy; ``1 / d`` when samples vary along one line only.
        - **Blind to** scale: near copies that vary a little in *all* directions look as thick as the data, and noise
          on the samples raises the number. A rare copy lowers it by its share only.
        - **Compare only** sets of equal size and embedder: the finer the sampling, the finer the scale that is judged.

    Args:
        fresh: Features of real samples, as many as ``fake`` and with its make-up of modes.
        fake: Features of generated samples, from the same embedder.

    Returns:
        The ratio, 0 or more.

    Raises:
        ValueError: If the sets differ in size or dimension, hold NaN or infinity, have fewer than three rows, if the
            real samples are copies of each other, or if nearly all distances within a set tie.

    Cost:
        Time ``2 * n ** 2 * dim``; memory a few tiles of 2048 x 2048.

    Example:
        >>> import torch
        >>> rng = torch.Generator().manual_seed(0)
        >>> sheet, thread = torch.zeros(2000, 5), torch.zeros(2000, 5)
        >>> sheet[:, :2], thread[:, :1] = torch.rand(2000, 2, generator=rng), torch.rand(2000, 1, generator=rng)
        >>> round(intrinsic_dimension_ratio(fresh=sheet, fake=thread), 1)
        0.5
        >>> intrinsic_dimension_ratio(fresh=sheet, fake=torch.ones(2000, 5))
        0.0

    Reference:
        Facco, d'Errico, Rodriguez, Laio, *Estimating the intrinsic dimension of datasets by a minimal neighborhood
        information*, Scientific Reports 2017. They fit a line to the logarithms after dropping the largest tenth; we
        take maximum likelihood with that tenth counted as "at least so large", which is unbiased where theirs reads a
        little high, and is what scikit-dimension 0.5.0 calls ``method="mle"``. They do not say what a copy means;
        programs drop it, or divide by its distance of zero. Here a sample with copies has no dimension: the dimension
        of the different samples is multiplied by the share that has no copy.
    """
    check_feature_sets(fresh=fresh, fake=fake)
    check_rows(3, fresh=fresh, fake=fake)
    if len(fresh) != len(fake):
        raise ValueError(
            f"`fresh` and `fake` must be of one size, got {len(fresh)} and {len(fake)} rows: "
            "a finer sampling sees finer folds, so cut the larger one."
        )
    usual = intrinsic_dimension(rows=fresh)
    if usual == 0:
        raise ValueError("`fresh` must hold different samples, got copies for the most part: drop the repeats.")
    return intrinsic_dimension(rows=fake) / usual


def intrinsic_dimension(*, rows: Float[Tensor, "n dim"]) -> float:
    """Local dimension of one set by TwoNN; 0 where every row has a copy. See ``intrinsic_dimension_ratio``."""
    return _fit(rows)[0]


def _fit(rows: Tensor) -> tuple[float, float]:
    """Dimension of one set, and its standard error as a share of it."""
    check_feature_sets(rows=rows)
    check_rows(3, rows=rows)
    n, distinct = len(rows), rows.detach()
    alone = kth_neighbour_distance(rows, 1) > 0
    single = int(alone.sum())
    if single < n:
        distinct, counts = torch.unique(distinct, dim=0, return_counts=True)
        if int((counts == 1).sum()) < 3:
            return 0.0, 0.0
        alone = (counts == 1) & (kth_neighbour_distance(distinct, 1) > 0)
    if int(alone.sum()) < 3:  # what differs in the last digit only is a copy too
        return 0.0, 0.0
    nearest, second = (kth_neighbour_distance(distinct, k)[alone] for k in (1, 2))
    dimension, squared_error = _exponential_rate((second / nearest).log(), nearest)
    share = single / n
    # Copies come at least in pairs, so their share scatters as that of half as many samples.
    return share * dimension, math.sqrt(squared_error + 2 * (1 - share) / (share * n))


def _exponential_rate(logs: Tensor, nearest: Tensor) -> tuple[float, float]:
    """Rate of an exponential law of which the largest tenth is only known to be so large, and its squared error.

    Two samples that are each other's nearest share one distance, so they scatter together: the squared error, as a
    share of the squared rate, adds up over such pairs, not over samples. Pairs are told by that distance.
    """
    kept = max(2, int(len(logs) * KEPT))
    last = logs.sort().values[kept - 1]
    known = logs.clamp(max=last)
    if last == 0:
        raise ValueError(
            f"the first and second neighbour of {kept} of {len(logs)} rows are equally far, so they tell no dimension: "
            "pass features that are not rounded to a grid."
        )
    rate = (kept - 1) / known.sum()
    pull = (logs <= last).double() - rate * known
    order = nearest.argsort()
    together = within(nearest[order][1:], nearest[order][:-1])
    shared = 2 * (pull[order][1:] * pull[order][:-1])[together].sum()
    return rate.item(), (pull.square().sum() + shared).clamp(min=0).item() / kept**2
