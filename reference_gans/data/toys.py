"""What is the least there is to learn? A single number, and the pattern 1010."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor


@dataclass(frozen=True)
class Point:
    """The same number again and again, as (n, 1)."""

    at: float = 0.0

    @property
    def real(self) -> Tensor:
        """A hundred times the number."""
        return torch.full((100, 1), self.at)

    def batch(self, n: int, rng: torch.Generator) -> Tensor:
        """``n`` times the number; nothing is drawn."""
        return torch.full((n, 1), self.at)


@dataclass(frozen=True)
class Pattern1010:
    """Rows of four numbers: high, low, high, low; high is uniform in [.8, 1], low in [0, .2]."""

    width: float = 0.2

    @property
    def real(self) -> Tensor:
        """A fixed sample of 10,000 rows."""
        return self.batch(10_000, torch.Generator().manual_seed(0))

    def batch(self, n: int, rng: torch.Generator) -> Tensor:
        """``n`` rows."""
        lowest = torch.tensor([1 - self.width, 0.0, 1 - self.width, 0.0])
        return lowest + self.width * torch.rand(n, 4, generator=rng)


def point(data_root: Path | None = None) -> Point:
    """The number zero; ``data_root`` is not needed."""
    return Point()


def pattern_1010(data_root: Path | None = None) -> Pattern1010:
    """The pattern 1010; ``data_root`` is not needed."""
    return Pattern1010()
