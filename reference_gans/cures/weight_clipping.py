"""WGAN's clipping: what if the critic's weights may not grow?"""

from dataclasses import dataclass
from typing import final

import torch

from reference_gans.cures._base import Cure, Training


@final
@dataclass(frozen=True)
class WeightClipping(Cure):
    r"""After each step of the critic every weight is clipped to :math:`[-c, c]`.

    A network with bounded weights is bounded in steepness, which turns the Wasserstein game's loss into an
    estimate of a distance. Arjovsky et al. 2017, https://arxiv.org/abs/1701.07875: with the game
    ``WASSERSTEIN``, ``d_steps=5``, and RMSProp at 5e-5 for both players.

    How to read it: watch minus the critic's loss; it should fall. Most weights sit at the two ends, which is
    what Gulrajani et al. 2017 (https://arxiv.org/abs/1704.00028) found and answered with a gradient penalty.

    Known traps: momentum in the critic's optimizer makes it unstable at times, says the paper; ``build`` makes Adam,
    so give a recipe ``betas=(0.0, 0.999)`` or set ``run.d_optimizer``. Small limits make slopes vanish through
    the layers, large ones make the critic slow to reach its best. Networks in which the limit is below the
    usual size of a fresh weight begin with a jump.

    Args:
        limit: :math:`c`.
    """

    limit: float = 0.01

    @torch.no_grad()
    def after_d_step(self, run: Training) -> None:
        """Clip every weight and bias."""
        for weight in run.discriminator.parameters():
            weight.clamp_(-self.limit, self.limit)
