"""Does watching change the training? Five loops, with and without the monitor, compared bit for bit."""

import random

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F
from torch.utils.data import DataLoader, TensorDataset

import collapse_metrics as cm

STEPS = 7


def conv_pair():
    """Batch norm in both, dropout in both: the layers that a careless look changes."""
    g = nn.Sequential(
        nn.Linear(8, 4 * 49), nn.Unflatten(1, (4, 7, 7)), nn.BatchNorm2d(4), nn.ReLU(), nn.Dropout(0.1),
        nn.Upsample(scale_factor=4), nn.Conv2d(4, 1, 3, padding=1), nn.Sigmoid(),
    )  # fmt: skip
    d = nn.Sequential(
        nn.Conv2d(1, 4, 4, 4), nn.BatchNorm2d(4), nn.LeakyReLU(0.2), nn.Dropout(0.3), nn.Flatten(), nn.Linear(196, 1)
    )
    return g, d


def loader():
    pictures = torch.rand(60, 1, 28, 28, generator=torch.Generator().manual_seed(5))
    return DataLoader(TensorDataset(pictures), batch_size=12, shuffle=True)


def batches():
    while True:
        yield from loader()


def dcgan(watch):
    """BCE, global random numbers, frozen batch norm in a training generator; the optimizer door."""
    g, d = conv_pair()
    g[2].eval()  # frozen: a look must not switch it back to training
    opt_g, opt_d = torch.optim.Adam(g.parameters()), torch.optim.Adam(d.parameters())
    monitor = watch(g, optimizer=opt_g, latent=None)
    for (real,), _ in zip(batches(), range(STEPS), strict=False):
        fake = g(torch.randn(len(real), 8))
        d_loss = F.softplus(-d(real)).mean() + F.softplus(d(fake.detach())).mean()
        opt_d.zero_grad(), d_loss.backward(), opt_d.step()
        g_loss = F.softplus(-d(fake)).mean()
        opt_g.zero_grad(), g_loss.backward(), opt_g.step()
        if monitor:
            monitor.log(d_loss=d_loss, g_loss=g_loss)
    return (g, d), (opt_g, opt_d)


def wgan_gp(watch):
    """Gradient penalty, spectral norm with its power iteration, two critic steps; the optimizer door."""
    g, _ = conv_pair()
    norm = nn.utils.parametrizations.spectral_norm
    d = nn.Sequential(nn.Flatten(), norm(nn.Linear(784, 16)), nn.LeakyReLU(0.2), norm(nn.Linear(16, 1)))
    opt_g, opt_d = torch.optim.RMSprop(g.parameters(), 1e-3), torch.optim.RMSprop(d.parameters(), 1e-3)
    watch(g, optimizer=opt_g, latent=8)
    for (real,), step in zip(batches(), range(2 * STEPS), strict=False):
        fake = g(torch.randn(len(real), 8))
        between = torch.lerp(real, fake.detach(), torch.rand(len(real), 1, 1, 1)).requires_grad_()
        (slope,) = torch.autograd.grad(d(between).sum(), between, create_graph=True)
        penalty = 10 * (slope.flatten(1).norm(dim=1) - 1).square().mean()
        d_loss = d(fake.detach()).mean() - d(real).mean() + penalty
        opt_d.zero_grad(), d_loss.backward(), opt_d.step()
        if step % 2:
            g_loss = -d(fake).mean()
            opt_g.zero_grad(), g_loss.backward(), opt_g.step()
    return (g, d), (opt_g, opt_d)


def numpy_and_step(watch):
    """Noise from NumPy, flips from Python's random, a schedule, an average of the weights; the other door."""
    g, d = conv_pair()
    average = torch.optim.swa_utils.AveragedModel(g, multi_avg_fn=torch.optim.swa_utils.get_ema_multi_avg_fn(0.9))
    opt_g, opt_d = torch.optim.SGD(g.parameters(), 0.1, momentum=0.9), torch.optim.Adam(d.parameters())
    decay = torch.optim.lr_scheduler.ExponentialLR(opt_g, 0.9)
    monitor = watch(g, latent=8)
    for (real,), _ in zip(batches(), range(STEPS), strict=False):
        if random.random() < 0.5:
            real = real.flip(3)
        fake = g(torch.from_numpy(np.random.randn(len(real), 8)).float())
        d_loss = F.mse_loss(d(real), torch.ones(len(real), 1)) + d(fake.detach()).square().mean()
        opt_d.zero_grad(), d_loss.backward(), opt_d.step()
        g_loss = F.mse_loss(d(fake), torch.ones(len(real), 1))
        opt_g.zero_grad(), g_loss.backward(), opt_g.step()
        average.update_parameters(g)
        decay.step()
        if monitor:
            monitor.step(d_loss=d_loss.item(), g_loss=g_loss.item())
    return (g, d, average), (opt_g, opt_d)


