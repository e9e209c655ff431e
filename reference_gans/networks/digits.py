"""Which networks play in the bundled digits? Small ones, that train within a minute on one core."""

from torch import nn

from reference_gans.networks.plane import NoiseGain


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


def upsampling_generator(latent: int, width: int = 16) -> nn.Sequential:
    """A latent to 28 x 28 pixels in [0, 1] as tutorials draw them: twice every pixel doubled, then convolved."""

    def doubled() -> list[nn.Module]:
        return [nn.Upsample(scale_factor=2), nn.Conv2d(width, width, 3, padding=1), nn.LeakyReLU(0.2)]

    return nn.Sequential(
        nn.Linear(latent, width * 49),
        nn.LeakyReLU(0.2),
        nn.Unflatten(1, (width, 7, 7)),
        *doubled(),
        *doubled(),
        nn.Conv2d(width, 1, 3, padding=1),
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


def conv_discriminator(width: int = 16) -> nn.Sequential:
    """Two strided convolutions, the second under batch norm, and a linear layer to one logit, as in tutorials."""
    return nn.Sequential(
        nn.Conv2d(1, width, 3, stride=2, padding=1),
        nn.LeakyReLU(0.2),
        nn.Conv2d(width, 2 * width, 3, stride=2, padding=1),
        nn.BatchNorm2d(2 * width),
        nn.LeakyReLU(0.2),
        nn.Flatten(),
        nn.Linear(2 * width * 49, 1),
    )
