"""What should happen when the generator has collapsed? Stop, save, or go back; only where that was asked for."""

import copy
import os
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol, runtime_checkable

import torch

from collapse_metrics.records import Scorecard, Verdict

if TYPE_CHECKING:
    from collapse_metrics.monitor.monitor import Monitor

IN_A_ROW = 2
"""Looks in a row that have to say ``collapse``: one may be a passing state, as of a young generator between modes."""


@runtime_checkable
class Listens(Protocol):
    """An action that wants to know every look, not only the bad ones."""

    def heard(self, monitor: "Monitor", card: Scorecard) -> None:
        """Take note of a look."""


class Trigger:
    """Decides when an action is due: once a collapse, and again only after a healthy look.

    Due when an alarm is raised, or when so many looks in a row as ``IN_A_ROW`` say ``collapse``.
    """

    def __init__(self) -> None:
        self.in_a_row = 0
        self.armed = True

    def due(self, card: Scorecard, *, alarms: bool) -> bool:
        """Whether to act after this look."""
        self.in_a_row = self.in_a_row + 1 if card.verdict is Verdict.COLLAPSE else 0
        if card.verdict is Verdict.HEALTHY and not alarms:
            self.armed = True
        if not self.armed or not (alarms or self.in_a_row >= IN_A_ROW):
            return False
        self.armed, self.in_a_row = False, 0
        return True


def stop_training(monitor: "Monitor", card: Scorecard) -> None:
    """Say in ``monitor.stopped`` that the training should end; the loop, or an adapter's trainer, has to look there.

    Example:
        >>> from types import SimpleNamespace
        >>> monitor = SimpleNamespace(stopped=False)
        >>> stop_training(monitor, None)
        >>> monitor.stopped
        True
    """
    monitor.stopped = True


class SaveCheckpoint:
    """Write the states of what is named, as they are at the collapse.

    Args:
        folder: Where to; each file is named after its step.
        parts: Models, optimizers: anything with a ``state_dict``.
    """

    def __init__(self, folder: str | Path, **parts: Any) -> None:
        _check_parts(parts)
        self.folder, self.parts = Path(folder), parts
        self.written: list[Path] = []

    def __call__(self, monitor: "Monitor", card: Scorecard) -> None:
        """Write them."""
        self.folder.mkdir(parents=True, exist_ok=True)
        path = self.folder / f"collapsed_at_{monitor.steps:08d}.pt"
        unfinished = path.with_suffix(".unfinished")
        torch.save({name: part.state_dict() for name, part in self.parts.items()}, unfinished)
        os.replace(unfinished, path)  # noqa: PTH105  (whole or not at all)
        self.written.append(path)


class RollBack:
    """Go back to how things were at the last healthy look.

    A run that goes back to the same place may well collapse again: lower a rate or change the batch order as well,
    in a function of your own that calls this one.

    Args:
        most: How many times at most; after that the training goes on as it is.
        parts: Models, optimizers: anything with ``state_dict`` and ``load_state_dict``. Their states are copied at
            every healthy look, where they are.
    """

    def __init__(self, *, most: int = 3, **parts: Any) -> None:
        _check_parts(parts)
        self.parts, self.most = parts, most
        self.healthy: dict[str, Any] | None = None
        self.healthy_step: int | None = None
        self.times = 0

    def heard(self, monitor: "Monitor", card: Scorecard) -> None:
        """Keep the states of a healthy look."""
        if card.verdict is Verdict.HEALTHY:
            self.healthy = {name: copy.deepcopy(part.state_dict()) for name, part in self.parts.items()}
            self.healthy_step = monitor.steps

    def __call__(self, monitor: "Monitor", card: Scorecard) -> None:
        """Put the states back, if there was a healthy look and it was not done too often."""
        if self.healthy is None or self.times >= self.most:
            return
        self.times += 1
        for name, part in self.parts.items():
            part.load_state_dict(copy.deepcopy(self.healthy[name]))


def _check_parts(parts: dict[str, Any]) -> None:
    if not parts:
        raise ValueError("at least one part to save is needed, got none: name them, for example generator=G.")
    for name, part in parts.items():
        if not callable(getattr(part, "state_dict", None)):
            raise TypeError(f"`{name}` must have a state_dict, got a {type(part).__name__}: pass the model itself.")
