"""What may a cure change about one training step?"""

from collections.abc import Callable

import torch
from torch import Tensor, nn

Judge = Callable[[Tensor], Tensor]
"""Samples in, one logit each out: the discriminator, looking through every cure's glasses."""


class Cure:
    """Hooks that do nothing; a cure overrides the few it needs, and is itself never subclassed."""

    def discriminator(self, d: nn.Module) -> nn.Module:
        """Change the network once, before training."""
        return d

    def seen(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """Change what the discriminator sees of any batch, real or fake."""
        return x

    def d_penalty(self, d: Judge, real: Tensor, fake: Tensor) -> Tensor:
        """Add to the discriminator's loss."""
        return torch.zeros(())


def squared_slope(d: Judge, x: Tensor) -> Tensor:
    r"""How steep ``d`` is at ``x``: :math:`E\,\lVert\nabla_x D(x)\rVert^2`, differentiable in ``d``."""
    x = x.detach().requires_grad_()
    (slope,) = torch.autograd.grad(d(x).sum(), x, create_graph=True)
    return slope.flatten(1).square().sum(dim=1).mean()
