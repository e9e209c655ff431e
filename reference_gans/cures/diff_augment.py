"""DiffAugment: what if the discriminator sees every picture, real or fake, changed at random?"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from reference_gans.cures._base import Cure, Training


@final
@dataclass(frozen=True)
class DiffAugment(Cure):
    r"""The discriminator sees :math:`T(x)` and :math:`T(G(z))`, ``T`` drawn anew for each picture.

    Colour (brightness, saturation, contrast), then translation by up to an eighth of the picture, then a
    square of half its side blanked. All have slopes, so the generator learns through them. With few real
    pictures the discriminator cannot learn them by heart. Zhao et al. 2020, https://arxiv.org/abs/2006.10738.

    How to read it: samples themselves must not show the changes. If they do (grey squares, shifted digits),
    the changes leak: use fewer or weaker ones.

    Known traps: changing only the real pictures teaches the generator the changes. What is shifted or cut is
    filled with 0, which is black in 0..1 and grey in -1..1. Grey pictures have no saturation. Penalties look
    through it too, so R1 means the slope at a changed picture, counted in the unchanged one.

    Args:
        strength: From 0, nothing, to 1, as published; scales every range.
        transforms: Which of ``"colour"``, ``"translation"`` and ``"cutout"``, in this order.
    """

    strength: float = 1.0
    transforms: tuple[str, ...] = ("colour", "translation", "cutout")

    def __post_init__(self) -> None:
        unknown = set(self.transforms) - set(TRANSFORMS)
        if unknown:
            raise ValueError(f"`transforms` must be among {', '.join(TRANSFORMS)}, got {', '.join(sorted(unknown))}.")

    def seen(self, x: Tensor, run: Training) -> Tensor:
        """Freshly changed pictures."""
        if x.ndim != 4:
            raise ValueError(f"DiffAugment changes pictures (n, channels, height, width), got shape {tuple(x.shape)}.")
        for name in self.transforms:
            x = TRANSFORMS[name](x, self.strength, run.rng)
        return x


def colour(x: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Brighter or darker by up to a half; colours and contrast between none and twice, a half and one and a half."""
    brightness, saturation, contrast = (torch.rand(3, len(x), 1, 1, 1, generator=rng).to(x.device) - 0.5).unbind()
    x = x + strength * brightness
    x = x + 2 * strength * saturation * (x - x.mean(dim=1, keepdim=True))
    return x + strength * contrast * (x - x.mean(dim=(1, 2, 3), keepdim=True))


def translation(x: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """Moved by whole pixels, up to an eighth of the side either way; 0 comes in from outside."""
    n, _, height, width = x.shape
    rows, row_inside = _moved(n, height, strength, rng)
    columns, column_inside = _moved(n, width, strength, rng)
    inside = row_inside[:, :, None] & column_inside[:, None, :]
    picture = torch.arange(n)[:, None, None]
    moved: Tensor = x.permute(0, 2, 3, 1)[picture, rows[:, :, None], columns[:, None, :]]
    blanked: Tensor = moved.permute(0, 3, 1, 2) * inside[:, None]
    return blanked


def _moved(n: int, side: int, strength: float, rng: torch.Generator) -> tuple[Tensor, Tensor]:
    """For each picture, where its new pixels along one side come from, and which of them from inside."""
    reach = int(strength * side / 8 + 0.5)
    source = torch.arange(side) - torch.randint(-reach, reach + 1, (n, 1), generator=rng)
    return source.clamp(0, side - 1), (source >= 0) & (source < side)


def cutout(x: Tensor, strength: float, rng: torch.Generator) -> Tensor:
    """A square of half the side set to 0; its centre may lie anywhere in the picture."""
    n, _, height, width = x.shape
    in_rows, in_columns = _cut(n, height, strength, rng), _cut(n, width, strength, rng)
    cut = in_rows[:, :, None] & in_columns[:, None, :]
    return x * ~cut[:, None]


def _cut(n: int, side: int, strength: float, rng: torch.Generator) -> Tensor:
    length = int(strength * side / 2 + 0.5)
    first = torch.randint(side, (n, 1), generator=rng) - length // 2
    place = torch.arange(side)
    return (place >= first) & (place < first + length)


TRANSFORMS: dict[str, Callable[[Tensor, float, torch.Generator], Tensor]] = {
    "colour": colour,
    "translation": translation,
    "cutout": cutout,
}
"""All changes, by name."""
