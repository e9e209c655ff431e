"""How does the monitor stand beside a loop of Accelerate? Its two lines are marked."""

import torch
from accelerate import Accelerator
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from collapse_metrics.monitor.accelerate import watch  # monitor
from reference_gans.data import ring


def train(steps=2000, every=200):
    """Train, and give back all that training leaves behind."""
    data = ring()
    accelerator = Accelerator(cpu=True, mixed_precision="bf16")
    G = nn.Sequential(nn.Linear(4, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 2))
    D = nn.Sequential(nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Dropout(0.1), nn.Linear(64, 1))
    opt_G, opt_D = torch.optim.Adam(G.parameters(), 1e-3), torch.optim.Adam(D.parameters(), 1e-3)
    loader = DataLoader(TensorDataset(data.real), batch_size=128, shuffle=True, drop_last=True)
    G, D, opt_G, opt_D, loader = accelerator.prepare(G, D, opt_G, opt_D, loader)
    watch(G, optimizer=opt_G, every=every, reference=data.real)  # monitor

    step = 0
    while step < steps:
        for (real,) in loader:
            fake = G(torch.randn(len(real), 4, device=accelerator.device))
            loss_D = F.softplus(-D(real)).mean() + F.softplus(D(fake.detach())).mean()
            opt_D.zero_grad()
            accelerator.backward(loss_D)
            opt_D.step()

            loss_G = F.softplus(-D(fake)).mean()
            opt_G.zero_grad()
            accelerator.backward(loss_G)
            opt_G.step()

            step += 1
            if step == steps:
                break
    return G, D, opt_G, opt_D


if __name__ == "__main__":
    train()
