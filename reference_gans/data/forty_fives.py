"""Can forty images be learnt one by one? Few enough to see which of them come out."""

import math
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

from reference_gans.data.pictures import digits

FIVES = 40
"""How many images of the digit five the small set holds: few enough to see which of them come out."""


@dataclass(frozen=True)
class Fives:
    """Forty images of the digit five, each turned and scaled a little anew whenever it is drawn."""

    base: Tensor
    degrees: float = 5.0
    zoom: float = 0.1

    @property
    def real(self) -> Tensor:
        """Fifty fresh views of every base image: the data set as the loop sees it."""
        views = self.base.repeat(50, 1, 1, 1)
        return turn_and_scale(views, self.degrees, self.zoom, torch.Generator().manual_seed(0))

    def batch(self, n: int, rng: torch.Generator) -> Tensor:
        """``n`` of the images, without repeats while they last, freshly augmented."""
        rounds = [torch.randperm(len(self.base), generator=rng) for _ in range(math.ceil(n / len(self.base)))]
        return turn_and_scale(self.base[torch.cat(rounds)[:n]], self.degrees, self.zoom, rng)


def turn_and_scale(images: Tensor, degrees: float, zoom: float, rng: torch.Generator) -> Tensor:
    """Turn every image by up to ``degrees``, and scale it by up to the share ``zoom``, either way."""
    angle, scale = (2 * torch.rand(2, len(images), generator=rng) - 1).unbind()
    angle, scale = angle * math.radians(degrees), 1 + zoom * scale
    cos, sin, zero = angle.cos() / scale, angle.sin() / scale, torch.zeros(len(images))
    # affine_grid says where each output pixel comes from, hence the division by the scale.
    back = torch.stack([torch.stack([cos, -sin, zero], 1), torch.stack([sin, cos, zero], 1)], 1)
    grid = functional.affine_grid(back, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, align_corners=False)


def fives(data_root: Path | None = None) -> Fives:
    """The first forty images of the digit five."""
    every = digits(data_root)
    return Fives(every.real[every.labels == 5][:FIVES])
