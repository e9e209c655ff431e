"""R1: what if the discriminator may not be steep where the real samples are?"""

from dataclasses import dataclass
from typing import final

from torch import Tensor

from reference_gans.cures._base import Cure, Judge, Training, squared_slope


@final
@dataclass(frozen=True)
class R1(Cure):
    r"""Adds :math:`\frac{\gamma}{2}\,E\,\lVert\nabla_x D(x)\rVert^2` over real ``x`` to the D loss.

    Keeps the discriminator flat where the data lie, so the generator is not chased from mode to mode.
    Mescheder et al. 2018, https://arxiv.org/abs/1801.04406.

    Args:
        gamma: Weight. Larger is steadier and slower. It has the unit of the data squared: for pixels
            in 0..1 a quarter of what it is for pixels in -1..1.
    """

    gamma: float = 0.1

    def d_penalty(self, d: Judge, real: Tensor, fake: Tensor, run: Training) -> Tensor:
        """Squared slope at the real batch."""
        return self.gamma / 2 * squared_slope(d, real)
