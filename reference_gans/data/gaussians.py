"""Where do the modes lie? Gaussians on a circle, on a grid, and two on a line: every mode is known."""

import math
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol, runtime_checkable

import torch
from torch import Tensor


@runtime_checkable
class Mixture(Protocol):
    """Equal Gaussians of known centres."""

    @property
    def centres(self) -> Tensor:
        """Where the modes lie, one a row."""

    @property
    def name(self) -> str:
        """As reports call it."""


@dataclass(frozen=True)
class Ring:
    """Equal Gaussians, evenly spaced on a circle, in the plane."""

    modes: int = 8
    radius: float = 2.0
    sd: float = 0.02

    @property
    def name(self) -> str:
        """As reports call it."""
        return f"ring of {self.modes} Gaussians"

    @property
    def centres(self) -> Tensor:
        """The ``modes`` centres, (modes, 2); the angle 2 pi is left out, since it is the angle 0 again."""
        angle = torch.arange(self.modes) * (2 * math.pi / self.modes)
        return self.radius * torch.stack([angle.cos(), angle.sin()], dim=1)

    @property
    def real(self) -> Tensor:
        """A fixed sample of 10,000 points."""
        return self.batch(10_000, torch.Generator().manual_seed(0))

    def batch(self, n: int, rng: torch.Generator) -> Tensor:
        """``n`` points, each from a centre drawn at random."""
        return _draw(self.centres, self.sd, n, rng)


@dataclass(frozen=True)
class Grid:
    """Equal Gaussians on a square grid about the origin, in the plane."""

    side: int = 5
    spacing: float = 2.0
    sd: float = 0.05

    @property
    def name(self) -> str:
        """As reports call it."""
        return f"grid of {self.side**2} Gaussians"

    @property
    def centres(self) -> Tensor:
        """The ``side ** 2`` centres, row by row."""
        line = self.spacing * (torch.arange(self.side) - (self.side - 1) / 2)
        return torch.cartesian_prod(line, line)

    @property
    def real(self) -> Tensor:
        """A fixed sample of 10,000 points."""
        return self.batch(10_000, torch.Generator().manual_seed(0))

    def batch(self, n: int, rng: torch.Generator) -> Tensor:
        """``n`` points, each from a centre drawn at random."""
        return _draw(self.centres, self.sd, n, rng)


@dataclass(frozen=True)
class TwoPeaks:
    """Two equal Gaussians on a line, at ``-at`` and ``at``."""

    at: float = 5.0
    sd: float = 1.0
    name: str = "two Gaussians"

    @property
    def centres(self) -> Tensor:
        """Both centres, (2, 1)."""
        return torch.tensor([[-self.at], [self.at]])

    @property
    def real(self) -> Tensor:
        """A fixed sample of 10,000 numbers."""
        return self.batch(10_000, torch.Generator().manual_seed(0))

    def batch(self, n: int, rng: torch.Generator) -> Tensor:
        """``n`` numbers, (n, 1), each from a peak drawn at random."""
        return _draw(self.centres, self.sd, n, rng)


def _draw(centres: Tensor, sd: float, n: int, rng: torch.Generator) -> Tensor:
    """``n`` rows, each from one of the centres."""
    centre = centres[torch.randint(len(centres), (n,), generator=rng)]
    return centre + sd * torch.randn(n, centres.shape[1], generator=rng)


def ring(data_root: Path | None = None) -> Ring:
    """Eight Gaussians of sd .02 on a circle of radius 2; ``data_root`` is not needed."""
    return Ring()


def grid(data_root: Path | None = None) -> Grid:
    """Twenty-five Gaussians of sd .05, two apart; ``data_root`` is not needed."""
    return Grid()


def two_peaks(data_root: Path | None = None) -> TwoPeaks:
    """Two Gaussians of sd 1 at -5 and 5; ``data_root`` is not needed."""
    return TwoPeaks()
