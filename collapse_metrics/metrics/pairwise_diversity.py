"""Pairwise diversity: how far apart are two generated samples, compared with two real ones?"""

import math

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor

from collapse_metrics._checks import check_feature_sets, check_rows
from collapse_metrics._registry import metric
from collapse_metrics.metrics._neighbours import distance_blocks
from collapse_metrics.stats.u_statistics import log_interval, pair_mean_error


def _interval(*, real: Tensor, fake: Tensor, level: float = 0.95) -> tuple[float, float]:
    """By the variance of a U-statistic of both sets, on the scale of logarithms."""
    value = pairwise_diversity(real=real, fake=fake)
    (usual, usual_error), (spread, error) = spread_of(real), spread_of(fake)
    return log_interval(value, math.hypot(usual_error / usual, error / spread) if value > 0 else 0.0, level=level)


@metric(best=1.0, collapsed=0.0, interval=_interval, paper="https://arxiv.org/abs/1903.05628")
def pairwise_diversity(*, real: Float[Tensor, "n_real dim"], fake: Float[Tensor, "n_fake dim"]) -> float:
    """Mean distance between two generated samples, over that between two real samples.

    The distance is averaged over all pairs of different rows of one set, so the number does not depend on the
    sample size. A generator that repeats one picture has no distance left between its samples.

    Reading the number:
        - **Healthy**: 1.
        - **Collapsed**: 0 when every sample is the same. One class of ten still scores about 0.6 to 0.9,
          because samples of one class differ too.
        - **Blind to** the loss of modes while two far ones live: a ring of eight modes that keeps two still
          scores 0.8. And to noise, which raises it. Never judge by it alone: read ``mode_coverage`` for lost
          modes and ``neighbour_ratio`` for repeats.
        - **Compare only** scores of one embedder and one real set; any sample size.

    Args:
        real: Features of real samples.
        fake: Features of generated samples, from the same embedder.

    Returns:
        The ratio, 0 or more; above 1 for samples more scattered than the data.

    Raises:
        ValueError: If the sets differ in dimension, hold NaN or infinity, have fewer than two rows, or if all
            real rows are the same.

    Cost:
        Time ``(n_real ** 2 + n_fake ** 2) * dim``; memory one block of distances.

    Example:
        >>> import torch
        >>> line = torch.arange(10.0)[:, None]
        >>> pairwise_diversity(real=line, fake=line / 2)
        0.5
        >>> pairwise_diversity(real=line, fake=torch.zeros(10, 1))
        0.0

    Reference:
        Used in many forms; for GANs see Mao et al., *Mode Seeking Generative Adversarial Networks*, CVPR 2019
        (with LPIPS as the distance). We leave out a sample's distance to itself and divide by real data's.
    """
    check_feature_sets(real=real, fake=fake)
    check_rows(2, real=real, fake=fake)
    spread = mean_pairwise_distance(rows=real)
    if spread == 0:
        raise ValueError("`real` must hold different samples, got the same row throughout: check how it was loaded.")
    return mean_pairwise_distance(rows=fake) / spread


def mean_pairwise_distance(*, rows: Float[Tensor, "n dim"]) -> float:
    """Mean Euclidean distance over all pairs of different rows, in the unit of the features."""
    check_feature_sets(rows=rows)
    check_rows(2, rows=rows)
    total = torch.stack([block.sum() for _, block in distance_blocks(rows, rows)]).sum().item()
    return total / (len(rows) * (len(rows) - 1))


def spread_of(rows: Float[Tensor, "n dim"]) -> tuple[float, float]:
    """Mean distance between two different rows, and its standard error (infinite for two rows)."""
    means = row_means(rows)
    return float(means.mean()), pair_mean_error(means)


def row_means(rows: Float[Tensor, "n dim"]) -> Float[np.ndarray, " n"]:
    """Mean distance of every row to the others."""
    sums = torch.cat([block.sum(dim=1) for _, block in distance_blocks(rows, rows)])
    means: np.ndarray = (sums / (len(rows) - 1)).cpu().numpy()
    return means
