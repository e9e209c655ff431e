"""Pairwise SSIM: how alike do two generated pictures look?"""

import numpy as np
from jaxtyping import Float
from torch import Tensor

from collapse_metrics._registry import metric
from collapse_metrics.metrics._windows import SIDE, Views, check_pictures, chosen, mean_over_pairs
from collapse_metrics.stats.u_statistics import normal_interval, pair_mean_error


def _interval(*, pictures: Tensor, most: int = 500, seed: int = 0, level: float = 0.95) -> tuple[float, float]:
    """By the variance of a U-statistic."""
    means = _row_means(pictures, most, seed)
    low, high = normal_interval(float(means.mean()), pair_mean_error(means), level=level)
    return max(low, -1.0), min(high, 1.0)


@metric(
    best=0.0,
    collapsed=1.0,
    span=(-1.0, 1.0),
    interval=_interval,
    paper="https://doi.org/10.1109/TIP.2003.819861",
)
def pairwise_ssim(*, pictures: Float[Tensor, "n channels height width"], most: int = 500, seed: int = 0) -> float:
    """Mean structural similarity of two generated pictures.

    Lightness, contrast and pattern are compared in every window of 11 x 11 pixels, gaussian with standard deviation
    1.5, that lies within the picture; 1 means the same picture. The mean over all pairs of different pictures says
    how alike the set looks, without any embedder.

    Reading the number:
        - **Healthy**: what real pictures score, which depends on them: about 0.11 for the digits of MNIST. 0, the end
          of the scale, would be pictures that have nothing in common.
        - **Collapsed**: 1.
        - **Blind to** lost modes, as long as a few different ones are left. A picture moved by some pixels counts as
          a different one; noise on the pictures lowers the number, a common background raises it.
        - **Compare only** pictures of one size and one kind; any number of pictures.

    Args:
        pictures: Generated pictures from 0 to 1.
        most: More pictures than this are represented by a random choice of so many.
        seed: Of that choice.

    Returns:
        The mean, at most 1; below 0 for pairs that are each other's negative.

    Raises:
        ValueError: If ``pictures`` are not four-dimensional floating-point numbers from 0 to 1, fewer than two, or
            smaller than 11 x 11; or if ``most`` is below 2.

    Cost:
        Time ``n ** 2 * channels * height * width``, with some 100,000 pairs of 28 x 28 a second on one core. Memory
        four times the chosen pictures in float64.

    Example:
        >>> import torch
        >>> stripes = torch.zeros(2, 1, 28, 28)
        >>> stripes[0, 0, ::2], stripes[1, 0, :, ::2] = 1.0, 1.0
        >>> round(pairwise_ssim(pictures=stripes), 3), pairwise_ssim(pictures=stripes[:1].repeat(2, 1, 1, 1))
        (0.002, 1.0)

    Reference:
        Wang, Bovik, Sheikh, Simoncelli, *Image Quality Assessment: From Error Visibility to Structural Similarity*,
        IEEE Trans. Image Processing 2004. Agrees with piq 0.8.0 below 384 pixels (from there on it shrinks pictures
        first) and with scikit-image's gaussian weights on colour channels. torchmetrics 1.9.0 also averages windows
        that hang over the edge, filled by reflection, and makes digits, whose edges are empty, look alike: 0.37
        instead of 0.11.
    """
    return float(_row_means(pictures, most, seed).mean())


def _row_means(pictures: Tensor, most: int, seed: int) -> np.ndarray:
    check_pictures(pictures, least=SIDE)
    views = Views(chosen(pictures, most=most, seed=seed))
    return mean_over_pairs(lambda one, others: views.against(one, others)[0].mean(dim=1), views)
