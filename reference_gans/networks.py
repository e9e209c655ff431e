"""Which networks play? Small ones, that train within a minute on one core."""

import torch
from torch import Tensor, nn


class NoiseGain(nn.Module):
    """How strongly the generator hears its noise: 1 is as it comes, 0 not at all.

    A buffer, so that it travels with a checkpoint. It stands for every way in which noise gets lost before
    it reaches the first layer: a wrong scale, an annealing that goes too far, too much weight decay.
    """

    def __init__(self, gain: float = 1.0) -> None:
        super().__init__()
        self.gain: Tensor
        self.register_buffer("gain", torch.tensor(gain))

    def forward(self, z: Tensor) -> Tensor:
        """``gain * z``."""
        return self.gain * z


def conv_generator(latent: int, hidden: int = 128, width: int = 8, norm: bool = True) -> nn.Sequential:
    """DCGAN's generator for 28 x 28 pixels in [0, 1], with a hidden layer before it.

    ``norm`` is batch norm after every layer. It holds a batch apart, so a generator that is to collapse goes
    without.
    """

    def then(layer: nn.Module, normed: nn.Module) -> list[nn.Module]:
        return [layer, normed, nn.ReLU()] if norm else [layer, nn.LeakyReLU(0.2)]

    return nn.Sequential(
        NoiseGain(),
        *then(nn.Linear(latent, hidden), nn.BatchNorm1d(hidden)),
        nn.Linear(hidden, 2 * width * 49),
        *then(nn.Unflatten(1, (2 * width, 7, 7)), nn.BatchNorm2d(2 * width)),
        *then(nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1), nn.BatchNorm2d(width)),
        nn.ConvTranspose2d(width, 1, 4, stride=2, padding=1),
        nn.Sigmoid(),
    )


def mlp_generator(latent: int, width: int = 128, noise_gain: float = 1.0) -> nn.Sequential:
    """Three linear layers to 784 pixels in [0, 1], as (n, 1, 28, 28)."""
    return nn.Sequential(
        NoiseGain(noise_gain),
        nn.Linear(latent, width),
        nn.LeakyReLU(0.2),
        nn.Linear(width, 2 * width),
        nn.LeakyReLU(0.2),
        nn.Linear(2 * width, 784),
        nn.Sigmoid(),
        nn.Unflatten(1, (1, 28, 28)),
    )


def mlp_discriminator(width: int = 256) -> nn.Sequential:
    """Three linear layers from 784 pixels to one logit."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(784, 2 * width),
        nn.LeakyReLU(0.2),
        nn.Linear(2 * width, width),
        nn.LeakyReLU(0.2),
        nn.Linear(width, 1),
    )


def plane_generator(latent: int, width: int = 128, noise_gain: float = 1.0) -> nn.Sequential:
    """Two hidden layers to a point of the plane."""
    return nn.Sequential(
        NoiseGain(noise_gain),
        nn.Linear(latent, width),
        nn.ReLU(),
        nn.Linear(width, width),
        nn.ReLU(),
        nn.Linear(width, 2),
    )


def plane_discriminator(width: int = 128) -> nn.Sequential:
    """Two hidden layers from a point of the plane to one logit."""
    return nn.Sequential(nn.Linear(2, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1))
