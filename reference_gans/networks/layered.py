"""What if the layers were other ones? Fully connected networks for digits, with what people try as switches."""

from dataclasses import dataclass
from typing import Literal

import torch
from torch import Tensor, nn


@dataclass(frozen=True)
class Layers:
    """What a fully connected network is made of between its first and its last layer.

    Args:
        widths: Of the hidden layers, from the input on.
        slope: Of LeakyReLU below zero; ``None`` is a sigmoid.
        norm: What follows each activation.
        dropout: Share of each hidden layer that is left out; the rest is scaled up.
        pool: A discriminator first averages squares of so many pixels a side.
    """

    widths: tuple[int, ...] = (200,)
    slope: float | None = None
    norm: Literal["none", "batch", "layer"] = "none"
    dropout: float = 0.0
    pool: int = 1

    def hidden(self, inputs: int) -> list[nn.Module]:
        """The hidden layers."""
        made: list[nn.Module] = []
        for width in self.widths:
            made += [nn.Linear(inputs, width), nn.Sigmoid() if self.slope is None else nn.LeakyReLU(self.slope)]
            if self.norm != "none":
                made.append(nn.BatchNorm1d(width) if self.norm == "batch" else nn.LayerNorm(width))
            made += [OwnDropout(self.dropout)] if self.dropout else []
            inputs = width
        return made

    @property
    def last(self) -> int:
        """Numbers that reach the last layer."""
        return self.widths[-1]


class OwnDropout(nn.Module):
    """Dropout whose chance is its own: torch's draws from the global state, and a seed would not fix the run."""

    def __init__(self, share: float) -> None:
        super().__init__()
        self.share = share
        self.chance: Tensor
        self.register_buffer("chance", torch.tensor([int(torch.randint(2**31, ())), 0]))  # seed and calls so far

    def forward(self, x: Tensor) -> Tensor:
        """``x`` with a share of its numbers left out, while training."""
        if not self.training:
            return x
        self.chance[1] += 1
        rng = torch.Generator().manual_seed(int(self.chance.sum()))
        kept = (torch.rand(x.shape, generator=rng) >= self.share).to(x.device, x.dtype)
        return x * kept / (1 - self.share)


def picture_generator(latent: int, layers: Layers = Layers()) -> nn.Sequential:
    """A latent to 784 pixels in [0, 1], as (n, 1, 28, 28)."""
    return nn.Sequential(
        *layers.hidden(latent), nn.Linear(layers.last, 784), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28))
    )


def picture_discriminator(layers: Layers = Layers()) -> nn.Sequential:
    """784 pixels to one logit."""
    pooled = [nn.AvgPool2d(layers.pool)] if layers.pool > 1 else []
    pixels = (28 // layers.pool) ** 2
    return nn.Sequential(*pooled, nn.Flatten(), *layers.hidden(pixels), nn.Linear(layers.last, 1))
