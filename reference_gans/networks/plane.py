"""Which networks play in the plane and on the line? Two hidden layers, or a single one."""

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


class Scale(nn.Module):
    """Numbers that many times as large: a wide field, drawn and judged by networks that see a narrow one."""

    def __init__(self, factor: float) -> None:
        super().__init__()
        self.factor = factor

    def forward(self, x: Tensor) -> Tensor:
        """``factor * x``."""
        return self.factor * x


class Waves(nn.Module):
    r"""Each number beside its sine and cosine at doubling frequencies: :math:`x, \sin 2^i x, \cos 2^i x`.

    A network of plain numbers learns slow functions first and fast ones hardly at all, so that a discriminator two
    wide does not see whether a mode of width .02 is as wide as it should be. Tancik et al., *Fourier Features Let
    Networks Learn High Frequency Functions in Low Dimensional Domains*, NeurIPS 2020.
    """

    def __init__(self, octaves: int) -> None:
        super().__init__()
        self.octaves = octaves

    def forward(self, x: Tensor) -> Tensor:
        """(n, d) to (n, d + 2 d octaves)."""
        turned = [2.0**i * x for i in range(self.octaves)]
        return torch.cat([x, *(wave(angle) for angle in turned for wave in (torch.sin, torch.cos))], dim=1)


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


def plane_discriminator(width: int = 128, octaves: int = 0) -> nn.Sequential:
    """Two hidden layers from a point of the plane to one logit; with octaves, from its ``Waves`` too."""
    seen = 2 + 4 * octaves
    waves = [Waves(octaves)] if octaves else []
    return nn.Sequential(
        *waves, nn.Linear(seen, width), nn.ReLU(), nn.Linear(width, width), nn.ReLU(), nn.Linear(width, 1)
    )


def grid_generator(latent: int, width: int = 128, noise_gain: float = 1.0) -> nn.Sequential:
    """Two hidden layers to a point of the grid, which is twice as wide as the ring."""
    return nn.Sequential(*plane_generator(latent, width, noise_gain), Scale(2.0))


def grid_discriminator(width: int = 128, octaves: int = 0) -> nn.Sequential:
    """Two hidden layers from a point of the grid, at half its size, to one logit; with octaves, from its ``Waves``."""
    return nn.Sequential(Scale(0.5), *plane_discriminator(width, octaves))
