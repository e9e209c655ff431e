"""Mode seeking: what if the generator has to keep samples of different noise apart?"""

from dataclasses import dataclass
from typing import final

from torch import Tensor

from reference_gans.cures._base import Cure, Judge, Training

EPSILON = 1e-5
"""As in the authors' code: it bounds the penalty of a generator that does not hear its noise."""


@final
@dataclass(frozen=True)
class ModeSeeking(Cure):
    r"""Adds :math:`\lambda \left(\frac{d(G(z_1), G(z_2))}{d(z_1, z_2)} + \epsilon\right)^{-1}` to the G loss.

    ``d`` is the mean absolute difference over the batch, whose first half is paired with its second.
    Mao et al. 2019, https://arxiv.org/abs/1903.05628.

    How to read it: the penalty is the inverse of how strongly the generator hears its noise.

    Known traps: it raises the latent sensitivity by construction, so do not judge it by a measure of that. It
    has no bottom: a weight that is too large tears samples apart, off the data. It is at most
    :math:`\lambda / \epsilon`, and where samples are equal to the last digit its slope is 0: it cannot wake a
    generator that is dead. Of an odd batch the last sample has no partner.

    Args:
        weight: :math:`\lambda`.
    """

    weight: float = 1.0

    def g_penalty(self, d: Judge, z: Tensor, real: Tensor, fake: Tensor, run: Training) -> Tensor:
        """Inverse of the ratio of distances."""
        half = len(z) // 2
        apart = (fake[:half] - fake[half : 2 * half]).abs().mean()
        noise_apart = (z[:half] - z[half : 2 * half]).abs().mean()
        return self.weight / (apart / noise_apart + EPSILON)
