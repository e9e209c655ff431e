"""Clipped coverage: what share of a perfect generator's samples would cover the data as well?"""

import numpy as np
import torch
from jaxtyping import Float
from scipy import special
from torch import Tensor

from collapse_metrics._registry import metric
from collapse_metrics.metrics._balls import BallCounts, Balls, balls_of, count
from collapse_metrics.stats.jackknife import jackknife_interval

BEYOND = 3
"""How far beyond 1 the scale goes on where it is not cut."""


def clipped_coverage_interval(
    *, real: Float[Tensor, "n_real dim"] | Balls, fake: Float[Tensor, "n_fake dim"], k: int = 5, level: float = 0.95
) -> tuple[float, float]:
    """Delete-block jackknife on the scale that goes on beyond 1, cut afterwards.

    Cut first, all parts of a good set would score 1, and the interval would be a point.
    """
    balls = balls_of(real, k, fake=fake)

    def uncut(rows: Tensor) -> float:
        return filled_share(balls, count(balls, fake[rows]), beyond=BEYOND)

    value = uncut(torch.arange(len(fake)))
    low, high = jackknife_interval(uncut, len(fake), value, level=level)
    return min(max(low, 0.0), value, 1.0), min(max(high, value), 1.0)


@metric(
    best=1.0,
    collapsed=0.0,
    span=(0.0, 1.0),
    interval=clipped_coverage_interval,
    paper="https://arxiv.org/abs/2510.01824",
)
def clipped_coverage(
    *, real: Float[Tensor, "n_real dim"] | Balls, fake: Float[Tensor, "n_fake dim"], k: int = 5
) -> float:
    """How many good samples, as a share of ``n_fake``, would fill the neighbourhoods of the real data as well.

    Around each real sample lies the ball that ends at its ``k``-th nearest real neighbour; a ball is full with ``k``
    generated samples in it, and more do not count. The mean fill is then put on a straight scale: the number of
    samples of a perfect generator whose expected fill is the same, over ``n_fake``. So 0.7 reads "covers the data
    like 70 % good samples and 30 % that are far from everything".

    Reading the number:
        - **Healthy**: 1; a perfect generator scatters around it, cut at 1. With several generated samples for each
          real one all balls are full, and the scale turns the smallest gap into a large loss: take ``n_fake`` near
          ``n_real``.
        - **Collapsed**: 0. With equal modes and ``n_fake`` = ``n_real``, about the share of the modes still alive.
        - **Blind to** imbalance that still fills the balls, and unable to tell collapse from noise: noise on good
          samples empties the balls as collapse does. Read ``distinct_neighbours`` beside it.
        - **Compare only** scores with the same ``n_real``, ``n_fake``, ``k`` and embedder: bad samples are counted
          the same at any size, lost modes are not.

    Args:
        real: Features of real samples, or the ``Balls`` fitted to them.
        fake: Features of generated samples, from the same embedder.
        k: How many real neighbours fix the radius of a ball, and how many samples fill it.

    Returns:
        The share, from 0 to 1.

    Raises:
        ValueError: If the sets differ in dimension, hold NaN or infinity, ``fake`` is empty, or ``real`` has ``k``
            rows or fewer.

    Cost:
        Time ``n_real * (n_real / 2 + n_fake) * dim``; memory a few tiles of 2048 x 2048.

    Example:
        >>> import torch
        >>> line = torch.arange(100.0)[:, None]
        >>> round(clipped_coverage(real=line, fake=line + 0.25), 2)
        1.0
        >>> round(clipped_coverage(real=line, fake=line[:50].repeat(2, 1)), 2)
        0.56

    Reference:
        Salvy, Talbot, Thirion, *Enhanced Generative Model Evaluation with Clipped Density and Coverage*, ICLR 2026.
        Their code asks ``<``, we ask ``<=``, so that repeated samples fill a ball. They take the first whole number
        of samples whose expected fill reaches the mean and divide by ``n_fake + 1``; we interpolate and divide by
        ``n_fake``, so scores differ by at most ``1 / n_fake``, and their table takes ``n_fake ** 2`` steps where
        ours takes ``k * n_fake``.
    """
    balls = balls_of(real, k, fake=fake)
    return filled_share(balls, count(balls, fake))


def filled_share(balls: Balls, counts: BallCounts, *, beyond: int = 1) -> float:
    """Clipped coverage from the counts of one pass, on a scale from 0 to ``beyond``."""
    fill = (counts.held.double() / balls.k).clamp(max=1).double().mean().item()
    n_fake = len(counts.inside)
    most = beyond * n_fake
    table = expected_fill(n_real=len(balls), n_fake=most, k=balls.k)
    return float(np.interp(fill, table, np.arange(most + 1))) / n_fake


def expected_fill(*, n_real: int, n_fake: int, k: int) -> Float[np.ndarray, " levels"]:
    r"""Mean fill of the balls under 0, 1, ... ``n_fake`` samples of a perfect generator.

    The share of all data within the ball of a real sample is Beta(k, n_real - k) distributed, whatever the data, so
    the number of samples in it is beta-binomial, and its mean, cut at ``k``, is
    :math:`k - \sum_{j<k} (k - j) P(j)`.
    """
    if n_real <= k:
        raise ValueError(f"k={k} needs at least {k + 1} real rows, got {n_real}: pass more samples or a smaller k.")
    m = np.arange(n_fake + 1)[:, None]
    j = np.minimum(np.arange(k), m)  # impossible counts are taken out again below
    log_share = (
        -np.log(m + 1)
        - special.betaln(m - j + 1, j + 1)
        + special.betaln(k + j, n_real - k + m - j)
        - special.betaln(k, n_real - k)
    )
    share = np.where(np.arange(k) <= m, np.exp(log_share), 0.0)
    fill: np.ndarray = 1 - (share * (k - np.arange(k))).sum(axis=1) / k
    return np.maximum.accumulate(fill)
