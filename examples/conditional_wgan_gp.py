"""How is a conditional generator watched? A WGAN-GP with labels and noise from NumPy; the two lines are marked."""

import numpy as np
import torch
from torch import nn

import collapse_metrics as cm  # monitor
from reference_gans.data import ring


class Conditional(nn.Module):
    """Called with noise or samples, and with labels."""

    def __init__(self, size, out):
        super().__init__()
        self.layers = nn.Sequential(
            nn.Linear(size + 8, 64), nn.ReLU(), nn.Linear(64, 64), nn.ReLU(), nn.Linear(64, out)
        )

    def forward(self, x, labels):
        return self.layers(torch.cat([x, nn.functional.one_hot(labels, 8)], dim=1))


def train(steps=2000, every=200):
    """Train, and give back all that training leaves behind."""
    data, rng = ring(), np.random.default_rng(0)
    G, D = Conditional(4, 2), Conditional(2, 1)
    opt_G = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.0, 0.9))
    opt_D = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.0, 0.9))
    cm.Monitor(G, optimizer=opt_G, latent=4, labels=torch.arange(8), every=every, reference=data.real)  # monitor

    for step in range(1, 3 * steps + 1):
        labels = torch.from_numpy(rng.integers(8, size=128))
        real = data.centres[labels] + data.sd * torch.from_numpy(rng.normal(size=(128, 2))).float()
        fake = G(torch.from_numpy(rng.normal(size=(128, 4))).float(), labels)
        between = torch.lerp(real, fake.detach(), torch.rand(128, 1)).requires_grad_()
        (slope,) = torch.autograd.grad(D(between, labels).sum(), between, create_graph=True)
        penalty = 10 * (slope.norm(dim=1) - 1).square().mean()
        loss_D = D(fake.detach(), labels).mean() - D(real, labels).mean() + penalty
        opt_D.zero_grad()
        loss_D.backward()
        opt_D.step()

        if step % 3 == 0:
            loss_G = -D(fake, labels).mean()
            opt_G.zero_grad()
            loss_G.backward()
            opt_G.step()
    return G, D, opt_G, opt_D


if __name__ == "__main__":
    train()
