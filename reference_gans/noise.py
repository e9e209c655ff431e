"""What does the generator hear? The kinds of noise that recipes name."""

from collections.abc import Callable
from dataclasses import dataclass

import torch
from torch import Tensor

Draw = Callable[[int, int, torch.Generator], Tensor]
"""How many, of how many dimensions, from which chance -> latents."""


def normal(n: int, latent: int, rng: torch.Generator) -> Tensor:
    """N(0, 1) in every dimension."""
    return torch.randn(n, latent, generator=rng)


def uniform(n: int, latent: int, rng: torch.Generator) -> Tensor:
    """Uniform in [0, 1) in every dimension."""
    return torch.rand(n, latent, generator=rng)


def constant(n: int, latent: int, rng: torch.Generator) -> Tensor:
    """A half, always: no noise at all."""
    return torch.full((n, latent), 0.5)


@dataclass(frozen=True)
class Moved:
    """Noise drawn on the CPU, so that a seed means the same everywhere, then moved to a device."""

    draw: Draw
    device: torch.device

    def __call__(self, n: int, latent: int, rng: torch.Generator) -> Tensor:
        """Draw and move."""
        return self.draw(n, latent, rng).to(self.device)
