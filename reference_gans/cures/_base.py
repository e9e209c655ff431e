"""What may a cure change about one training step?"""

from collections.abc import Callable
from typing import Protocol

import torch
from torch import Tensor, nn

from reference_gans.objectives import Game

Judge = Callable[[Tensor], Tensor]
"""Samples in, logits out: the discriminator, looking through every cure's glasses."""

Weights = dict[str, Tensor]
"""Parameters of a network by name, to be used in place of its own."""


class Training(Protocol):
    """What a cure may know of the run that it takes part in; all chance comes from ``rng``."""

    generator: nn.Module
    discriminator: nn.Module
    rng: torch.Generator
    step: int
    steps: int
    kept: dict[str, Tensor]
    """What cures remember from step to step, under keys of their own; it travels with a bundle."""

    def d(self, x: Tensor, weights: Weights | None = None) -> Tensor:
        """The judge; with ``weights``, the judge that it would be with these."""

    def d_terms(self, d: Judge, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """The discriminator's loss, and what the cures add to it."""


class Cure:
    """Hooks that do nothing; a cure overrides the few it needs, and is itself never subclassed.

    The first two act once, while a run is built; the others in every step, in this order. What a cure keeps
    lies in ``run.kept``, so that cures can be frozen and shared between runs.
    """

    def discriminator(self, d: nn.Module) -> nn.Module:
        """Change or refuse the network once, before training. May use torch's own chance, which is seeded."""
        return d

    def game(self, game: Game) -> Game:
        """Change or refuse the game once, before training."""
        return game

    def seen(self, x: Tensor, run: Training) -> Tensor:
        """Change what the discriminator sees of any batch, real or fake, in both players' turns."""
        return x

    def labels(self, real: Tensor, fake: Tensor, run: Training) -> tuple[Tensor, Tensor]:
        """Say which logits the discriminator is told are those of real samples, and which of fakes."""
        return real, fake

    def d_penalty(self, d: Judge, real: Tensor, fake: Tensor, run: Training) -> Tensor:
        """Add to the discriminator's loss."""
        return torch.zeros(())

    def after_d_step(self, run: Training) -> None:
        """Change the discriminator right after each of its steps."""

    def opponent(self, d: Judge, real: Tensor, fake: Tensor, run: Training) -> Judge:
        """Choose whom the generator plays against in its step; ``fake`` carries the generator's slopes."""
        return d

    def g_penalty(self, d: Judge, z: Tensor, real: Tensor, fake: Tensor, run: Training) -> Tensor:
        """Add to the generator's loss; ``fake`` is what the generator made of ``z``."""
        return torch.zeros(())

    def after_step(self, run: Training) -> None:
        """Remember something of the step that ends."""


def squared_slopes(d: Judge, x: Tensor) -> Tensor:
    r"""How steep ``d`` is at each row of ``x``: :math:`\lVert\nabla_x D(x)\rVert^2`, differentiable in ``d``.

    Where one logit judges several rows in a row (PacGAN), their slopes are one long slope.
    """
    x = x.detach().requires_grad_()
    logits = d(x)
    (slope,) = torch.autograd.grad(logits.sum(), x, create_graph=True)
    return slope.reshape(len(logits), -1).square().sum(dim=1)


def squared_slope(d: Judge, x: Tensor) -> Tensor:
    r"""How steep ``d`` is at ``x`` on average: :math:`E\,\lVert\nabla_x D(x)\rVert^2`."""
    return squared_slopes(d, x).mean()
