"""What has been recorded since I last looked? A run's record, followed while it is written."""

import contextlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from collapse_metrics.history import HISTORY_FILE, History
from collapse_metrics.lines import parsed
from collapse_metrics.records import Scorecard
from collapse_metrics.report.curves import FIRST
from collapse_metrics.shelf import Series

AT_HAND = 2
"""Scorecards that a watcher keeps: the newest is shown, of the others their gists and curves."""


class Tail:
    """Follows the record of a run that may not have begun, may be replaced by that of another, or may be taken away.

    Args:
        folder: Of the run, the ``log_dir`` of its monitor.

    Attributes:
        history: What was read so far; ``None`` before there is anything.
        curves: Main measures over the steps, by name.
        there: Whether the record was there at the last look.
    """

    def __init__(self, folder: str | Path) -> None:
        self.path = Path(folder) / HISTORY_FILE
        self.history: History | None = None
        self.curves: dict[str, Series] = {}
        self.there = False
        self._place = 0
        self._file: tuple[int, int] | None = None

    def catch_up(self) -> bool:
        """Read what was added since the last call; returns whether there was anything."""
        try:
            found = self.path.stat()
            self.there = True
        except OSError:  # not yet there, being replaced, or taken away: what was read stays
            self.there = False
            return False
        if (found.st_dev, found.st_ino) != self._file or found.st_size < self._place:
            self._begin((found.st_dev, found.st_ino))
        with contextlib.suppress(OSError):
            return self._read()
        return False

    def _begin(self, file: tuple[int, int]) -> None:
        self.history, self.curves = History(at_hand=AT_HAND), {}
        self.history.folder = self.path.parent
        self._file, self._place = file, 0

    def _read(self) -> bool:
        assert self.history is not None
        before = self._place
        with self.path.open("rb") as file:
            file.seek(before)
            for line in file:
                if not line.endswith(b"\n"):
                    break  # it is being written
                self._place += len(line)
                for part in parsed(line):
                    if isinstance(part.record, Mapping):
                        with contextlib.suppress(ValueError, KeyError, TypeError, AttributeError):
                            self._take(self.history, dict(part.record))
        return self._place > before

    def _take(self, history: History, record: dict[str, Any]) -> None:
        kind = record.pop("kind")
        history.keep(kind, record)
        if kind == "check":
            self._note(history.checks[-1])

    def _note(self, card: Scorecard) -> None:
        if self.history is not None:
            self.history.final = None  # the training went on after its diagnosis
        step = int(card.provenance["step"])
        for m in card.measurements:
            if m.name in FIRST:
                self.curves.setdefault(m.name, Series()).extend([(step, m.value)])
