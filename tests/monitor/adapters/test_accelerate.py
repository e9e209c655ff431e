"""Beside loops of Accelerate and Fabric: what they wrap is found, and what is no step is not counted."""

import pytest
import torch
from torch import nn


class Still(nn.Module):
    """Hands its noise on."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, z):
        return z * self.weight


def stepped(backward, optimizer, generator):
    optimizer.zero_grad()
    backward(generator(torch.randn(8, 2)).square().mean())
    optimizer.step()


@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_accelerate_may_wrap_before_or_after(first, quick):
    from accelerate import Accelerator

    from collapse_metrics.monitor.accelerate import watch

    accelerator, g = Accelerator(cpu=True), Still()
    optimizer = torch.optim.SGD(g.parameters(), lr=0.1)
    monitor = watch(g, optimizer=optimizer, **quick) if first else None
    g, optimizer = accelerator.prepare(g, optimizer)
    monitor = monitor or watch(g, optimizer=optimizer, **quick)
    for _ in range(5):
        stepped(accelerator.backward, optimizer, g)
    assert monitor.history.steps == [2, 4]


def test_steps_that_only_gather_gradients_are_no_steps(quick):
    from accelerate import Accelerator

    from collapse_metrics.monitor.accelerate import watch

    accelerator, g = Accelerator(cpu=True, gradient_accumulation_steps=3), Still()
    g, optimizer = accelerator.prepare(g, torch.optim.SGD(g.parameters(), lr=0.1))
    monitor = watch(g, optimizer=optimizer, **quick)
    for _ in range(6):
        with accelerator.accumulate(g):
            stepped(accelerator.backward, optimizer, g)
    assert monitor.steps == 2


@pytest.mark.filterwarnings(r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning")
@pytest.mark.parametrize("first", [True, False], ids=["before", "after"])
def test_fabric_may_wrap_before_or_after(first, quick):
    from lightning.fabric import Fabric

    from collapse_metrics.monitor.accelerate import watch

    fabric, g = Fabric(accelerator="cpu", devices=1), Still()
    optimizer = torch.optim.SGD(g.parameters(), lr=0.1)
    monitor = watch(g, optimizer=optimizer, **quick) if first else None
    g, optimizer = fabric.setup(g, optimizer)
    monitor = monitor or watch(g, optimizer=optimizer, **quick)
    for _ in range(5):
        stepped(fabric.backward, optimizer, g)
    assert monitor.history.steps == [2, 4]


@pytest.mark.filterwarnings(r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning")
def test_values_reach_the_trackers_of_both(quick):
    from accelerate import Accelerator
    from accelerate.tracking import GeneralTracker, on_main_process
    from lightning.fabric import Fabric
    from lightning.fabric.loggers.logger import Logger

    from collapse_metrics.monitor.accelerate import watch

    heard = []

    class Tracker(GeneralTracker):
        name, requires_logging_directory, main_process_only = "ours", False, True
        tracker = None

        @on_main_process
        def log(self, values, step=None, **_):
            heard.append(values)

    class Keeper(Logger):
        name, version = "ours", 0

        def log_hyperparams(self, *_, **__):
            """Nothing is kept of them."""

        def log_metrics(self, metrics, step=None):
            heard.append(metrics)

    accelerator = Accelerator(cpu=True, log_with=[Tracker()])
    accelerator.init_trackers("run")
    for sink in (accelerator, Fabric(accelerator="cpu", loggers=[Keeper()]).log_dict):
        watch(Still(), latent=2, sinks=[sink], **quick).check()
    assert [values["collapse/finite_share"] for values in heard] == [1.0, 1.0]
