"""What came of a sweep? A row a checkpoint, those that may be the best, and since when it has gone wrong."""

import json
import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import stats

import collapse_metrics.metrics
import collapse_metrics.probes  # noqa: F401  (importing the rooms registers what they hold)
from collapse_metrics._registry import METRICS, PROBES
from collapse_metrics.diagnosis import onset, too_early
from collapse_metrics.records import Measurement, Scorecard, Verdict, write_whole
from collapse_metrics.stats.best_set import could_be_best
from collapse_metrics.stats.jackknife import BLOCKS

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
"""Version of the JSON form."""

ALPHA = 0.05
"""Probability with which the best checkpoint may be missing from the set that may be the best: the usual convention."""

BADNESS = {Verdict.HEALTHY: 0, Verdict.PARTIAL_COLLAPSE: 1, Verdict.COLLAPSE: 2, Verdict.BROKEN: 2}
"""How bad a verdict is; an inconclusive one says nothing."""


@dataclass(frozen=True)
class Row:
    """One checkpoint: its scorecard, or the sentence that says why there is none."""

    path: Path
    step: int | None = None
    sha256: str = ""
    card: Scorecard | None = None
    error: str = ""
    seconds: float = 0.0
    from_cache: bool = False

    @property
    def badness(self) -> int | None:
        """0 healthy, 1 partial collapse, 2 collapse or broken; ``None`` where nothing is known."""
        return None if self.card is None else BADNESS.get(self.card.verdict)

    def measured(self, name: str) -> Measurement | None:
        """The measurement of that name, where there is one."""
        return self.card[name] if self.card is not None and name in self.card else None

    def __str__(self) -> str:
        return self.path.name if self.step is None else f"step {self.step} ({self.path.name})"


@dataclass(frozen=True)
class Sweep:
    """Checkpoints in order of training. ``by`` is the measure that decides which may be the best."""

    rows: tuple[Row, ...]
    by: str = "coverage"

    @cached_property
    def dated(self) -> tuple[Row, ...]:
        """The rows that tell their step and were judged, in order."""
        return tuple(row for row in self.rows if row.step is not None and row.card is not None)

    @cached_property
    def best(self) -> tuple[Row, ...]:
        """All that may be the best, the one that scored best first.

        Candidates are the healthy checkpoints; where there are none, those that are not collapsed. One is left out
        when it is shown to score worse in ``by`` than any other candidate (``stats.best_set.could_be_best``: Welch tests
        of all pairs, Bonferroni), so that the truly best of them is in the set with probability 0.95.
        """
        scored = [row for row in self.rows if row.measured(self.by) is not None]
        healthy = [row for row in scored if row.badness == 0]
        candidates = healthy or [row for row in scored if row.badness != 2]
        values, errors = _with_errors([row.measured(self.by) for row in candidates])
        values = values if higher_is_better(self.by) else -values
        chosen = np.flatnonzero(could_be_best(values, errors, dof=BLOCKS - 1, alpha=ALPHA))
        return tuple(candidates[i] for i in sorted(chosen, key=lambda i: -values[i]))

    @property
    def last_healthy(self) -> Row | None:
        """The last checkpoint called healthy before the sickness that lasts to the end, where there is one."""
        end = self.since(1)
        steps = [row for row in self.dated if row.badness == 0]
        return max((row for row in steps if end is None or row.step < end.step), key=_step, default=None)

    def since(self, badness: int) -> Row | None:
        """First of the checkpoints that are so bad, or worse, to the end; ``None`` where the last one is not.

        One checkpoint that disagrees is passed over, as it may be luck; those that come too early in training to be
        called anything are not bad yet.
        """
        known = [(row, early) for row, early in zip(self.dated, self._early, strict=True) if row.badness is not None]
        bad = [not early and row.badness >= badness for row, early in known]
        first = onset(list(range(len(known))), bad)
        return None if first is None else known[first][0]

    @cached_property
    def _early(self) -> tuple[bool, ...]:
        cards = [row.card for row in self.dated]
        return tuple(too_early(cards[: i + 1]) is not None for i in range(len(cards)))

    @property
    def failed(self) -> tuple[Row, ...]:
        """The rows that could not be scored."""
        return tuple(row for row in self.rows if row.card is None)

    def to_frame(self) -> "pd.DataFrame":
        """One row a checkpoint, one column a measurement, and two more for its interval where it has one."""
        import pandas as pd

        best = {id(row) for row in self.best}
        return pd.DataFrame([_cells(row, may_be_best=id(row) in best) for row in self.rows])

    def to_dict(self) -> dict[str, Any]:
        """The table and what it says, as plain JSON types."""
        found = {"partial_collapse_from": self.since(1), "collapse_from": self.since(2)}
        return {
            "schema": SCHEMA,
            "by": self.by,
            "best": [_named(row) for row in self.best],
            "last_healthy": _named(self.last_healthy),
            **{name: _named(row) for name, row in found.items()},
            "scored": sum(row.card is not None and not row.from_cache for row in self.rows),
            "from_cache": sum(row.from_cache for row in self.rows),
            "rows": [{k: _plain(v) for k, v in row.items()} for row in self.to_frame().to_dict("records")],
        }

    def save(self, path: str | Path) -> Path:
        """Write the table as ``.csv``, ``.parquet`` or ``.json``, at once and whole."""
        path = Path(path)
        writer = WRITERS.get(path.suffix.lower())
        if writer is None:
            raise ValueError(f"a table in {', '.join(WRITERS)} can be written, got {path.name}: choose one of them.")
        writer(self, path)
        return path

    def __str__(self) -> str:
        return "\n".join(summary(self))

