"""How does a run stand now, while it trains? The door `watch`."""

import time
from pathlib import Path
from typing import TYPE_CHECKING

from collapse_metrics.cli._app import app

if TYPE_CHECKING:
    from rich.console import Console, RenderableType

    from collapse_metrics.report.tail import Tail


@app.command
def watch(run: Path, *, once: bool = False, until_end: bool = False, refresh: float = 1.0) -> int:
    """Show a run in the terminal while it trains: verdict, curves, findings, alarms. Ctrl-C ends it, not the run.

    Args:
        run: Folder with a history.jsonl, the `log_dir` of a monitor; it may come later.
        once: Print how it stands now, and end. In a pipe this is always so.
        until_end: End when the run has its closing diagnosis; in a pipe, wait for it.
        refresh: Seconds between two readings of the record.
    """
    from rich.console import Console

    from collapse_metrics.report.tail import Tail

    if not refresh > 0:
        raise ValueError(f"`refresh` counts seconds between two readings and must be above 0, got {refresh}.")
    tail, console = Tail(run), Console()
    try:
        if console.is_terminal and not once:
            _live(tail, console, refresh, until_end=until_end)
        else:
            _wait(tail, refresh, until_end=until_end and not once)
    except KeyboardInterrupt:
        pass
    if tail.history is None and not console.is_terminal:
        raise FileNotFoundError(f"a folder with history.jsonl is needed, {run} has none: give a run's log_dir.")
    console.print(_screen(tail, console))
    return 0


def _live(tail: "Tail", console: "Console", refresh: float, *, until_end: bool) -> None:
    """Draw again and again, on a screen of its own, until Ctrl-C or the end of the run."""
    from rich.live import Live

    with Live(console=console, screen=True, auto_refresh=False) as live:
        while True:
            tail.catch_up()
            live.update(_screen(tail, console), refresh=True)
            if until_end and _ended(tail):
                return
            time.sleep(refresh)


def _wait(tail: "Tail", refresh: float, *, until_end: bool) -> None:
    tail.catch_up()
    while until_end and not _ended(tail):
        time.sleep(refresh)
        tail.catch_up()


def _ended(tail: "Tail") -> bool:
    return tail.history is not None and tail.history.final is not None


def _screen(tail: "Tail", console: "Console") -> "RenderableType":
    from collapse_metrics.report.terminal import screen

    width, height = console.size
    return screen(tail, now=time.time(), width=width, height=height, ascii_only=console.options.ascii_only)
