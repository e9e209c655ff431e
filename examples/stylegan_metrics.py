"""How does the verdict get among StyleGAN's metrics? Its ``metric_main.py`` in small; the two lines are marked."""

import copy
import json
from types import SimpleNamespace

import torch
from torch import nn
from torch.nn import functional as F

from collapse_metrics.monitor.stylegan import collapse_metric  # monitor
from reference_gans.data import ring

_metric_dict = {}


def register_metric(metric):
    """As in metrics/metric_main.py: a metric is known by its name."""
    _metric_dict[metric.__name__] = metric
    return metric


def calc_metric(metric, **of_the_run):
    """The same: the numbers of one metric, ready to be written to ``metric-NAME.jsonl``."""
    options = {"G_kwargs": {}, "num_gpus": 1, "rank": 0, "device": torch.device("cpu"), **of_the_run}
    return {"metric": metric, "results": _metric_dict[metric](SimpleNamespace(**options))}


@register_metric
def spread(opts):
    """Stands for fid50k_full and the others."""
    z = torch.zeros(64, opts.G.z_dim)
    return {"spread": opts.G(z=z, c=None).std().item()}


register_metric(collapse_metric(n=1000, reference=ring().real[:2000]))  # monitor


class Generator(nn.Module):
    """Called as ``G(z=..., c=...)``, with the sizes of both as attributes."""

    def __init__(self):
        super().__init__()
        self.z_dim, self.c_dim = 4, 0
        self.layers = nn.Sequential(nn.Linear(4, 64), nn.ReLU(), nn.Linear(64, 2))

    def forward(self, z, c):
        return self.layers(z)


def train(steps=2000, every=200):
    """Train, and give back all that training leaves behind."""
    data, rng = ring(), torch.Generator().manual_seed(0)
    G, D = Generator(), nn.Sequential(nn.Linear(2, 64), nn.LeakyReLU(0.2), nn.Linear(64, 1))
    G_ema = copy.deepcopy(G).eval().requires_grad_(False)
    opt_G, opt_D = torch.optim.Adam(G.parameters(), 1e-3), torch.optim.Adam(D.parameters(), 1e-3)
    for step in range(1, steps + 1):
        fake = G(z=torch.randn(128, 4), c=None)
        loss_D = F.softplus(-D(data.batch(128, rng))).mean() + F.softplus(D(fake.detach())).mean()
        opt_D.zero_grad()
        loss_D.backward()
        opt_D.step()

        loss_G = F.softplus(-D(fake)).mean()
        opt_G.zero_grad()
        loss_G.backward()
        opt_G.step()
        for average, weight in zip(G_ema.parameters(), G.parameters(), strict=True):
            average.lerp_(weight, 0.01)

        if step % every == 0:
            for metric in _metric_dict:
                print(json.dumps({"step": step, **calc_metric(metric, G=G_ema)}))
    return G, D, G_ema, opt_G, opt_D


if __name__ == "__main__":
    train()