def summary(table: Sweep) -> list[str]:
    """The lines that a person reads first."""
    failed = f", {len(table.failed)} of them not scored" if table.failed else ""
    lines = [f"{len(table.rows)} checkpoints{failed}"]
    best, healthy = table.best, table.last_healthy
    if best:
        first = best[0].measured(table.by)
        rest = f"{len(best) - 1} more cannot be told from it" if len(best) > 1 else "all others are shown to be worse"
        lines.append(f"best in {table.by}: {best[0]}, {first}; {rest}")
    lines.append(f"last healthy: {healthy or 'none'}")
    for badness, word in ((1, "partial collapse or worse"), (2, "collapse")):
        row = table.since(badness)
        if row is not None:
            lines.append(f"{word} from {row} on")
    if table.dated and table.since(1) is None:
        lines.append("no collapse that lasts to the end")
    return lines


def higher_is_better(name: str) -> bool:
    """Which way a registered measure is read."""
    if not may_be_ranked(name):
        raise ValueError(f"a measure that can be ranked is needed, got {name!r}: see `collapse-metrics metrics`.")
    return (METRICS.get(name) or PROBES[name]).higher_is_better


def may_be_ranked(name: str) -> bool:
    """Whether a measure is registered, and a size rather than a p-value."""
    spec = METRICS.get(name) or PROBES.get(name)
    return spec is not None and not spec.is_test


def standard_error(measured: Measurement | None) -> float:
    """Standard error behind an interval of the block jackknife; half an end may be cut off at zero, so the longer."""
    if measured is None or measured.low is None or measured.high is None:
        return math.nan
    half = max(measured.high - measured.value, measured.value - measured.low)
    return half / float(stats.t.ppf(0.975, BLOCKS - 1))


def _with_errors(measured: Sequence[Measurement | None]) -> tuple[np.ndarray, np.ndarray]:
    values = np.array([math.nan if m is None else m.value for m in measured], dtype=float)
    return values, np.array([standard_error(m) for m in measured], dtype=float)


def _step(row: Row) -> int:
    return -1 if row.step is None else row.step


def _named(row: Row | None) -> dict[str, Any] | None:
    return None if row is None else {"step": row.step, "path": str(row.path), "verdict": row.card and row.card.verdict}


def _cells(row: Row, *, may_be_best: bool) -> dict[str, Any]:
    """One line of the table."""
    cells: dict[str, Any] = {"step": row.step, "path": str(row.path), "verdict": None, "may_be_best": may_be_best}
    if row.card is not None:
        cells["verdict"], cells["severity"] = str(row.card.verdict), row.card.severity
        cells["found"] = " ".join(finding.name for finding in row.card.found)
    for m in row.card.measurements if row.card is not None else ():
        cells[m.name] = m.value
        if m.low is not None and "[" not in m.name:
            cells |= {f"{m.name}_low": m.low, f"{m.name}_high": m.high}
    about = {"seconds": round(row.seconds, 3), "from_cache": row.from_cache, "sha256": row.sha256, "error": row.error}
    return cells | about


def _plain(value: Any) -> Any:
    """NaN as null, infinity as a word, as scorecards write them."""
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value.item() if isinstance(value, np.generic) else value


def _write_csv(table: Sweep, path: Path) -> None:
    write_whole(path, table.to_frame().to_csv(index=False))


def _write_json(table: Sweep, path: Path) -> None:
    write_whole(path, json.dumps(table.to_dict(), indent=1, allow_nan=False) + "\n")


def _write_parquet(table: Sweep, path: Path) -> None:
    draft = path.with_name(f"{path.name}.part")
    try:
        table.to_frame().to_parquet(draft, index=False)
    except ImportError as error:
        raise ModuleNotFoundError(
            f"{path.name} needs the package `pyarrow`: pip install 'collapse_metrics[parquet]', or write .csv."
        ) from error
    draft.replace(path)


WRITERS: dict[str, Callable[[Sweep, Path], None]] = {
    ".csv": _write_csv,
    ".parquet": _write_parquet,
    ".json": _write_json,
}
"""Which writer writes which ending."""
