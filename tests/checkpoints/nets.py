"""Which generators lie behind the checkpoints of the tests? Tiny ones, in the styles of those who train them."""

import torch
from torch import nn


class G(nn.Module):
    """Four numbers to a picture of 4 x 4, with batch norm."""

    def __init__(self, nz=4, hidden=12):
        super().__init__()
        self.net = nn.Sequential(nn.Linear(nz, hidden), nn.BatchNorm1d(hidden), nn.ReLU(), nn.Linear(hidden, 16))

    def forward(self, z):
        return self.net(z).sigmoid().view(-1, 1, 4, 4)


class Convolved(nn.Module):
    """The same from a latent of (nz, 1, 1), as DCGANs take it."""

    def __init__(self, nz=4):
        super().__init__()
        self.main = nn.Sequential(nn.ConvTranspose2d(nz, 6, 2), nn.BatchNorm2d(6), nn.ReLU(), nn.ConvTranspose2d(6, 1, 3))

    def forward(self, z):
        return self.main(z).sigmoid()


class D(nn.Module):
    """A picture to one logit."""

    def __init__(self):
        super().__init__()
        self.net = nn.Sequential(nn.Flatten(), nn.Linear(16, 1))

    def forward(self, x):
        return self.net(x)


class ByLabel(nn.Module):
    """Four numbers and one of three labels to a picture."""

    def __init__(self, nz=4, num_classes=3):
        super().__init__()
        self.table = nn.Embedding(num_classes, 16)
        self.linear = nn.Linear(nz, 16)

    def forward(self, z, labels):
        return (self.linear(z) + 4 * self.table(labels)).sigmoid().view(-1, 1, 4, 4)


class Both(nn.Module):
    """Generator, its running average and discriminator in one module, as some packages keep them."""

    def __init__(self):
        super().__init__()
        self.G, self.GE, self.D = G(), G(), D()


def trained(kind=G, seed=0, **arguments):
    """A network whose batch norms have seen batches: what a checkpoint of a real training holds."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        net = kind(**arguments)
        shape = (4, 1, 1) if kind is Convolved else (4,)
        for _ in range(3):
            net(torch.randn(32, *shape)) if kind is not ByLabel else None
    return net.eval()
