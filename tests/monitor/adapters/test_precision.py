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
    watch(fast_g, of_g)
    for _ in range(STEPS):
        d_loss, g_loss = losses(fast_g, d)
        of_d.zero_grad(), d_loss.backward(), of_d.step()
        of_g.zero_grad(), g_loss().backward(), of_g.step()
    return g, d, of_g, of_d


def mixed(watch, step_inside):
    """bfloat16 on the CPU; some call ``step`` within autocast, where torch keeps the weights that it has cast."""
    g, d = networks()
    of_g, of_d = torch.optim.Adam(g.parameters()), torch.optim.Adam(d.parameters())
    watch(g, of_g)
    for _ in range(STEPS):
        with torch.autocast("cpu", torch.bfloat16):
            d_loss, g_loss = losses(g, d)
            of_d.zero_grad(), d_loss.backward(), of_d.step()
            of_g.zero_grad(), g_loss().backward()
            if step_inside:
                of_g.step()
                of_g.zero_grad(), F.softplus(-d(g(torch.randn(12, 4)))).mean().backward()
        of_g.step()
    return g, d, of_g, of_d


def scaled(watch):
    """A gradient scaler that has to skip its first steps."""
    g, d = networks()
    of_g, of_d = torch.optim.Adam(g.parameters()), torch.optim.Adam(d.parameters())
    scaler = torch.amp.GradScaler("cpu", init_scale=2.0**127)
    watch(g, of_g)
    for _ in range(STEPS):
        d_loss, g_loss = losses(g, d)
        of_d.zero_grad(), d_loss.backward(), of_d.step()
        of_g.zero_grad(), scaler.scale(64 * g_loss()).backward()
        scaler.step(of_g), scaler.update()
    return g, d, of_g, of_d, scaler


CASES = {
    "compiled, eager": (compiled, "eager"),
    "compiled, aot_eager": (compiled, "aot_eager"),
    "bfloat16": (mixed, False),
    "bfloat16, stepped inside": (mixed, True),
    "scaled": (scaled,),
}


@pytest.mark.parametrize("case", CASES)
def test_training_is_the_same_bit_for_bit(case, quick, left_behind, differences):
    loop, *more = CASES[case]
    monitors = []
    torch.compiler.reset()
    watched = left_behind(loop, lambda g, of_g: monitors.append(cm.Monitor(g, optimizer=of_g, **quick)), *more)
    torch.compiler.reset()
    alone = left_behind(loop, lambda *_: None, *more)
    assert differences(watched, alone) == []
    assert monitors[0].history.steps[:2] == [2, 4] or case == "scaled"


def test_a_step_that_the_scaler_skips_is_not_counted(quick):
    monitors = []
    torch.manual_seed(0)
    *_, scaler = scaled(lambda g, of_g: monitors.append(cm.Monitor(g, optimizer=of_g, **quick)))
    skipped = round(torch.log2(torch.tensor(2.0**127 / scaler.get_scale())).item())
    assert skipped >= 1
    assert monitors[0].steps == STEPS - skipped
