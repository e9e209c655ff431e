"""What did one training run record, and since when? Scorecards and losses, a JSON line each, safe against a kill."""

import contextlib
import copy
import io
import itertools
import json
import math
import os
import time
from collections import deque
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from collapse_metrics.lines import ends_whole, lines_of
from collapse_metrics.records import Measurement, Scorecard
from collapse_metrics.shelf import NEWEST, Gist, Look, Series, Shelf, View

if TYPE_CHECKING:
    import pandas as pd


class History:
    """What one training run recorded: a scorecard a check, and one number a step for each loss.

    With a folder, every record is also appended to ``history.jsonl`` there, one JSON object a line, flushed at
    once: a run that is killed leaves all whole lines readable. Where the folder cannot be written, records wait in
    memory and are written with the next one that can.

    A history that is being written keeps the newest scorecards in memory and fetches older ones from its folder when
    they are asked for; without a folder it keeps them packed. One that was read keeps everything at hand.
    """

    def __init__(
        self,
        folder: str | Path | None = None,
        *,
        about: Mapping[str, Any] | None = None,
        at_hand: int | None = NEWEST,
    ) -> None:
        self.folder = None if folder is None else Path(folder)
        self.about: dict[str, Any] = dict(about or {})
        self.losses: dict[str, Series] = {}
        self.alarms: list[dict[str, Any]] = []
        self.errors: list[dict[str, Any]] = []
        self.final: Scorecard | None = None
        self._looks = Shelf(at_hand)
        self._owed: deque[bytes] = deque(maxlen=MOST_OWED)
        self._continued = False

    @property
    def checks(self) -> Sequence[Scorecard]:
        """The scorecard of each check."""
        return View(self._looks, lambda look: look.card)

    @property
    def samples(self) -> Sequence[dict[str, Any]]:
        """What was noted about the samples of each check."""
        return View(self._looks, lambda look: look.samples)

    @property
    def gists(self) -> Sequence[Gist]:
        """Of each check its step, verdict and findings: what can be asked without fetching the whole."""
        return self._looks.gists

    @property
    def steps(self) -> list[int]:
        """Training step of each check."""
        return [gist.step for gist in self._looks.gists]

    def add(self, kind: str, **content: Any) -> None:
        """Keep one record: ``about``, ``check``, ``alarm``, ``losses``, ``error`` or ``final``, and write its line.

        Raises:
            OSError: If it cannot be written; it is kept all the same.
        """
        place = None
        if kind in DATED:
            content = {"at": round(time.time(), 3), **content}
        try:
            if self.folder is not None:
                line = json.dumps({"kind": kind, **content}, allow_nan=False).encode() + b"\n"
                place = self._write(self.folder, line)
        finally:
            self.keep(kind, content, place)

    def _write(self, folder: Path, line: bytes) -> int:
        """Append what is owed and a line, all or nothing; returns the byte at which the line begins."""
        self._owed.append(line)
        with self._open(folder) as file:
            start, left = file.tell(), b"".join(self._owed)
            place = start + len(left) - len(line)
            try:
                while left:
                    left = left[file.write(left) :]
            except BaseException:  # Ctrl-C too must leave whole lines
                with contextlib.suppress(OSError):
                    os.truncate(file.fileno(), start)
                raise
        self._owed.clear()
        return place

    def _open(self, folder: Path) -> io.FileIO:
        """The file, ready for the next line. Another run's record is put aside; half a line is cut off."""
        folder.mkdir(parents=True, exist_ok=True)
        path = self._looks.path = folder / HISTORY_FILE
        if not self._continued and path.exists():
            number = next(i for i in itertools.count(1) if not path.with_suffix(f".{i}.jsonl").exists())
            path.rename(path.with_suffix(f".{number}.jsonl"))
        elif path.exists():
            whole = path.read_bytes().rfind(b"\n") + 1 if not ends_whole(path) else None
            if whole is not None:
                os.truncate(path, whole)
        self._continued = True
        return path.open("ab", buffering=0)

    def keep(self, kind: str, content: Mapping[str, Any], place: int | None = None) -> None:
        """Keep one record that needs no writing: it stands at byte ``place`` of the file, if anywhere."""
        if kind == "check":
            look = Look(Scorecard.from_dict(content["card"]), dict(content.get("samples") or {}))
            self._looks.put(look, place, at=float(content.get("at", math.nan)))
        elif kind == "losses":
            for name, rows in content["values"].items():
                self.losses.setdefault(name, Series()).extend(rows)
        elif kind == "final":
            self.final = Scorecard.from_dict(content["card"])
        elif kind == "alarm":
            self.alarms.append(dict(content))
        elif kind == "error" and len(self.errors) < MOST_ERRORS:
            self.errors.append(dict(content))
        elif kind == "about":
            self.about.update(content)

    @classmethod
    def read(cls, folder: str | Path, *, at_hand: int | None = None) -> "History":
        """The history of a recorded run.

        A last line that was cut off is left out; one in the middle too, if the run was killed there and another
        wrote on behind it, and ``errors`` says so.

        Args:
            folder: Of the run.
            at_hand: How many scorecards to keep in memory, the newest; left out, all of them.

        Returns:
            The history; what is added to it goes on behind the record.

        Raises:
            FileNotFoundError: If there is no record.
            ValueError: If a line is whole, and no record.
        """
        path = Path(folder) / HISTORY_FILE
        if not path.is_file():
            raise FileNotFoundError(f"a folder with {HISTORY_FILE} is needed, {folder} has none: give a run's log_dir.")
        history = cls(folder, at_hand=at_hand)
        history._looks.path, history._continued = path, True
        for line in lines_of(path):
            if line.record is None:
                if not line.last:
                    torn = {"step": (history.steps or [0])[-1], "what": f"reading line {line.number}"}
                    history.errors.append({**torn, "error": "the line was cut off, and is left out"})
                continue
            try:
                history.keep(line.record.pop("kind"), line.record, line.place)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                if line.last:
                    break
                raise ValueError(
                    f"{path} line {line.number} is no record ({error}): the file was edited or damaged."
                ) from error
        return history

    @classmethod
    def go_on(cls, folder: str | Path, *, step: int) -> "History":
        """The history of a run that was cut off and goes on from ``step``; what it recorded later is taken out."""
        path = Path(folder) / HISTORY_FILE
        cls.read(folder, at_hand=NEWEST)  # says what is wrong with the file, if anything is
        unfinished = path.with_suffix(".unfinished")
        with unfinished.open("w", encoding="utf-8") as file:
            for line in lines_of(path):
                record = _until(line.record, step) if line.record else {}
                file.write(f"{json.dumps(record, allow_nan=False)}\n" if record else "")
        unfinished.replace(path)
        return cls.read(folder, at_hand=NEWEST)

    def whole(self) -> "History":
        """The same with every scorecard at hand, for whoever reads all of them many times, as a page does."""
        if self._looks.all_at_hand:
            return self
        history = copy.copy(self)
        history._looks = Shelf(None)
        for card, samples in zip(self.checks, self.samples, strict=True):
            history._looks.put(Look(card, samples))
        return history

    def series(self, name: str) -> list[tuple[int, Measurement]]:
        """All measurements of one name, with their steps."""
        return [(int(c.provenance["step"]), c[name]) for c in self.checks if name in c]

    def to_frame(self) -> "pd.DataFrame":
        """One row a check: step, verdict, and a column for every measurement."""
        import pandas as pd

        rows = [
            {
                "step": card.provenance["step"],
                "verdict": str(card.verdict),
                **{m.name: m.value for m in card.measurements},
            }
            for card in self.checks
        ]
        return pd.DataFrame(rows)


HISTORY_FILE = "history.jsonl"
"""Name of the record inside a run's folder."""

DATED = ("check", "final")
"""Kinds of records that tell the time they were made, in seconds since 1970."""

MOST_ERRORS = 1000
"""Errors kept in memory, the first ones: what fails at every look is told by them."""

MOST_OWED = 1000
"""Records that wait for a folder that cannot be written, the newest: some 20 MB of checks at most."""


def _until(record: dict[str, Any], step: int) -> dict[str, Any]:
    """What of a record was there at ``step``; empty if nothing."""
    kind = record["kind"]
    if kind == "losses":
        values = {name: [row for row in rows if row[0] <= step] for name, rows in record["values"].items()}
        return {**record, "values": values} if any(values.values()) else {}
    at = {"check": lambda: record["card"]["provenance"]["step"], "alarm": lambda: record["step"]}
    return {} if kind == "final" or (kind in at and at[kind]() > step) else record
