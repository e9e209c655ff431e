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
class Bits:
    """Coins first, then N(0, 1): so many inputs of -1 or 1, and normal ones for the rest.

    A continuous generator of continuous noise cannot tear its samples apart: between two modes lies a bridge, however
    thin. Coins are apart already, ``2 ** coins`` times, and each side of a coin can go to a mode of its own; nobody
    has to say how many modes there are. Noise of separate pieces is studied by Khayatkhoei, Elgammal, Singh,
    *Disconnected Manifold Learning for Generative Adversarial Networks*, NeurIPS 2018.
    """

    coins: int

    def __call__(self, n: int, latent: int, rng: torch.Generator) -> Tensor:
        """``n`` latents, the first ``coins`` inputs of each tossed."""
        if not 0 < self.coins <= latent:
            raise ValueError(f"a latent of {self.coins} inputs or more is needed for so many coins, got {latent}.")
        tossed = torch.randint(0, 2, (n, self.coins), generator=rng) * 2.0 - 1
        return torch.cat([tossed, torch.randn(n, latent - self.coins, generator=rng)], dim=1)


@dataclass(frozen=True)
class Moved:
    """Noise drawn on the CPU, so that a seed means the same everywhere, then moved to a device."""

    draw: Draw
    device: torch.device

    def __call__(self, n: int, latent: int, rng: torch.Generator) -> Tensor:
        """Draw and move."""
        return self.draw(n, latent, rng).to(self.device)
