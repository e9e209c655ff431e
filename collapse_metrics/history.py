"""What did one training run record, and since when? Scorecards and losses, a JSON line each, safe against a kill."""

import contextlib
import itertools
import json
import math
import os
from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from collapse_metrics.records import Measurement, Scorecard

if TYPE_CHECKING:
    import pandas as pd


class History:
    """What one training run recorded: a scorecard a check, and one number a step for each loss.

    With a folder, every record is also appended to ``history.jsonl`` there, one JSON object a line, flushed at
    once: a run that is killed leaves all whole lines readable.
    """

    def __init__(self, folder: str | Path | None = None, *, about: Mapping[str, Any] | None = None) -> None:
        self.folder = None if folder is None else Path(folder)
        self.about: dict[str, Any] = dict(about or {})
        self.checks: list[Scorecard] = []
        self.samples: list[dict[str, Any]] = []
        self.losses: dict[str, list[tuple[int, float]]] = {}
        self.alarms: list[dict[str, Any]] = []
        self.errors: list[dict[str, Any]] = []
        self.final: Scorecard | None = None
        self._continued = False

    def add(self, kind: str, **content: Any) -> None:
        """Keep one record: ``about``, ``check``, ``alarm``, ``losses``, ``error`` or ``final``, and write its line."""
        self._keep(kind, content)
        if self.folder is not None:
            line = json.dumps({"kind": kind, **content}, allow_nan=False)
            with self._open(self.folder) as file:
                file.write(line.encode() + b"\n")

    def _open(self, folder: Path) -> BinaryIO:
        """The file, ready for the next line. Another run's record is put aside; half a line is cut off."""
        folder.mkdir(parents=True, exist_ok=True)
        path = folder / HISTORY_FILE
        if not self._continued and path.exists():
            number = next(i for i in itertools.count(1) if not path.with_suffix(f".{i}.jsonl").exists())
            path.rename(path.with_suffix(f".{number}.jsonl"))
        elif path.exists():
            whole = path.read_bytes().rfind(b"\n") + 1 if not _ends_whole(path) else None
            if whole is not None:
                os.truncate(path, whole)
        self._continued = True
        return path.open("ab")

    def _keep(self, kind: str, content: Mapping[str, Any]) -> None:
        if kind == "check":
            self.checks.append(Scorecard.from_dict(content["card"]))
            self.samples.append(dict(content.get("samples") or {}))
        elif kind == "losses":
            for name, rows in content["values"].items():
                lively = [(int(step), math.nan if value is None else float(value)) for step, value in rows]
                self.losses.setdefault(name, []).extend(lively)
        elif kind == "final":
            self.final = Scorecard.from_dict(content["card"])
        elif kind == "alarm":
            self.alarms.append(dict(content))
        elif kind == "error":
            self.errors.append(dict(content))
        elif kind == "about":
            self.about.update(content)

    @classmethod
    def read(cls, folder: str | Path) -> "History":
        """The history of a recorded run; a last line that was cut off is left out."""
        path = Path(folder) / HISTORY_FILE
        if not path.is_file():
            raise FileNotFoundError(f"a folder with {HISTORY_FILE} is needed, {folder} has none: give a run's log_dir.")
        history = cls()
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()
        for number, line in enumerate(lines, 1):
            try:
                record = json.loads(line)
                history._keep(record.pop("kind"), record)
            except (ValueError, KeyError, TypeError, AttributeError) as error:
                if number == len(lines):
                    break
                raise ValueError(
                    f"{path} line {number} is no record ({error}): the file was edited or damaged."
                ) from error
        history.folder, history._continued = Path(folder), True
        return history

    @classmethod
    def go_on(cls, folder: str | Path, *, step: int) -> "History":
        """The history of a run that was cut off and goes on from ``step``; what it recorded later is taken out."""
        path = Path(folder) / HISTORY_FILE
        cls.read(folder)  # says what is wrong with the file, if anything is
        kept = []
        for line in path.read_text(encoding="utf-8", errors="replace").splitlines():
            with contextlib.suppress(ValueError):  # half a line, the last one
                record = _until(json.loads(line), step)
                kept += [json.dumps(record, allow_nan=False)] if record else []
        unfinished = path.with_suffix(".unfinished")
        unfinished.write_text("".join(f"{line}\n" for line in kept), encoding="utf-8")
        unfinished.replace(path)
        return cls.read(folder)

    @property
    def steps(self) -> list[int]:
        """Training step of each check."""
        return [int(card.provenance["step"]) for card in self.checks]

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


def _until(record: dict[str, Any], step: int) -> dict[str, Any]:
    """What of a record was there at ``step``; empty if nothing."""
    kind = record["kind"]
    if kind == "losses":
        values = {name: [row for row in rows if row[0] <= step] for name, rows in record["values"].items()}
        return {**record, "values": values} if any(values.values()) else {}
    at = {"check": lambda: record["card"]["provenance"]["step"], "alarm": lambda: record["step"]}
    return {} if kind == "final" or (kind in at and at[kind]() > step) else record


def _ends_whole(path: Path) -> bool:
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
