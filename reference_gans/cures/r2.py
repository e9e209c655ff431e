"""R2: what if the discriminator may not be steep where the fake samples are?"""

from dataclasses import dataclass
from typing import final

from torch import Tensor

from reference_gans.cures._base import Cure, Judge, Training, squared_slope


@final
@dataclass(frozen=True)
class R2(Cure):
    r"""Adds :math:`\frac{\gamma}{2}\,E\,\lVert\nabla_x D(x)\rVert^2` over fake ``x`` to the D loss.

    The partner of R1: what drives the generator is the slope at its own samples. In a relativistic game R1
    alone diverges on Stacked MNIST, and R1 with R2 reaches all 1,000 modes (Huang et al. 2024,
    https://arxiv.org/abs/2501.05441). From Mescheder et al. 2018, https://arxiv.org/abs/1801.04406.

    Args:
        gamma: Weight, as in R1.
    """

    gamma: float = 0.1

    def d_penalty(self, d: Judge, real: Tensor, fake: Tensor, run: Training) -> Tensor:
        """Squared slope at the fake batch."""
        return self.gamma / 2 * squared_slope(d, fake)
