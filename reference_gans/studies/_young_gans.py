"""What do GANs draw before they can draw, or after they have collapsed? Tiny GANs, trained for seconds."""

from collections.abc import Iterator

import torch
from torch import Tensor, nn
from torch.nn import functional


class _Shape(nn.Module):
    def __init__(self, *shape: int) -> None:
        super().__init__()
        self.shape = shape

    def forward(self, x: Tensor) -> Tensor:
        return x.view(-1, *self.shape)


def conv_generator(latent: int, width: int = 8) -> nn.Sequential:
    """The generator of a small DCGAN; its pictures lie in [0, 1]."""
    return nn.Sequential(
        nn.Linear(latent, 2 * width * 49), _Shape(2 * width, 7, 7), nn.BatchNorm2d(2 * width), nn.ReLU(),
        nn.ConvTranspose2d(2 * width, width, 4, 2, 1), nn.BatchNorm2d(width), nn.ReLU(),
        nn.ConvTranspose2d(width, 1, 4, 2, 1), nn.Sigmoid(),
    )  # fmt: skip


def conv_discriminator(width: int = 8) -> nn.Sequential:
    """The discriminator of a small DCGAN."""
    return nn.Sequential(
        nn.Conv2d(1, width, 4, 2, 1), nn.LeakyReLU(0.2),
        nn.Conv2d(width, 2 * width, 4, 2, 1), nn.BatchNorm2d(2 * width), nn.LeakyReLU(0.2),
        nn.Flatten(), nn.Linear(2 * width * 49, 1),
    )  # fmt: skip


def mlp_generator(latent: int, hidden: int = 128) -> nn.Sequential:
    """A generator of fully connected layers."""
    return nn.Sequential(
        nn.Linear(latent, hidden), nn.LeakyReLU(0.2), nn.Linear(hidden, 2 * hidden), nn.LeakyReLU(0.2),
        nn.Linear(2 * hidden, 784), nn.Sigmoid(), _Shape(1, 28, 28),
    )  # fmt: skip


def mlp_discriminator(hidden: int = 128) -> nn.Sequential:
    """A discriminator of fully connected layers."""
    return nn.Sequential(
        nn.Flatten(), nn.Linear(784, 2 * hidden), nn.LeakyReLU(0.2), nn.Linear(2 * hidden, hidden),
        nn.LeakyReLU(0.2), nn.Linear(hidden, 1),
    )  # fmt: skip


def gan_samples(
    images: Tensor,
    *,
    kind: str,
    seed: int,
    at: tuple[int, ...],
    n: int,
    width: int | None = None,
    g_steps: int = 1,
    lr: float = 1e-3,
) -> dict[int, Tensor]:
    """Train a tiny GAN and keep ``n`` pictures at each step named in ``at``.

    ``kind`` is ``conv`` (batch norm, a small DCGAN) or ``mlp``. With ``g_steps=10`` the MLP collapses
    to one speckled blob. The global random numbers are left as they were.
    """
    found: dict[int, Tensor] = {}
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # of the fork alone; torch.manual_seed would seed GPUs too
        if kind == "conv":
            g, d = conv_generator(64, width or 8), conv_discriminator(width or 8)
        else:
            g, d = mlp_generator(64, width or 128), mlp_discriminator(width or 128)
        for step in _training(g, d, images, steps=max(at), g_steps=g_steps, lr=lr):
            if step in at:
                with torch.no_grad():
                    found[step] = g(torch.randn(n, 64))
    return found


def _training(g: nn.Module, d: nn.Module, images: Tensor, *, steps: int, g_steps: int, lr: float) -> Iterator[int]:
    g_opt = torch.optim.Adam(g.parameters(), lr=lr, betas=(0.5, 0.999))
    d_opt = torch.optim.Adam(d.parameters(), lr=lr, betas=(0.5, 0.999))
    for step in range(1, steps + 1):
        real = images[torch.randint(len(images), (64,))]
        fake = g(torch.randn(64, 64)).detach()
        d_loss = functional.softplus(-d(real)).mean() + functional.softplus(d(fake)).mean()
        d_opt.zero_grad()
        d_loss.backward()
        d_opt.step()
        for _ in range(g_steps):
            g_loss = functional.softplus(-d(g(torch.randn(64, 64)))).mean()
            g_opt.zero_grad()
            g_loss.backward()
            g_opt.step()
        yield step


def redrawn(images: Tensor, *, kind: str, seed: int, steps: int = 600, latent: int = 48) -> nn.Module:
    """An autoencoder whose decoder is a GAN's generator: it redraws real digits with a generator's hand."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # of the fork alone; torch.manual_seed would seed GPUs too
        decoder = conv_generator(latent, 12) if kind == "conv" else mlp_generator(latent, 128)
        encoder = nn.Sequential(nn.Flatten(), nn.Linear(784, 256), nn.ReLU(), nn.Linear(256, latent))
        network = nn.Sequential(encoder, decoder)
        optimizer = torch.optim.Adam(network.parameters(), lr=2e-3)
        for _ in range(steps):
            batch = images[torch.randint(len(images), (128,))]
            loss = functional.binary_cross_entropy(network(batch), batch)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
    return network.eval()
