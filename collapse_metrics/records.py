"""What was measured when, on what, and what follows from it? Records in and out of JSON; no tensor, no torch."""

import json
import math
import os
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

SCHEMA = 1
"""Version of the JSON form. A file of another version is refused, not guessed at."""


HARMLESS = ("loss_oscillation", "discriminator_overpowers")
"""Findings that never make a verdict worse: losses alone are no evidence of collapse."""


class Status(StrEnum):
    """What one check found. A check that could not run is never ``clear``."""

    FOUND = "found"
    WATCH = "watch"
    CLEAR = "clear"
    NOT_CHECKED = "not_checked"


class Verdict(StrEnum):
    """One word over all findings."""

    HEALTHY = "healthy"
    PARTIAL_COLLAPSE = "partial_collapse"
    COLLAPSE = "collapse"
    BROKEN = "broken"
    INCONCLUSIVE = "inconclusive"


@dataclass(frozen=True)
class Measurement:
    """One number, how sure it is, and what a perfect generator would score at this sample size."""

    name: str
    value: float
    low: float | None = None
    high: float | None = None
    expected: tuple[float, float] | None = None
    n_real: int | None = None
    n_fake: int | None = None
    embedder: str | None = None
    step: int | None = None

    @property
    def typical(self) -> float:
        """The middle of ``expected``: what a perfect generator scores, or NaN where that is unknown."""
        return math.nan if self.expected is None else (self.expected[0] + self.expected[1]) / 2

    def __str__(self) -> str:
        text = f"{self.name} {self.value:.3g}"
        if self.low is not None and self.high is not None:
            text += f" [{self.low:.3g}, {self.high:.3g}]"
        if self.expected is not None:
            text += f", a perfect generator {self.expected[0]:.3g} to {self.expected[1]:.3g}"
        return text


@dataclass(frozen=True)
class Finding:
    """One judgement: on what evidence, what it means, what to try, since which step, and how bad it is.

    ``severity`` runs from 0, nothing, to 1, complete; ``None`` where it is not known. ``shown_by`` names the recipe or
    the fixture of ``reference_gans`` that shows the failure.
    """

    name: str
    status: Status
    evidence: str
    meaning: str
    remedies: tuple[str, ...] = ()
    since: int | None = None
    severity: float | None = None
    shown_by: str = ""