def mixed_precision(watch):
    """Looks within autocast, before the weights were cast in it: the casts of a look must not be the training's."""
    g, d = conv_pair()
    opt_g, opt_d = torch.optim.Adam(g.parameters()), torch.optim.Adam(d.parameters())
    monitor = watch(g, latent=8)
    for (real,), _ in zip(batches(), range(STEPS), strict=False):
        with torch.autocast("cpu", dtype=torch.bfloat16):
            if monitor:
                monitor.step()
            fake = g(torch.randn(len(real), 8))
            g_loss = F.softplus(-d(fake)).mean()
            d_loss = F.softplus(-d(real)).mean() + F.softplus(d(fake.detach())).mean()
        opt_g.zero_grad(), g_loss.backward(), opt_g.step()
        opt_d.zero_grad(), d_loss.backward(), opt_d.step()
    return (g, d), (opt_g, opt_d)


def frozen_and_accumulated(watch):
    """Gradients over two batches a step, three generator steps a critic step, by hand with a skipped step."""
    g, d = conv_pair()
    opt_g, opt_d = torch.optim.AdamW(g.parameters()), torch.optim.SGD(d.parameters(), 0.01)
    watch(g, optimizer=opt_g)
    for (real,), step in zip(batches(), range(4 * STEPS), strict=False):
        fake = g(torch.randn(len(real), 8))
        (F.softplus(-d(fake)).mean() / 2).backward()
        if step % 2:
            opt_g.step(), opt_g.zero_grad()
        if step % 6 == 0:
            d_loss = F.softplus(-d(real)).mean() + F.softplus(d(fake.detach())).mean()
            opt_d.zero_grad(), d_loss.backward(), opt_d.step()
    return (g, d), (opt_g, opt_d)


def outcome(loop, watch):
    """Everything that a training leaves behind."""
    torch.manual_seed(3)
    np.random.seed(3)
    random.seed(3)
    networks, optimizers = loop(watch)
    numpy_state = np.random.get_state()
    return {
        "weights and buffers": [network.state_dict() for network in networks],
        "flags": [[part.training for part in network.modules()] for network in networks],
        "optimizers": [optimizer.state_dict() for optimizer in optimizers],
        "torch": torch.get_rng_state(),
        "numpy": (numpy_state[1].tolist(), numpy_state[2:]),
        "python": random.getstate(),
        "next batch": next(iter(loader())),
    }


def equal(a, b):
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(equal(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(equal, a, b))
    return a == b


@pytest.mark.parametrize("loop", [dcgan, wgan_gp, numpy_and_step, mixed_precision, frozen_and_accumulated])
def test_training_is_the_same_bit_for_bit(loop):
    monitors = []

    def watch(generator, **options):
        options |= {"every": 2, "n": 100, "value_range": (0, 1), "alarms_from": 0, "print_to": None, "strict": True}
        monitor = cm.Monitor(generator, **options)
        monitors.append(monitor)
        return monitor

    alone = outcome(loop, lambda *_, **__: None)
    watched = outcome(loop, watch)
    assert monitors[0].history.steps[:3] == [2, 4, 6], "the monitor did not look"
    assert [name for name in alone if not equal(alone[name], watched[name])] == []


def test_the_comparison_can_fail():
    """A look as tutorials do it, on the global random numbers and in training mode, is noticed."""

    class Careless:
        def __init__(self, generator, **_):
            self.generator = generator

        def log(self, **_):
            self.generator(torch.randn(4, 8))

    alone, touched = outcome(dcgan, lambda *_, **__: None), outcome(dcgan, Careless)
    assert {"weights and buffers", "torch"} <= {name for name in alone if not equal(alone[name], touched[name])}
