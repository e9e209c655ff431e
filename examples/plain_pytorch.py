"""How does the monitor stand beside a loop written by hand? A small DCGAN on digits; its two lines are marked."""

import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

import collapse_metrics as cm  # monitor
from reference_gans.data import digits


def train(steps=2000, every=200):
    """Train, and give back all that training leaves behind."""
    G = nn.Sequential(
        nn.Linear(64, 32 * 49), nn.Unflatten(1, (32, 7, 7)), nn.BatchNorm2d(32), nn.ReLU(),
        nn.ConvTranspose2d(32, 16, 4, stride=2, padding=1), nn.BatchNorm2d(16), nn.ReLU(),
        nn.ConvTranspose2d(16, 1, 4, stride=2, padding=1), nn.Tanh(),
    )  # fmt: skip
    D = nn.Sequential(
        nn.Conv2d(1, 16, 4, stride=2, padding=1), nn.LeakyReLU(0.2), nn.Dropout2d(0.2),
        nn.Conv2d(16, 32, 4, stride=2, padding=1), nn.LeakyReLU(0.2), nn.Flatten(), nn.Linear(32 * 49, 1),
    )  # fmt: skip
    opt_G = torch.optim.Adam(G.parameters(), lr=1e-3, betas=(0.5, 0.999))
    opt_D = torch.optim.Adam(D.parameters(), lr=1e-3, betas=(0.5, 0.999))
    cm.Monitor(G, optimizer=opt_G, every=every, value_range=(-1, 1), log_dir="runs/plain")  # monitor

    loader = DataLoader(TensorDataset(digits().real * 2 - 1), batch_size=64, shuffle=True, drop_last=True)
    step = 0
    while step < steps:
        for (real,) in loader:
            fake = G(torch.randn(len(real), 64))
            loss_D = F.softplus(-D(real)).mean() + F.softplus(D(fake.detach())).mean()
            opt_D.zero_grad()
            loss_D.backward()
            opt_D.step()

            loss_G = F.softplus(-D(fake)).mean()
            opt_G.zero_grad()
            loss_G.backward()
            opt_G.step()

            step += 1
            if step == steps:
                break
    return G, D, opt_G, opt_D


if __name__ == "__main__":
    train()
