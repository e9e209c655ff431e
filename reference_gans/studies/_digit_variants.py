"""How may a picture of a digit vary and still be a digit? Augmentations, and the cases that must be kept."""

from collections.abc import Callable

import torch
from torch import Generator, Tensor
from torch.nn import functional

from reference_gans.studies._garbage import blur, noise, uniform

Look = Callable[[Tensor, Generator], Tensor]
"""Changes pictures ``(n, 1, 28, 28)`` with random numbers of its own."""


def bend(images: Tensor, rng: Generator) -> Tensor:
    """Small rotation, scale, shear and shift, and a mild elastic field."""
    n = len(images)
    angle, shear, scale_x, scale_y = (
        uniform(low, high, n, rng).flatten() for low, high in ((-0.22, 0.22), (-0.2, 0.2), (0.87, 1.15), (0.87, 1.15))
    )
    shift = (torch.rand(n, 2, generator=rng) * 2 - 1) * (2.2 / 14)
    cos, sin = angle.cos(), angle.sin()
    top = torch.stack([cos * scale_x, (shear * cos - sin) * scale_x, shift[:, 0]], dim=1)
    bottom = torch.stack([sin * scale_y, (shear * sin + cos) * scale_y, shift[:, 1]], dim=1)
    grid = functional.affine_grid(torch.stack([top, bottom], dim=1), [n, 1, 28, 28], align_corners=False)
    waves = torch.randn(n, 2, 5, 5, generator=rng) * uniform(0, 0.07, n, rng)
    waves = functional.interpolate(waves, size=(28, 28), mode="bicubic", align_corners=True)
    grid = grid + waves.permute(0, 2, 3, 1)
    return functional.grid_sample(images, grid, padding_mode="zeros", align_corners=False)


def thick(images: Tensor, rng: Generator) -> Tensor:
    """A stroke about one pixel wider."""
    return torch.lerp(images, functional.max_pool2d(images, 3, 1, 1), uniform(0.3, 0.9, len(images), rng))


def thin(images: Tensor, rng: Generator) -> Tensor:
    """A stroke about one pixel narrower."""
    upright = functional.max_pool2d(-images, (3, 1), 1, (1, 0))
    cross = -torch.maximum(upright, functional.max_pool2d(-images, (1, 3), 1, (0, 1)))
    return torch.lerp(images, cross, uniform(0.2, 0.6, len(images), rng))


def faint(images: Tensor, rng: Generator) -> Tensor:
    """Ink down to a level of 0.3."""
    return images * uniform(0.3, 0.9, len(images), rng)


def noisy(images: Tensor, rng: Generator) -> Tensor:
    """Gaussian noise of sigma up to 0.15, clamped."""
    return images + uniform(0.02, 0.15, len(images), rng) * noise(len(images), rng)


def dotted(images: Tensor, rng: Generator) -> Tensor:
    """A fine checkerboard or stripes, as transposed convolutions leave them: on the ink, or added faintly."""
    n = len(images)
    rows, columns = torch.arange(28).view(1, 1, 28, 1), torch.arange(28).view(1, 1, 1, 28)
    offset = torch.randint(2, (n, 2, 1, 1, 1), generator=rng)
    odd_row, odd_column = (rows + offset[:, 0]) % 2, (columns + offset[:, 1]) % 2
    pick = torch.randint(4, (n, 1, 1, 1), generator=rng)
    both, either = odd_row * odd_column, (odd_row + odd_column) % 2
    lines = torch.where(pick == 2, odd_row, odd_column)
    mask = torch.where(pick == 0, both, torch.where(pick == 1, either, lines))
    on_ink, added = uniform(0, 0.5, n, rng), uniform(0, 0.15, n, rng) * (uniform(0, 1, n, rng) < 0.5)
    return images * (1 - on_ink * mask) + added * mask


def soft(images: Tensor, rng: Generator) -> Tensor:
    """Blurred with sigma 0.4 to 0.8."""
    parts = images.chunk(3)
    return torch.cat([blur(part, sigma) for part, sigma in zip(parts, (0.45, 0.6, 0.8), strict=False)])


def hard(images: Tensor, rng: Generator) -> Tensor:
    """Edges as a sigmoid or tanh output makes them: nearly black and white."""
    n = len(images)
    return torch.sigmoid(uniform(6, 25, n, rng) * (blur(images, 0.5) - uniform(0.25, 0.5, n, rng)))


def blocky(images: Tensor, rng: Generator) -> Tensor:
    """A part of the detail is lost within blocks of 2 pixels."""
    blocks = functional.interpolate(functional.avg_pool2d(images, 2), scale_factor=2)
    return torch.lerp(images, blocks, uniform(0.3, 0.9, len(images), rng))


def crumbs(images: Tensor, rng: Generator) -> Tensor:
    """Up to 2 in 100 pixels wrong: lit on black, or missing from the ink."""
    n = len(images)
    wrong = noise(n, rng, normal=False) < uniform(0.002, 0.02, n, rng)
    return torch.where(wrong, noise(n, rng, normal=False), images)


LOOKS = (thick, thin, faint, noisy, dotted, soft, hard, blocky, crumbs)
"""Each changes how a digit looks and not which digit it is."""

RATES: dict[Look, float] = {faint: 0.25, noisy: 0.2, dotted: 0.15, soft: 0.12, thick: 0.1, thin: 0.1}
"""Share of the training digits that get a look; the others come at 0.08."""


def restyle(images: Tensor, rng: Generator) -> Tensor:
    """The same digits after up to a few looks, in random order; about a third get none."""
    varied, n = images.clone(), len(images)
    for index in torch.randperm(len(LOOKS), generator=rng).tolist():
        look = LOOKS[index]
        rows = (torch.rand(n, generator=rng) < RATES.get(look, 0.08)).nonzero()[:, 0]
        if len(rows):
            varied[rows] = look(varied[rows], rng)
    return varied.clamp(0, 1)


def vary(images: Tensor, rng: Generator) -> tuple[Tensor, Tensor]:
    """Bent digits, and the same after up to a few looks in random order (about a third get none)."""
    bent = torch.where(uniform(0, 1, len(images), rng) < 0.93, bend(images, rng), images)
    return bent.clamp(0, 1), restyle(bent, rng)
