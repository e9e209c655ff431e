"""Which networks play where samples are a few numbers? One parameter each, the pattern 1010, two peaks on a line."""

import torch
from torch import Tensor, nn


class Position(nn.Module):
    """A generator of one parameter: it says the same number whatever the noise."""

    def __init__(self) -> None:
        super().__init__()
        self.at = nn.Parameter(torch.empty(1).uniform_(0.5, 1.5))

    def forward(self, z: Tensor) -> Tensor:
        """``at``, once for each row of ``z``."""
        return self.at.expand(len(z), 1)


class Slope(nn.Module):
    """A discriminator of one parameter, ``rise * x``; it begins undecided."""

    def __init__(self) -> None:
        super().__init__()
        self.rise = nn.Parameter(torch.zeros(1))

    def forward(self, x: Tensor) -> Tensor:
        """The logit."""
        return self.rise * x


def position(latent: int) -> nn.Module:
    """The generator of one parameter."""
    return Position()


def slope() -> nn.Module:
    """The discriminator of one parameter."""
    return Slope()


def pattern_generator(latent: int) -> nn.Sequential:
    """1-3-4, sigmoids."""
    return nn.Sequential(nn.Linear(latent, 3), nn.Sigmoid(), nn.Linear(3, 4), nn.Sigmoid())


def pattern_discriminator() -> nn.Sequential:
    """4-3-1; the last sigmoid is the game's."""
    return nn.Sequential(nn.Linear(4, 3), nn.Sigmoid(), nn.Linear(3, 1))


def line_generator(latent: int, width: int = 15) -> nn.Sequential:
    """One hidden layer to a number."""
    return nn.Sequential(nn.Linear(latent, width), nn.ReLU(), nn.Linear(width, 1))


def line_discriminator(width: int = 25) -> nn.Sequential:
    """One hidden layer from a number to one logit."""
    return nn.Sequential(nn.Linear(1, width), nn.ReLU(), nn.Linear(width, 1))


@torch.no_grad()
def keras_start(network: nn.Module) -> nn.Module:
    r"""Start every linear layer as Keras' ``Dense`` does, and hand the network back.

    Weights are Glorot uniform, within :math:`\pm\sqrt{6 / (inputs + outputs)}`, biases zero. PyTorch's own
    start is :math:`\pm 1/\sqrt{inputs}` for both, so that a layer of one input has biases of up to 1.
    """
    for layer in network.modules():
        if isinstance(layer, nn.Linear):
            nn.init.xavier_uniform_(layer.weight)
            nn.init.zeros_(layer.bias)
    return network
