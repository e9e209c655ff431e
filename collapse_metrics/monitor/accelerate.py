"""How does the monitor stand beside a loop of Accelerate or Lightning Fabric? Seen through their wrappers."""

from typing import Any

import torch
from torch import nn

from collapse_metrics.monitor.monitor import Monitor


def watch(generator: nn.Module, *, optimizer: Any = None, **options: Any) -> Monitor:
    """A monitor of a generator that ``accelerator.prepare`` or ``fabric.setup`` has wrapped, before or after.

    Accelerate's optimizer refuses hooks although it is one of torch's, and Fabric's is none: the one inside is taken.
    A step that a gradient scaler skips, or that only accumulates, is no step and is not counted.

    Args:
        generator: The generator, wrapped or not.
        optimizer: Its optimizer, wrapped or not.
        **options: Those of ``Monitor``. ``sinks=[accelerator]`` or ``sinks=[fabric.log_dict]`` sends the values to
            the trackers of the framework.

    Returns:
        The monitor.
    """
    return Monitor(_module_inside(generator), optimizer=_optimizer_inside(optimizer), **options)


def _module_inside(generator: nn.Module) -> nn.Module:
    """Fabric's wrapper hides the module; what Accelerate wraps are torch's own wrappers, which ``Monitor`` knows."""
    names = {kind.__name__ for kind in type(generator).__mro__}
    inside: nn.Module = generator.module if "_FabricModule" in names else generator  # type: ignore[assignment]
    return inside


def _optimizer_inside(optimizer: Any) -> torch.optim.Optimizer | None:
    """The optimizer whose ``step`` runs when a step is made."""
    while hasattr(optimizer, "optimizer"):
        optimizer = optimizer.optimizer
    inner: torch.optim.Optimizer | None = optimizer
    return inner
