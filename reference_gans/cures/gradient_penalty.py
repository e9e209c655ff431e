"""WGAN-GP: what if the critic must rise at slope one between a real and a fake sample?"""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from reference_gans.cures._base import Cure, Judge, Training, squared_slopes
from reference_gans.cures._layers import refuse_batch_norm


@final
@dataclass(frozen=True)
class GradientPenalty(Cure):
    r"""Adds :math:`\lambda\,E\,(\lVert\nabla_x D(\hat x)\rVert - 1)^2` to the critic's loss.

    :math:`\hat x = u x + (1 - u)\,G(z)` with one :math:`u \sim U(0, 1)` for each pair. The best critic of the
    Wasserstein game has slope one almost everywhere on such lines. Gulrajani et al. 2017,
    https://arxiv.org/abs/1704.00028: with the game ``WASSERSTEIN``, ``d_steps=5``, rates 1e-4 and betas (0, .9).

    How to read it: minus the critic's loss (``run.d_loss`` leaves the penalty out) estimates a distance.

    Known traps: batch norm ties the samples of a batch together, so a slope at one of them means nothing: such
    networks are refused. It does not converge on the Dirac GAN (Mescheder et al. 2018,
    https://arxiv.org/abs/1801.04406). A network of slope zero, one that starts at 0 say, has no direction in
    which to grow steeper: there the slope of the norm is taken as 0.

    Args:
        weight: :math:`\lambda`.
    """

    weight: float = 10.0

    def discriminator(self, d: nn.Module) -> nn.Module:
        """The network as it is, unless it holds batch norm."""
        return refuse_batch_norm(d, type(self).__name__)

    def d_penalty(self, d: Judge, real: Tensor, fake: Tensor, run: Training) -> Tensor:
        """Squared distance of the slopes from one, on points between real and fake."""
        share = torch.rand(len(real), generator=run.rng).to(real.device).reshape(-1, *[1] * (real.ndim - 1))
        between = share * real + (1 - share) * fake
        return self.weight * (norms(squared_slopes(d, between)) - 1).square().mean()


def norms(squares: Tensor) -> Tensor:
    """Square roots whose slope at 0 is 0 instead of infinite."""
    flat = squares == 0
    return torch.where(flat, torch.ones_like(squares), squares).sqrt() * ~flat
