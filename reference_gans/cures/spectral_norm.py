"""Spectral norm: what if no layer of the discriminator may stretch anything?"""

from dataclasses import dataclass
from typing import final

from torch import nn
from torch.nn.utils import parametrizations

from reference_gans.cures._base import Cure
from reference_gans.cures._layers import named_layers


@final
@dataclass(frozen=True)
class SpectralNorm(Cure):
    r"""Every weight matrix is divided by its largest singular value, :math:`W / \sigma(W)`.

    With ReLU-like activations the network's slope is then at most one.
    Miyato et al. 2018, https://arxiv.org/abs/1802.05957: with the game ``HINGE``, rates 2e-4 and betas (0, .9).

    How to read it: logits can differ by no more than the distance of the samples, so losses stay near those at
    balance where the data are close together.

    Known traps: the largest singular value is followed by ``power_iterations`` a forward pass, so it is near
    one, not one, while weights move. For a convolution it is that of the reshaped kernel, not that of the
    convolution, and the slope may exceed one. It must be the last of the cures that change layers. A
    slope of one tells samples apart by their distance and no more: scale data with small distances up.

    Args:
        power_iterations: For each forward pass.
    """

    power_iterations: int = 1

    def discriminator(self, d: nn.Module) -> nn.Module:
        """The same network, with every linear and convolutional layer held."""
        for _, layer in named_layers(d):
            parametrizations.spectral_norm(layer, n_power_iterations=self.power_iterations)
        return d
