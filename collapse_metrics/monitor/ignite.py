"""How does the monitor stand beside an Ignite ``Engine``? As a handler of its iterations."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import torch
from ignite.engine import Engine, Events, RemovableEventHandle
from torch import nn

from collapse_metrics.monitor.beside import Beside
from collapse_metrics.monitor.monitor import Monitor


@dataclass(frozen=True)
class Attached:
    """A monitor that is attached to an engine: ``monitor`` to be asked, ``remove`` to end it."""

    monitor: Monitor
    handle: RemovableEventHandle
    _beside: Beside

    def remove(self) -> None:
        """Take everything off the engine and the optimizer, and write what is pending."""
        self.handle.remove()
        self._beside.rest()


def attach(
    engine: Engine,
    generator: nn.Module,
    *,
    optimizer: torch.optim.Optimizer | None = None,
    **options: Any,
) -> Attached:
    """Look at the generator while the engine runs; values land in ``engine.state.metrics`` as ``collapse/...``.

    Losses are taken from ``engine.state.output`` where it is a dictionary (``errD`` and ``errG``, as in Ignite's own
    DCGAN). ``Checkpoint(to_save={..., "monitor": attached.monitor}, ...)`` lets a resumed run go on.

    Args:
        engine: The trainer.
        generator: What ``Monitor`` takes.
        optimizer: The generator's optimizer, whose steps are counted. Left out, iterations are.
        **options: Those of ``Monitor``.

    Returns:
        The monitor, and how to take it off.
    """
    beside = Beside(generator, **options)
    beside.count(optimizer)

    def after(engine: Engine) -> None:
        output = engine.state.output
        engine.state.metrics.update(beside.turn(output if isinstance(output, Mapping) else {}))
        if beside.stopped:
            engine.terminate()

    return Attached(beside.monitor, engine.add_event_handler(Events.ITERATION_COMPLETED, after), beside)
