"""What may a classifier of a fixed shape be given? Checks of pictures and rows, each with a sentence that helps."""

import torch
from torch import Tensor

SLACK = 0.01
"""How far a pixel may lie outside [0, 1]: rounding of tanh and of half precision stays well below."""


def check_pictures(images: Tensor, shape: tuple[int, int, int]) -> None:
    """Require finite float pictures ``(n, *shape)`` in [0, 1]."""
    channels, height, width = shape
    if images.ndim != 4 or images.shape[1:] != shape:
        grey = "add the channel axis with images[:, None], or " if channels == 1 else ""
        raise ValueError(
            f"`images` must be (n, {channels}, {height}, {width}) pictures, got shape {tuple(images.shape)}: "
            f"{grey}resize the pictures to {height} x {width}."
        )
    if not images.is_floating_point():
        raise ValueError(f"`images` must be floats in [0, 1], got {images.dtype}: divide uint8 pictures by 255.")
    _check_finite(images, "images")
    if len(images) and (images.min() < -SLACK or images.max() > 1 + SLACK):
        raise ValueError(
            f"`images` must lie in [0, 1], got {images.min():.3g} to {images.max():.3g}: "
            "map a tanh output with (images + 1) / 2."
        )


def check_rows(rows: Tensor, dim: int) -> None:
    """Require finite rows ``(n, dim)``."""
    if rows.ndim != 2 or rows.shape[1] != dim:
        raise ValueError(
            f"`rows` must be (n, {dim}), one sample a row, got shape {tuple(rows.shape)}: "
            "pass the columns that the classifier was trained on, in their order."
        )
    _check_finite(rows, "rows")


def _check_finite(samples: Tensor, name: str) -> None:
    if not torch.isfinite(samples).all():
        raise ValueError(
            f"`{name}` must be finite, got NaN or infinity: the generator has diverged, leave these rows out."
        )
