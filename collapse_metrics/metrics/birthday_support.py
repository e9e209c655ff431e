"""Birthday support: how many different samples can the generator make?"""

import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from collapse_metrics._checks import check_feature_sets, check_rows
from collapse_metrics._registry import metric
from collapse_metrics.metrics._neighbours import (
    SECOND_LOOK,
    kth_neighbour_distance,
    whole_rows,
    within,
)
from collapse_metrics.metrics._screen import Rows
from collapse_metrics.stats.u_statistics import pair_share_variance, poisson_interval

AS_LIKELY_AS_NOT = math.log(2)
"""Expected number of twin pairs at which seeing none has probability one half: what no pair at all is read as."""


def _interval(*, fake: Tensor, tolerance: float = 0.0, level: float = 0.95) -> tuple[float, float]:
    """By the exact Poisson interval of the number of twin pairs, widened where some samples are drawn more often."""
    hits = _twins(fake, tolerance)
    pairs, found = _pairs(len(fake)), float(hits.sum()) / 2
    # Pairs of equally frequent samples meet independently. Where one sample is frequent, all its pairs come together:
    # they then count as so many fewer.
    wider = max(1.0, pair_share_variance(hits) * pairs**2 / found) if found else 1.0
    if not math.isfinite(wider):
        return 1.0, math.inf
    low, high = (wider * end for end in poisson_interval(found / wider, level=level))
    return max(1.0, min(pairs / high, _support(hits))), pairs / low if low > 0 else math.inf


@metric(
    best=math.inf,
    collapsed=1.0,
    span=(1.0, math.inf),
    interval=_interval,
    paper="https://arxiv.org/abs/1706.08224",
)
def birthday_support(*, fake: Float[Tensor, "n_fake dim"], tolerance: float = 0.0) -> float:
    r"""Number of different samples that would give as many pairs of twins, if all were equally frequent.

    In a group of 23, two share a birthday as likely as not, because 253 pairs have 365 days to choose from. The same
    sum backwards: ``s (s - 1) / 2`` pairs of samples over the pairs that are twins estimate among how many different
    samples the generator draws, often from far fewer than that number.

    Reading the number:
        - **Healthy**: no twins at all. The value is then ``s (s - 1) / 2 / ln 2``, the number of different samples at
          which seeing none is as likely as not, and only the low end of its interval says something.
        - **Collapsed**: 1.
        - **Blind to** rare samples: it is one over the probability that two samples are twins, so one picture in a
          fifth of the draws caps it at 25, whatever else there is. The support is at least as large.
        - **Compare only** scores of one ``tolerance`` and embedder; any sample size.

    Args:
        fake: Features of generated samples.
        tolerance: Distance up to which two samples are twins; the default finds copies only. For near copies take
            ``collision_distance`` of held-out real samples.

    Returns:
        The number of samples, 1 or more, always finite.

    Raises:
        ValueError: If ``fake`` holds NaN or infinity or fewer than two rows, or ``tolerance`` is negative.

    Cost:
        Time ``n_fake ** 2 * dim / 2`` where few samples have twins, three times that where all have; memory a few
        tiles of 2048 x 2048.

    Example:
        >>> import torch
        >>> drawn = torch.tensor([3, 1, 4, 1, 5, 9, 2, 6, 5, 3]).float()[:, None]
        >>> birthday_support(fake=drawn)
        15.0
        >>> birthday_support(fake=torch.ones(10, 1))
        1.0

    Reference:
        Arora and Zhang, *Do GANs actually learn the distribution? An empirical study*, ICLR 2018. They look for the
        batch size at which the twenty nearest pairs show twins to the eye, and square it; all pairs count here, as in
        Good's estimate of ``sum(p ** 2)`` (Biometrika 1953). The plain Poisson interval holds for equally frequent
        samples only: with frequencies 1, 1/2, 1/3 ... it covers the truth in 12 to 43 of 100 cases instead of 95.
    """
    return _support(_twins(fake, tolerance))


def collision_distance(*, real: Float[Tensor, "n_real dim"], pairs: int = 10) -> float:
    """Distance at which two samples are nearer than real ones ever are: the ``pairs``-th smallest of all real pairs.

    Real samples are all different, so how near two of them come by chance is the yardstick for near copies. As many
    samples of a perfect generator show about ``pairs`` pairs that near, and ``birthday_support`` reads about
    ``n_real ** 2 / (2 * pairs)``; a generator with a smaller support shows more. The very smallest distance would
    be a yardstick too, but one that differs several-fold from one set to the next; the tenth differs by a third.

    Args:
        real: Features of real samples, held out from the generator's training, about as many as will be judged.
        pairs: How many real pairs may lie that near. Real sets with copies in them need more than there are copies.

    Returns:
        The distance, to be used as ``tolerance``.

    Raises:
        ValueError: If ``real`` holds NaN or infinity, or has fewer than ``pairs`` pairs.

    Example:
        >>> import torch
        >>> collision_distance(real=torch.tensor([[0.0], [1.0], [3.0], [7.0]]), pairs=2)
        2.0
    """
    check_feature_sets(real=real)
    check_rows(2, real=real)
    if not 1 <= pairs <= _pairs(len(real)):
        raise ValueError(
            f"`pairs` must be from 1 to {_pairs(len(real)):.0f}, the pairs of {len(real)} real rows, got {pairs}."
        )
    reach = kth_neighbour_distance(real, 1)
    # The rows with the nearest neighbours make at least half as many pairs, so no pair that counts is further apart.
    bound = reach.topk(min(2 * pairs, len(real)), largest=False).values.max()
    rows, found = Rows(real), []
    for some in within(reach, bound).nonzero().flatten().split(SECOND_LOOK):
        squares = whole_rows(rows, rows, some).flatten()
        found.append(squares.topk(min(2 * pairs, len(squares)), largest=False).values)
    # Both of its rows have met every pair.
    return torch.cat(found).sort().values[2 * pairs - 1].sqrt().item()


def _pairs(n: int) -> float:
    return n * (n - 1) / 2


def _support(hits: np.ndarray) -> float:
    found = float(hits.sum()) / 2
    return _pairs(len(hits)) / max(found, AS_LIKELY_AS_NOT)


def _twins(fake: Tensor, tolerance: float) -> np.ndarray:
    """With how many others each sample is a twin."""
    check_feature_sets(fake=fake)
    check_rows(2, fake=fake)
    if not tolerance >= 0:
        raise ValueError(f"`tolerance` is a distance and must be 0 or more, got {tolerance}.")
    radius = torch.tensor(tolerance, dtype=torch.float64, device=fake.device)
    hits = torch.zeros(len(fake), dtype=torch.float64, device=fake.device)
    rows = Rows(fake)
    # Most samples of a healthy generator have no twin, which their nearest neighbour alone tells.
    for some in within(kth_neighbour_distance(fake, 1), radius).nonzero().flatten().split(SECOND_LOOK):
        hits[some] = within(whole_rows(rows, rows, some).sqrt(), radius).sum(dim=1).double()
    counted: np.ndarray = hits.cpu().numpy()
    return counted
