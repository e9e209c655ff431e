"""Which convolutional networks do the sources use? A student's DCGAN, and the field's for stacked digits."""

from itertools import pairwise

from torch import nn


def student_generator(latent: int, *, size: int = 64, width: int = 64, slope: float = 0.0) -> nn.Sequential:
    """Transposed convolutions (kernel 4) from a latent to one picture in [-1, 1], batch norm between them.

    At full size 100-512-256-128-64-1. ``slope`` is that of the activations below zero. The report says ReLU,
    which is 0. The code says ``LeakyReLU(True)``, whose first argument is the slope: 1, and the network is
    linear between its batch norms.

    Args:
        latent: Dimensions of the noise, which comes as (n, latent).
        size: Pixels a side, 32 or 64.
        width: Channels before the last layer.
        slope: Of the activations, below zero.
    """
    channels = [width * 2**i for i in reversed(range(_doublings(size)))]
    layers: list[nn.Module] = [
        nn.Unflatten(1, (latent, 1, 1)),
        nn.ConvTranspose2d(latent, channels[0], 4, bias=False),
    ]
    for wide, narrow in zip(channels, [*channels[1:], 1], strict=True):
        layers += [nn.BatchNorm2d(wide), nn.LeakyReLU(slope)]
        layers += [nn.ConvTranspose2d(wide, narrow, 4, stride=2, padding=1, bias=False)]
    return nn.Sequential(*layers, nn.Tanh())


def student_discriminator(*, size: int = 64, width: int = 64) -> nn.Sequential:
    """Convolutions (kernel 4) to one logit: 64-128-256-512-1 at full size, LeakyReLU .2 and batch norm.

    The first layer goes without batch norm, as in the DCGAN paper; the sigmoid at the end is the game's.
    """
    channels = [width * 2**i for i in range(_doublings(size))]
    layers: list[nn.Module] = [nn.Conv2d(1, width, 4, stride=2, padding=1, bias=False), nn.LeakyReLU(0.2)]
    for narrow, wide in pairwise(channels):
        layers += [nn.Conv2d(narrow, wide, 4, stride=2, padding=1, bias=False), nn.BatchNorm2d(wide), nn.LeakyReLU(0.2)]
    return nn.Sequential(*layers, nn.Conv2d(channels[-1], 1, 4, bias=False), nn.Flatten())


def _doublings(size: int) -> int:
    """How often 4 pixels are doubled to ``size``."""
    if size not in (32, 64):
        raise ValueError(f"pictures of 32 or 64 pixels a side are needed, got {size}: choose one of them.")
    return {32: 3, 64: 4}[size]


def stack_generator(latent: int, width: int = 8) -> nn.Sequential:
    """Latent to three colours of 28 x 28 in [0, 1]: a linear layer to 4 x 4, three transposed convolutions.

    Channels 64-32-16-8-3 at the usual width, as in the small-discriminator test of *Unrolled GANs*; batch norm
    and ReLU between the layers.
    """
    a, b, c, d = 8 * width, 4 * width, 2 * width, width

    def up(wide: int, narrow: int, extra: int) -> list[nn.Module]:
        layer = nn.ConvTranspose2d(wide, narrow, 3, stride=2, padding=1, output_padding=extra)
        return [layer, nn.BatchNorm2d(narrow), nn.ReLU()]

    return nn.Sequential(
        nn.Linear(latent, a * 16),
        nn.Unflatten(1, (a, 4, 4)),
        nn.BatchNorm2d(a),
        nn.ReLU(),
        *up(a, b, 0),  # 7 x 7
        *up(b, c, 1),  # 14 x 14
        *up(c, d, 1),  # 28 x 28
        nn.Conv2d(d, 3, 3, padding=1),
        nn.Sigmoid(),
    )


def stack_discriminator(share: float = 1.0) -> nn.Sequential:
    """Three colours to one logit; ``share`` of the channels 8-16-32: a small one cannot tell a thousand modes apart."""
    a, b, c = (int(share * channels) for channels in (8, 16, 32))
    return nn.Sequential(
        nn.Conv2d(3, a, 3, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(a, b, 3, stride=2, padding=1),
        nn.BatchNorm2d(b),
        nn.LeakyReLU(0.2),
        nn.Conv2d(b, c, 3, stride=2, padding=1),
        nn.BatchNorm2d(c),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(c * 16, 1),
    )


def quick_stack_generator(latent: int, width: int = 16) -> nn.Sequential:
    """Latent to three colours of 28 x 28 in [0, 1] by two transposed convolutions, for two cores."""
    return nn.Sequential(
        nn.Linear(latent, 2 * width * 49, bias=False),
        nn.Unflatten(1, (2 * width, 7, 7)),
        nn.BatchNorm2d(2 * width),
        nn.LeakyReLU(0.2),
        nn.ConvTranspose2d(2 * width, width, 4, stride=2, padding=1, bias=False),
        nn.BatchNorm2d(width),
        nn.LeakyReLU(0.2),
        nn.ConvTranspose2d(width, 3, 4, stride=2, padding=1),
        nn.Sigmoid(),
    )


def quick_stack_discriminator(width: int = 512, share: float = 1.0) -> nn.Sequential:
    """Three linear layers from three colours to one logit: slopes of slopes are quick; ``share`` of the widths."""
    wide, narrow = int(share * width), int(share * width) // 2
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(3 * 784, wide),
        nn.LeakyReLU(0.2),
        nn.Linear(wide, narrow),
        nn.LeakyReLU(0.2),
        nn.Linear(narrow, 1),
    )
