"""What follows a look? A line of text, the loggers, and the action that was asked for."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from collapse_metrics.monitor.actions import Listens, Trigger
from collapse_metrics.monitor.alarms import Alarm
from collapse_metrics.monitor.words import line_of
from collapse_metrics.records import Scorecard

if TYPE_CHECKING:
    from collapse_metrics.monitor.monitor import Monitor

Action = Callable[["Monitor", Scorecard], None]
"""What to do on a collapse."""


class Aftermath:
    """Everybody who hears of a look; each may fail without the others missing it.

    Args:
        print_to: Where the line of text goes; ``None`` is silence.
        sinks: Loggers.
        on_collapse: What to do on a collapse.
        guarded: Runs a function, and turns its errors into a complaint.
    """

    def __init__(
        self,
        *,
        print_to: Callable[[str], None] | None,
        sinks: Sequence[Any],
        on_collapse: Action | None,
        guarded: Callable[[str, Callable[[], Any]], Any],
    ) -> None:
        self.print_to, self.on_collapse, self.guarded = print_to, on_collapse, guarded
        self.trigger, self.sinks = Trigger(), _opened(sinks)

    def tell(
        self,
        card: Scorecard,
        alarms: Sequence[Alarm],
        samples: Mapping[str, Any],
        *,
        step: int,
        folder: Path | None,
        seconds: float,
    ) -> None:
        """Tell of a look: once, on the process that leads."""
        if self.sinks is not None:
            sinks = self.sinks
            about: dict[str, Any] = {"step": step, "samples": samples, "folder": folder, "alarms": alarms}
            self.guarded("telling the loggers", lambda: sinks.look(card, **about))
        self.say(line_of(card, step, seconds), *map(str, alarms))

    def say(self, *lines: str) -> None:
        """Lines of text, one by one."""
        for line in lines if self.print_to is not None else ():
            self.guarded("printing", lambda line=line: self.print_to(line))  # type: ignore[misc]

    def act(self, monitor: "Monitor", card: Scorecard, alarms: Sequence[Alarm]) -> None:
        """Do what was asked for, where this look calls for it: on every process."""
        act = self.on_collapse
        if act is None:
            return
        if isinstance(act, Listens):
            heard = act.heard
            self.guarded("the action on collapse", lambda: heard(monitor, card))
        if self.trigger.due(card, alarms=bool(alarms)):
            self.guarded("the action on collapse", lambda: act(monitor, card))

    def close(self) -> None:
        """Close the loggers."""
        if self.sinks is not None:
            self.guarded("closing the loggers", self.sinks.close)


def _opened(sinks: Sequence[Any]) -> Any:
    """The loggers behind one door; their room is only entered where there are any."""
    if not sinks:
        return None
    from collapse_metrics.monitor.sinks import Sinks

    return Sinks(sinks)