@dataclass(frozen=True)
class Scorecard:
    """Everything known about one set of samples: the verdict, the findings behind it, the numbers behind those."""

    verdict: Verdict
    findings: tuple[Finding, ...]
    measurements: tuple[Measurement, ...]
    provenance: dict[str, Any] = field(default_factory=dict)
    tally: dict[str, Any] | None = None
    """What another set of samples can be compared with: ``collapse_metrics.tally.Tally`` in JSON's types."""

    def __getitem__(self, name: str) -> Measurement:
        """The measurement of that name."""
        for measurement in self.measurements:
            if measurement.name == name:
                return measurement
        known = ", ".join(m.name for m in self.measurements if "[" not in m.name)
        raise KeyError(f"no measurement named {name!r}; this scorecard has: {known}")

    def __contains__(self, name: str) -> bool:
        return any(m.name == name for m in self.measurements)

    def finding(self, name: str) -> Finding:
        """The finding of that name."""
        for finding in self.findings:
            if finding.name == name:
                return finding
        raise KeyError(f"no finding named {name!r}; this scorecard has: {', '.join(f.name for f in self.findings)}")

    @property
    def found(self) -> tuple[Finding, ...]:
        """Only the findings whose status is ``found``."""
        return tuple(f for f in self.findings if f.status is Status.FOUND)

    @property
    def severity(self) -> float:
        """How bad it is, from 0 (nothing found) to 1 (complete): the worst of the findings that make a verdict worse.

        NaN where such a finding does not say, as in scorecards of older versions.
        """
        known = [math.nan if f.severity is None else f.severity for f in self.found if f.name not in HARMLESS]
        return math.nan if any(map(math.isnan, known)) else max(known, default=0.0)

    def __str__(self) -> str:
        """The verdict, then a line a finding: what a person reads first."""
        lines = [f"verdict: {self.verdict}" + (f" ({self.provenance['note']})" if self.provenance.get("note") else "")]
        lines += [f"  {text}" for text in self._could_have_seen()]
        if self.provenance.get("losses_and_samples"):
            lines.append(f"  {self.provenance['losses_and_samples']}")
        lines += [f"  {f.status:<11} {f.name}: {f.evidence}" for f in sorted(self.findings, key=_urgency)]
        return "\n".join(lines)

    def _could_have_seen(self) -> list[str]:
        """Beside ``healthy``: the smallest collapse that this many samples would have shown; else how many would."""
        if "samples_needed" not in self:
            return []
        if self.verdict is Verdict.INCONCLUSIVE:
            needed = self["samples_needed"]
            enough = (needed.n_fake or 0) >= needed.value
            return (
                [] if enough else [f"{needed.value:.0f} samples that pass for data would decide, got {needed.n_fake}"]
            )
        if self.verdict is not Verdict.HEALTHY:
            return []
        if "detectable_share" not in self:
            return ["so few samples might have hidden even a mode that is gone"]
        left = self["detectable_share"].value
        return [f"any mode down to {left:.0%} of its share would have been seen, 95 times in 100"]

    def to_frame(self) -> "pd.DataFrame":
        """One row a measurement, as a data frame."""
        import pandas as pd

        rows = [asdict(m) for m in self.measurements]
        for row in rows:
            row["expected_low"], row["expected_high"] = row.pop("expected") or (None, None)
        return pd.DataFrame(rows)

    def to_dict(self) -> dict[str, Any]:
        """The scorecard as plain JSON types."""
        return {
            "schema": SCHEMA,
            "verdict": str(self.verdict),
            "severity": _plain(self.severity),
            "findings": [_plain(asdict(f)) for f in self.findings],
            "measurements": [_plain(asdict(m)) for m in self.measurements],
            "provenance": _plain(self.provenance),
            "tally": self.tally,
        }

    def to_json(self, path: str | Path | None = None) -> str:
        """The scorecard as JSON text, also written to ``path`` where one is given."""
        text = json.dumps(self.to_dict(), indent=1, allow_nan=False)
        if path is not None:
            write_whole(Path(path), text + "\n")
        return text

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> "Scorecard":
        """The scorecard that ``to_dict`` described."""
        schema = data.get("schema")
        if schema != SCHEMA:
            raise ValueError(
                f"a scorecard of schema {SCHEMA} is needed, got {schema!r}: write it again with this version."
            )
        try:
            findings = tuple(
                Finding(**{**f, "status": Status(f["status"]), "remedies": tuple(f["remedies"])})
                for f in data["findings"]
            )
            measurements = tuple(Measurement(**_lively(m)) for m in data["measurements"])
            return cls(Verdict(data["verdict"]), findings, measurements, dict(data["provenance"]), data.get("tally"))
        except (KeyError, TypeError, ValueError) as error:
            raise ValueError(f"this is no whole scorecard ({error}): write it again with `to_json`.") from error

    @classmethod
    def from_json(cls, path: str | Path) -> "Scorecard":
        """The scorecard in a file written by ``to_json``."""
        try:
            data = json.loads(Path(path).read_text(encoding="utf-8"))
        except (UnicodeDecodeError, json.JSONDecodeError) as error:
            raise ValueError(f"{path} is not JSON ({error}): give a file written by `to_json`.") from error
        if not isinstance(data, dict):
            raise ValueError(f"{path} holds a JSON {type(data).__name__}, a scorecard object is needed.")
        return cls.from_dict(data)

    def with_findings(self, findings: Iterable[Finding], verdict: Verdict) -> "Scorecard":
        """The same numbers under another judgement."""
        return replace(self, findings=tuple(findings), verdict=verdict)


def _urgency(finding: Finding) -> int:
    return [Status.FOUND, Status.WATCH, Status.CLEAR, Status.NOT_CHECKED].index(finding.status)


def _plain(value: Any) -> Any:
    """The same in JSON's own types: NaN as null, infinity as a word, no NumPy numbers."""
    if isinstance(value, Mapping):
        return {str(k): _plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(v) for v in value]
    if hasattr(value, "item") and not isinstance(value, str | bytes):  # NumPy and torch numbers
        value = value.item()
    if isinstance(value, float) and not math.isfinite(value):
        return None if math.isnan(value) else str(value)
    return value


def _lively(row: Mapping[str, Any]) -> dict[str, Any]:
    """A measurement's fields out of JSON, where null stands for NaN and for an interval's missing end."""
    expected = row["expected"] and tuple(_number(end) for end in row["expected"])
    ends = {name: row[name] if row[name] is None else _number(row[name]) for name in ("low", "high")}
    return {**row, **ends, "value": _number(row["value"]), "expected": expected}


def _number(value: Any) -> Any:
    if value is None:
        return math.nan
    return float(value) if isinstance(value, str) else value  # "inf", "-inf"


def replace_finding(finding: Finding, *, since: int) -> Finding:
    """The same finding, dated."""
    return replace(finding, since=since)


def write_whole(path: Path, content: str | bytes) -> None:
    """Write a file at once or not at all: a reader never meets half of it."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f"{path.name}.{os.getpid()}.part")  # of its own: every rank may write the same file
    draft.write_bytes(content.encode() if isinstance(content, str) else content)
    os.replace(draft, path)  # noqa: PTH105  (Path.replace is the same call; os.replace is the documented atomic one)
