"""How does the monitor stand in a Lightning Trainer? A GAN of manual optimisation; the two lines are marked."""

import lightning.pytorch as pl
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

from collapse_metrics.monitor.lightning import CollapseCallback  # monitor
from reference_gans.data import ring


class GAN(pl.LightningModule):
    """Two networks, two optimizers."""

    def __init__(self):
        super().__init__()
        self.automatic_optimization = False
        self.generator = nn.Sequential(nn.Linear(4, 64), nn.BatchNorm1d(64), nn.ReLU(), nn.Linear(64, 2))
        self.discriminator = nn.Sequential(nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Dropout(0.1), nn.Linear(64, 1))

    def configure_optimizers(self):
        return torch.optim.Adam(self.generator.parameters(), 1e-3), torch.optim.Adam(
            self.discriminator.parameters(), 1e-3
        )

    def training_step(self, batch, batch_idx):
        (real,) = batch
        opt_G, opt_D = self.optimizers()
        fake = self.generator(torch.randn(len(real), 4))

        d_loss = F.softplus(-self.discriminator(real)).mean() + F.softplus(self.discriminator(fake.detach())).mean()
        opt_D.zero_grad()
        self.manual_backward(d_loss)
        opt_D.step()

        g_loss = F.softplus(-self.discriminator(fake)).mean()
        opt_G.zero_grad()
        self.manual_backward(g_loss)
        opt_G.step()
        self.log_dict({"d_loss": d_loss, "g_loss": g_loss})


def train(steps=2000, every=200):
    """Train, and give back all that training leaves behind."""
    data, gan = ring(), GAN()
    trainer = pl.Trainer(
        max_steps=2 * steps,  # Lightning counts the steps of both optimizers
        accelerator="cpu",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        callbacks=[CollapseCallback("generator", every=every, reference=data.real)],  # monitor
    )
    trainer.fit(gan, DataLoader(TensorDataset(data.real), batch_size=128, shuffle=True))
    return gan, *trainer.optimizers


if __name__ == "__main__":
    train()
