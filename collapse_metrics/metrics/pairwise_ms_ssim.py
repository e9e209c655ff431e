"""Pairwise MS-SSIM: how alike do two generated pictures look, from near and from afar?"""

import numpy as np
import torch
from jaxtyping import Float
from torch import Tensor
from torch.nn import functional

from collapse_metrics._registry import metric
from collapse_metrics.metrics._windows import SIDE, Views, check_pictures, chosen, mean_over_pairs
from collapse_metrics.stats.u_statistics import normal_interval, pair_mean_error

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponent of each scale, from the finest: measured with observers by Wang et al. 2003."""


def _interval(*, pictures: Tensor, most: int = 500, seed: int = 0, level: float = 0.95) -> tuple[float, float]:
    """By the variance of a U-statistic."""
    means = _row_means(pictures, most, seed)
    low, high = normal_interval(float(means.mean()), pair_mean_error(means), level=level)
    return max(low, 0.0), min(high, 1.0)


@metric(best=0.0, collapsed=1.0, span=(0.0, 1.0), interval=_interval, paper="https://arxiv.org/abs/1610.09585")
def pairwise_ms_ssim(*, pictures: Float[Tensor, "n channels height width"], most: int = 500, seed: int = 0) -> float:
    """Mean multi-scale structural similarity of two generated pictures.

    Like ``pairwise_ssim``, but the pictures are also halved again and again, and the similarities of all sizes
    multiplied, each with an exponent: what is alike must be so from near and from afar. Five sizes need more than
    160 pixels. Smaller pictures get as many as leave a window of 11 x 11: four above 80 pixels, three above 40, two
    above 20, so two for 28 x 28; their exponents are the first of the five, divided by their sum.

    Reading the number:
        - **Healthy**: what real pictures score, which depends on them: about 0.13 for the digits of MNIST, and 0.2 to
          0.6 within one digit. 0, the end of the scale, would be pictures that have nothing in common.
        - **Collapsed**: 1.
        - **Blind to** lost modes, as long as a few different ones are left. Less than ``pairwise_ssim``, it takes a
          slightly moved picture for a different one.
        - **Compare only** pictures of one size and one kind; any number of pictures.

    Args:
        pictures: Generated pictures from 0 to 1.
        most: More pictures than this are represented by a random choice of so many.
        seed: Of that choice.

    Returns:
        The mean, from 0 to 1.

    Raises:
        ValueError: If ``pictures`` are not four-dimensional floating-point numbers from 0 to 1, fewer than two, or
            smaller than 11 x 11; or if ``most`` is below 2.

    Cost:
        A third more than ``pairwise_ssim``.

    Example:
        >>> import torch
        >>> stripes = torch.zeros(2, 1, 28, 28)
        >>> stripes[0, 0, ::8], stripes[1, 0, :, ::8] = 1.0, 1.0
        >>> round(pairwise_ms_ssim(pictures=stripes), 3), pairwise_ms_ssim(pictures=stripes[:1].repeat(2, 1, 1, 1))
        (0.009, 1.0)

    Reference:
        Wang, Simoncelli, Bovik, *Multi-scale Structural Similarity for Image Quality Assessment*, Asilomar 2003; for
        the variety of GANs' samples Odena, Olah, Shlens, *Conditional Image Synthesis with Auxiliary Classifier
        GANs*, ICML 2017. Agrees with piq 0.8.0 (given the same exponents below 161 pixels, where it and torchmetrics
        refuse their own). Negative parts of a product are cut at 0, as in both; an odd side is made even by repeating
        its first row before it is halved; piq lengthens both sides where one is odd.
    """
    return float(_row_means(pictures, most, seed).mean())


def scales_of(height: int, width: int) -> tuple[float, ...]:
    """Exponents of the scales that a picture of this size has room for."""
    room = sum((SIDE - 1) * 2**scale < min(height, width) for scale in range(len(WEIGHTS)))
    if room == len(WEIGHTS):
        return WEIGHTS  # as published: they sum to 1.0001
    return tuple(weight / sum(WEIGHTS[:room]) for weight in WEIGHTS[:room])


def _row_means(pictures: Tensor, most: int, seed: int) -> np.ndarray:
    check_pictures(pictures, least=SIDE)
    pictures = chosen(pictures, most=most, seed=seed).detach().double()
    weights = scales_of(*pictures.shape[2:])
    views = [Views(pictures)]
    for _ in weights[1:]:
        pictures = _halved(pictures)
        views.append(Views(pictures))

    def similarity(one: int, others: slice) -> Tensor:
        product = torch.ones((), dtype=torch.float64, device=pictures.device)
        for scale, weight in zip(views, weights, strict=True):
            whole, contrast = scale.against(one, others)
            # Lightness is compared at the coarsest scale only.
            product = product * (whole if scale is views[-1] else contrast).clamp(min=0) ** weight
        return product.mean(dim=1)

    return mean_over_pairs(similarity, views[0])


def _halved(pictures: Tensor) -> Tensor:
    high, wide = (side % 2 for side in pictures.shape[2:])
    return functional.avg_pool2d(functional.pad(pictures, (wide, 0, high, 0), mode="replicate"), 2)
