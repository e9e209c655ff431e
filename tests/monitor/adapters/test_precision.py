"""Compiled and mixed-precision loops: watched or not, the same training bit for bit."""

import pytest
import torch
from torch import nn
from torch.nn import functional as F

import collapse_metrics as cm

STEPS = 5


def networks():
    g = nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(), nn.Dropout(0.1), nn.Linear(8, 2))
    d = nn.Sequential(nn.utils.spectral_norm(nn.Linear(2, 8)), nn.LeakyReLU(0.2), nn.Dropout(0.1), nn.Linear(8, 1))
    return g, d


def losses(g, d):
    real, fake = torch.randn(12, 2), g(torch.randn(12, 4))
    return F.softplus(-d(real)).mean() + F.softplus(d(fake.detach())).mean(), lambda: F.softplus(-d(fake)).mean()


def compiled(watch, backend):
    g, d = networks()
    fast_g = torch.compile(g, backend=backend)
    of_g, of_d = torch.optim.Adam(g.parameters()), torch.optim.Adam(d.parameters())
    watch(fast_g, optimizer=of_g)
    for _ in range(STEPS):
        d_loss, g_loss = losses(fast_g, d)
        of_d.zero_grad(), d_loss.backward(), of_d.step()
        of_g.zero_grad(), g_loss().backward(), of_g.step()
    return g, d, of_g, of_d


def mixed(watch, inside):
    """bfloat16 on the CPU; looks after the generator's step, or inside, where torch keeps the weights that it casts."""
    g, d = networks()
    of_g, of_d = torch.optim.Adam(g.parameters()), torch.optim.Adam(d.parameters())
    monitor = watch(g, latent=4) if inside else watch(g, optimizer=of_g)
    for _ in range(STEPS):
        with torch.autocast("cpu", torch.bfloat16):
            if inside and monitor is not None:
                monitor.step()
            d_loss, g_loss = losses(g, d)
            of_d.zero_grad(), d_loss.backward(), of_d.step()
            of_g.zero_grad(), g_loss().backward()
        of_g.step()
    return g, d, of_g, of_d


def scaled(watch):
    """A gradient scaler that has to skip the first step, whose loss is beyond the largest float."""
    g, d = networks()
    of_g, of_d = torch.optim.Adam(g.parameters()), torch.optim.Adam(d.parameters())
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**100)
    watch(g, optimizer=of_g)
    for step in range(STEPS):
        d_loss, g_loss = losses(g, d)
        of_d.zero_grad(), d_loss.backward(), of_d.step()
        of_g.zero_grad(), scaler.scale(g_loss() * (1 if step else 2.0**40)).backward()
        scaler.step(of_g), scaler.update()
    return g, d, of_g, of_d, scaler


def case(name):
    """Machine code needs a C++ compiler and half a minute: `-m slow`."""
    return pytest.param(name, marks=pytest.mark.slow) if "machine" in name else name


CASES = {
    "compiled": (compiled, "aot_eager"),
    "compiled to machine code": (compiled, "inductor"),
    "bfloat16": (mixed, False),
    "bfloat16, looked at inside": (mixed, True),
    "scaled": (scaled,),
}


@pytest.fixture
def watch(quick):
    """Makes a monitor of a generator, and remembers it."""

    def make(g, **options):
        make.monitor = cm.Monitor(g, **options, **quick)
        return make.monitor

    return make


def alone(*_, **__):
    """No monitor."""


@pytest.mark.parametrize("name", [*map(case, CASES)])
def test_training_is_the_same_bit_for_bit(name, watch, left_behind, differences):
    loop, *more = CASES[name]
    torch.compiler.reset()
    watched = left_behind(loop, watch, *more)
    torch.compiler.reset()
    assert differences(watched, left_behind(loop, alone, *more)) == []
    assert watch.monitor.history.steps == [2, 4]


def test_a_look_compiles_nothing(watch):
    compilations = []

    def backend(graph, _):
        compilations.append(graph)
        return graph.forward

    torch.compiler.reset()
    compiled(alone, backend)
    without = len(compilations)
    torch.compiler.reset()
    compiled(watch, backend)
    assert len(compilations) == 2 * without >= 2


def test_a_step_that_the_scaler_skips_is_not_counted(watch):
    torch.manual_seed(0)
    *_, scaler = scaled(watch)
    assert scaler.get_scale() == 2.0**99, "the first step was to be skipped"
    assert watch.monitor.steps == STEPS - 1
