"""What does a picture look like that is not a digit? Each kind is one function with its own generator."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import torch
from torch import Generator, Tensor
from torch.nn import functional


@dataclass(frozen=True)
class Digits:
    """Real digits: ``images`` is ``(n, 1, 28, 28)`` in [0, 1], ``labels`` ``(n,)``."""

    images: Tensor
    labels: Tensor

    def draw(self, n: int, rng: Generator) -> Tensor:
        """``n`` random pictures, with replacement."""
        return self.images[torch.randint(len(self.images), (n,), generator=rng)]

    def draw_distinct(self, n: int, k: int, rng: Generator) -> Tensor:
        """``(n, k, 1, 28, 28)``: in each row ``k`` pictures of ``k`` different digits."""
        order = self.labels.argsort(stable=True)
        counts = torch.bincount(self.labels, minlength=10)
        classes = torch.rand(n, 10, generator=rng).argsort(dim=1)[:, :k]
        within = (torch.rand(n, k, generator=rng) * counts[classes]).long()
        return self.images[order[(counts.cumsum(0) - counts)[classes] + within]]


T = TypeVar("T")

Kind = Callable[[Digits, int, Generator], Tensor]
"""A kind of garbage: real digits, how many, the random numbers -> ``(n, 1, 28, 28)`` in [0, 1]."""


def uniform(low: float, high: float, n: int, rng: Generator) -> Tensor:
    """One number a picture: ``(n, 1, 1, 1)``."""
    return low + (high - low) * torch.rand(n, 1, 1, 1, generator=rng)


def noise(n: int, rng: Generator, *, normal: bool = True) -> Tensor:
    """One number a pixel: ``(n, 1, 28, 28)``."""
    draw = torch.randn if normal else torch.rand
    return draw(n, 1, 28, 28, generator=rng)


def blur(images: Tensor, sigma: float) -> Tensor:
    """Gaussian blur with black beyond the border."""
    radius = math.ceil(3 * sigma)
    taps = torch.exp(-0.5 * (torch.arange(-radius, radius + 1) / sigma) ** 2)
    taps = taps / taps.sum()
    rows = functional.conv2d(images, taps.view(1, 1, 1, -1), padding=(0, radius))
    return functional.conv2d(rows, taps.view(1, 1, -1, 1), padding=(radius, 0))


def _by_turns(images: Tensor, change: Callable[[Tensor, T], Tensor], settings: Sequence[T]) -> Tensor:
    """Give each setting of a change its own share of the rows."""
    parts = images.chunk(len(settings))
    return torch.cat([change(part, setting) for part, setting in zip(parts, settings, strict=False)])


# --- kinds that the classifier is trained to set aside -------------------------------------------------


def uniform_noise(digits: Digits, n: int, rng: Generator) -> Tensor:
    """Every pixel even in [0, a], a from 0.2 to 1."""
    return noise(n, rng, normal=False) * uniform(0.2, 1.2, n, rng).clamp(max=1)


def gaussian_noise(digits: Digits, n: int, rng: Generator) -> Tensor:
    """Gaussian pixels around a level, clamped; several levels and spreads."""
    return (uniform(-0.3, 0.6, n, rng) + uniform(0.05, 1, n, rng) * noise(n, rng)).clamp(0, 1)


def cloud(digits: Digits, n: int, rng: Generator) -> Tensor:
    """Gaussian noise blurred with sigma 1, 2 or 3, rescaled, clamped: soft random blobs."""
    fields = _by_turns(noise(n, rng), blur, (0.7, 1.0, 2.0, 3.0))
    fields = fields / fields.flatten(1).std(dim=1).view(-1, 1, 1, 1)
    return (uniform(-0.5, 0.5, n, rng) + uniform(0.2, 0.7, n, rng) * fields).clamp(0, 1)


def average_of_several(digits: Digits, n: int, rng: Generator) -> Tensor:
    """Mean of 3 to 6 different digits, some with their contrast stretched."""
    means = torch.cat([digits.draw_distinct(math.ceil(n / 4), k, rng).mean(dim=1) for k in (3, 4, 5, 6)])[:n]
    return (means * uniform(0.6, 2, n, rng)).clamp(0, 1)


def heavy_blur(digits: Digits, n: int, rng: Generator) -> Tensor:
    """A digit blurred with sigma 1.8 to 4, half of them stretched to full contrast."""
    soft = _by_turns(digits.draw(n, rng), blur, (1.8, 2.0, 2.0, 2.5, 3.0, 4.0))
    stretched = soft / soft.flatten(1).amax(dim=1).clamp(min=1e-3).view(-1, 1, 1, 1)
    return torch.where(uniform(0, 1, n, rng) < 0.5, soft, stretched)


def _shuffle_patches(images: Tensor, patch: int, rng: Generator) -> Tensor:
    n, cells = len(images), (28 // patch) ** 2
    columns = functional.unfold(images, patch, stride=patch)
    order = torch.rand(n, cells, generator=rng).argsort(dim=1)
    return functional.fold(columns.gather(2, order[:, None].expand_as(columns)), 28, patch, stride=patch)


def patch_shuffle(digits: Digits, n: int, rng: Generator) -> Tensor:
    """A digit cut into patches of 2, 4 or 7 pixels and put together at random."""
    return _by_turns(digits.draw(n, rng), partial(_shuffle_patches, rng=rng), (2, 4, 7, 7))


def inverted(digits: Digits, n: int, rng: Generator) -> Tensor:
    """Black ink on white, also at low contrast."""
    return 1 - digits.draw(n, rng) * uniform(0.4, 1.3, n, rng).clamp(max=1)


def speckled_digit(digits: Digits, n: int, rng: Generator) -> Tensor:
    """A digit of which only isolated pixels are left: each is lit with a chance that follows the ink."""
    ink = digits.draw(n, rng)
    soft = torch.where(uniform(0, 1, n, rng) < 0.5, ink, blur(ink, 1.0))
    lit = (noise(n, rng, normal=False) < uniform(0.15, 0.5, n, rng) * soft).float()
    salt = (noise(n, rng, normal=False) < uniform(0, 0.05, n, rng)).float()
    return torch.maximum(lit, salt) * torch.where(
        uniform(0, 1, n, rng) < 0.5, torch.ones(()), 0.4 + 0.6 * noise(n, rng, normal=False)
    )


def speckled_average(digits: Digits, n: int, rng: Generator) -> Tensor:
    """The speckle of a collapsed MLP GAN: pixels lit at random under the mean of a few digits."""
    means = torch.cat([digits.draw_distinct(math.ceil(n / 3), k, rng).mean(dim=1) for k in (2, 3, 5)])[:n]
    chance = (means * uniform(0.6, 2, n, rng) + uniform(0, 0.08, n, rng)).clamp(0, 1)
    lit = (noise(n, rng, normal=False) < chance).float()
    grey = 0.3 + 0.7 * noise(n, rng, normal=False)
    return torch.where(uniform(0, 1, n, rng) < 0.5, lit, lit * grey)


def salted_average(digits: Digits, n: int, rng: Generator) -> Tensor:
    """A mean of 2 or 3 digits under salt and uneven noise."""
    means = torch.cat([digits.draw_distinct(math.ceil(n / 2), k, rng).mean(dim=1) for k in (2, 3)])[:n]
    salt = (noise(n, rng, normal=False) < uniform(0.03, 0.2, n, rng)).float() * noise(n, rng, normal=False)
    return (means * uniform(0.7, 1.6, n, rng) + salt + uniform(0, 0.2, n, rng) * noise(n, rng)).clamp(0, 1)


def drowned_digit(digits: Digits, n: int, rng: Generator) -> Tensor:
    """A digit under so much noise that little of it is left."""
    ink = digits.draw(n, rng) * uniform(0.3, 1, n, rng)
    return (ink + uniform(0.45, 1, n, rng) * noise(n, rng)).clamp(0, 1)


def fragment(digits: Digits, n: int, rng: Generator) -> Tensor:
    """Half-drawn strokes: what falls into a window of 6 to 10 pixels, the rest is black."""
    rows, columns = torch.arange(28).view(1, 1, 28, 1), torch.arange(28).view(1, 1, 1, 28)
    top, left = uniform(4, 16, n, rng), uniform(4, 16, n, rng)
    height, width = uniform(5, 9, n, rng), uniform(6, 10, n, rng)
    window = (rows >= top) & (rows < top + height) & (columns >= left) & (columns < left + width)
    return digits.draw(n, rng) * window


def near_black(digits: Digits, n: int, rng: Generator) -> Tensor:
    """Next to nothing: a few lit pixels or faint noise on black."""
    lit = (noise(n, rng, normal=False) < uniform(0, 0.03, n, rng)).float() * noise(n, rng, normal=False)
    return (lit + uniform(0, 0.08, n, rng) * noise(n, rng)).clamp(0, 1) * uniform(0, 1, n, rng)


TRAINED: dict[str, Kind] = {
    kind.__name__: kind
    for kind in (
        uniform_noise,
        gaussian_noise,
        cloud,
        average_of_several,
        heavy_blur,
        patch_shuffle,
        inverted,
        speckled_digit,
        speckled_average,
        salted_average,
        drowned_digit,
        fragment,
        near_black,
    )
}
"""Kinds that the classifier sees while it learns. Clothes and early GANs come on top, from the script."""
