"""DRAGAN: what if the discriminator must be gentle all around the real samples?"""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from reference_gans.cures._base import Cure, Judge, Training, squared_slopes
from reference_gans.cures._layers import refuse_batch_norm
from reference_gans.cures.gradient_penalty import norms


@final
@dataclass(frozen=True)
class Dragan(Cure):
    r"""Adds :math:`\lambda\,E\,(\lVert\nabla_x D(x + \delta)\rVert - 1)^2` over real ``x`` to the D loss.

    :math:`\delta = \text{spread} \cdot \text{sd}(X) \cdot U(0, 1)` for each number of a sample, with the
    standard deviation of the whole batch, as in the authors' code. Kodali et al. 2017,
    https://arxiv.org/abs/1705.07215, who hold sharp slopes around real samples to be what collapse begins
    with. Any game.

    How to read it: like R1 it acts near the data, but it asks for slope one, not for none.

    Known traps: the noise is one-sided, U(0, 1) and not U(-1, 1), as published. Real samples that are all
    alike have no spread, and the penalty then acts at the samples themselves. Networks with batch norm are
    refused, as for ``GradientPenalty``.

    Args:
        weight: :math:`\lambda`.
        spread: Reach of the noise in standard deviations of the batch.
    """

    weight: float = 10.0
    spread: float = 0.5

    def discriminator(self, d: nn.Module) -> nn.Module:
        """The network as it is, unless it holds batch norm."""
        return refuse_batch_norm(d, type(self).__name__)

    def d_penalty(self, d: Judge, real: Tensor, fake: Tensor, run: Training) -> Tensor:
        """Squared distance of the slopes from one, at noisy real samples."""
        noise = self.spread * real.std(correction=0) * torch.rand(real.shape, generator=run.rng).to(real.device)
        return self.weight * (norms(squared_slopes(d, real + noise)) - 1).square().mean()
