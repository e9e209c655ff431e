"""How does the monitor stand beside an Ignite Engine? Its two lines are marked."""

import torch
from ignite.engine import Engine, Events
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from collapse_metrics.monitor.ignite import attach  # monitor
from reference_gans.data import ring


def train(steps=2000, every=200):
    """Train, and give back all that training leaves behind."""
    data = ring()
    G = nn.Sequential(nn.Linear(4, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 2))
    D = nn.Sequential(nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Dropout(0.1), nn.Linear(64, 1))
    opt_G, opt_D = torch.optim.Adam(G.parameters(), 1e-3), torch.optim.Adam(D.parameters(), 1e-3)

    def update(engine, batch):
        (real,) = batch
        fake = G(torch.randn(len(real), 4))
        loss_D = F.softplus(-D(real)).mean() + F.softplus(D(fake.detach())).mean()
        opt_D.zero_grad()
        loss_D.backward()
        opt_D.step()

        loss_G = F.softplus(-D(fake)).mean()
        opt_G.zero_grad()
        loss_G.backward()
        opt_G.step()
        return {"errD": loss_D.item(), "errG": loss_G.item()}

    trainer = Engine(update)
    attach(trainer, G, optimizer=opt_G, every=every, reference=data.real)  # monitor
    trainer.add_event_handler(Events.ITERATION_COMPLETED(once=steps), lambda engine: engine.terminate())
    trainer.run(DataLoader(TensorDataset(data.real), batch_size=128, shuffle=True), max_epochs=steps)
    return G, D, opt_G, opt_D


if __name__ == "__main__":
    train()
