"""How may a picture vary and stay in its class? A few pixels aside, mirrored where that is allowed, mild noise."""

import torch
from torch import Generator, Tensor
from torch.nn import functional

from collapse_metrics.learning.garbage import blurred

MOVE = 1 / 14
"""Part of the side that a picture is moved by at most: two pixels of 28."""

NOISY, SOFT = 0.2, 0.1
"""Share of the pictures under mild noise and mild blur: a generator's hand is seldom as clean as a camera."""


def moved(images: Tensor, rng: Generator, *, mirror: bool) -> Tensor:
    """Half of the pictures moved by a few whole pixels, with the border repeated; half mirrored, if allowed."""
    n, _, height, width = images.shape
    if mirror:
        images = torch.where(torch.rand(n, 1, 1, 1, generator=rng) < 0.5, images.flip(3), images)
    down, across = int(MOVE * height), int(MOVE * width)
    wide = functional.pad(images, (across, across, down, down), mode="replicate")
    still = torch.rand(n, generator=rng) < 0.5
    top = torch.randint(0, 2 * down + 1, (n,), generator=rng).where(~still, torch.tensor(down))
    left = torch.randint(0, 2 * across + 1, (n,), generator=rng).where(~still, torch.tensor(across))
    rows = (top[:, None] + torch.arange(height))[:, None, :, None]
    columns = (left[:, None] + torch.arange(width))[:, None, None, :]
    channels = torch.arange(images.shape[1])[None, :, None, None]
    taken: Tensor = wide[torch.arange(n)[:, None, None, None], channels, rows, columns]
    return taken


def restyled(images: Tensor, rng: Generator) -> Tensor:
    """The same pictures, some under mild noise, some a little soft."""
    n = len(images)
    soft = torch.rand(n, 1, 1, 1, generator=rng) < SOFT
    images = torch.where(soft, blurred(images, 0.5), images)
    strength = 0.08 * torch.rand(n, 1, 1, 1, generator=rng) * (torch.rand(n, 1, 1, 1, generator=rng) < NOISY)
    return (images + strength * torch.randn(images.shape, generator=rng)).clamp(0, 1)
