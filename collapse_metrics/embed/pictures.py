"""Which range do these pixel values live in? Pictures of any range and layout to (n, channels, h, w) in [0, 1]."""

import torch
from torch import Tensor

SLACK = 0.01
"""How far a value may lie outside its range: rounding of tanh and of half precision stays well below."""


def to_unit_range(images: Tensor, value_range: tuple[float, float] | None) -> tuple[Tensor, tuple[float, float]]:
    """Pictures mapped to [0, 1], and the range that was assumed.

    Bytes are 0 to 255. Floats are taken at their word where ``value_range`` is given; where it is not, values
    within [0, 1] and within [-1, 1] (some negative) are told apart by looking, and anything else is refused.

    Args:
        images: ``(n, h, w)`` or ``(n, channels, h, w)``, bytes or floats, finite.
        value_range: What black and white are, for example ``(-1, 1)`` for a tanh output.

    Returns:
        Float pictures ``(n, channels, h, w)`` in [0, 1], and the range used.

    Raises:
        ValueError: If the shape is no stack of pictures or the values leave the range.
    """
    if images.ndim == 3:
        images = images[:, None]
    if images.ndim != 4:
        raise ValueError(
            f"pictures must be (n, height, width) or (n, channels, height, width), got shape "
            f"{tuple(images.shape)}: reshape them, or pass embedder='raw' for other data."
        )
    if images.dtype == torch.bool or not (images.is_floating_point() or images.dtype == torch.uint8):
        raise ValueError(f"pictures must be uint8 or floats, got {images.dtype}: convert them first.")
    if len(images) == 0:
        raise ValueError("at least one picture is needed, got none.")
    low, high = value_range or guess_range(images)
    if not high > low:
        raise ValueError(f"`value_range` must be (black, white) with white above black, got ({low}, {high}).")
    scaled = (images.float() - low) / (high - low)
    least, most = scaled.min().item(), scaled.max().item()
    if least < -SLACK or most > 1 + SLACK:
        raise ValueError(
            f"pixel values must lie in value_range=({low:g}, {high:g}), got {images.min():.3g} to "
            f"{images.max():.3g}: pass the range that your generator ends in."
        )
    return scaled.clamp_(0, 1), (low, high)


def guess_range(images: Tensor) -> tuple[float, float]:
    """Black and white by looking at the values; refused where they do not say."""
    if images.dtype == torch.uint8:
        return 0.0, 255.0
    least, most = images.min().item(), images.max().item()
    if least >= -SLACK and most <= 1 + SLACK:
        return 0.0, 1.0
    if least >= -1 - SLACK and most <= 1 + SLACK:
        return -1.0, 1.0
    raise ValueError(
        f"the range of float pixels must be known, got values from {least:.3g} to {most:.3g}: "
        "pass value_range=(black, white), for example (0, 255)."
    )
