"""How does a run survive being cut off? One file with all that the next step depends on."""

from dataclasses import fields
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import torch
from torch import Tensor

from reference_gans.trainer import Run

FORMAT = 1
"""Raised when older files can no longer be read."""

NETWORKS = ("generator", "discriminator", "average")
OPTIMIZERS = ("g_optimizer", "d_optimizer")


@runtime_checkable
class Remembers(Protocol):
    """Data whose next batch depends on those before."""

    def state_dict(self) -> dict[str, Tensor]:
        """What the next batches depend on."""

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on from there."""


def save(run: Run, file: str | Path, *, beside: dict[str, Any] | None = None) -> None:
    """Write the whole state of a run: networks, optimizers, average, chance, order of the data, cures, step.

    ``beside`` is what else belongs to this moment, in JSON's types, such as the state of a monitor.

    Only tensors, numbers and words are written, nothing that runs when it is read. The file appears at once and
    whole, or not at all: a job that is killed while it saves leaves the last bundle as it was.
    """
    file = Path(file)
    state: dict[str, Any] = {
        "format": FORMAT,
        "torch": str(torch.__version__),
        "plays": _plays(run),
        "numbers": _numbers(run),
        "rng": run.rng.get_state(),
        "data": run.data.state_dict() if isinstance(run.data, Remembers) else {},
        "kept": dict(run.kept),
        "beside": beside or {},
    }
    for part in (*NETWORKS, *OPTIMIZERS):
        held = getattr(run, part)
        state[part] = None if held is None else held.state_dict()
    unfinished = file.with_name(f"{file.name}.unfinished")
    torch.save(state, unfinished)
    unfinished.replace(file)


def load(file: str | Path, run: Run) -> Run:
    """Put the state of a bundle into a freshly built run, which then goes on bit for bit, and return it.

    Args:
        file: What ``save`` wrote.
        run: Built from the same recipe; its seed does not matter.

    Raises:
        ValueError: If the bundle is of another format or of a run with another game, data, network,
            optimizer or cures.
    """
    state = torch.load(file, weights_only=True)
    if state.get("format") != FORMAT:
        raise ValueError(f"a bundle of format {FORMAT} is needed, got {state.get('format')}: save the run anew.")
    saved, here = state["plays"], _plays(run)
    differing = [f"{name} {saved.get(name)!r} (here {here[name]!r})" for name in here if saved.get(name) != here[name]]
    if differing:
        raise ValueError(f"a run of the same recipe is needed, but the bundle has {'; '.join(differing)}.")
    for part in (*NETWORKS, *OPTIMIZERS):
        held = getattr(run, part)
        if held is not None:
            held.load_state_dict(state[part])
    if isinstance(run.data, Remembers):
        run.data.load_state_dict(state["data"])
    run.rng.set_state(state["rng"])
    run.kept = dict(state["kept"])
    for name, number in state["numbers"].items():
        setattr(run, name, number)
    return run


def beside(file: str | Path) -> dict[str, Any]:
    """What was saved beside the run."""
    found: dict[str, Any] = torch.load(file, weights_only=True).get("beside", {})
    return found


def _plays(run: Run) -> dict[str, str]:
    """What a bundle cannot restore and a run must bring: who plays what, in words that can be compared."""
    networks = {part: _shapes(getattr(run, part)) for part in NETWORKS}
    optimizers = {part: type(getattr(run, part)).__name__ for part in OPTIMIZERS}
    words = {"game": run.game.name, "data": type(run.data).__name__, "cures": repr(run.cures)}
    return words | networks | optimizers


def _shapes(network: torch.nn.Module | None) -> str:
    if network is None:
        return "none"
    return ", ".join(f"{name} {tuple(value.shape)}" for name, value in network.state_dict().items())


def _numbers(run: Run) -> dict[str, float]:
    """Step, losses, rates and every other plain number; a push may have changed any of them."""
    held = {field.name: getattr(run, field.name) for field in fields(run)}
    return {name: value for name, value in held.items() if isinstance(value, int | float)}
