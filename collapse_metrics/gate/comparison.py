"""What did the gate decide, and on what? One row a measure, one word over all; plain records, in and out of JSON."""

import math
from collections.abc import Sequence
from dataclasses import asdict, dataclass, field
from enum import StrEnum
from typing import Any

import numpy as np

from collapse_metrics.gate.falls import compared
from collapse_metrics.gate.margins import ABSOLUTE, MEASURES, Bounds
from collapse_metrics.gate.values import Compared
from collapse_metrics.stats.non_inferiority import at_most
from collapse_metrics.stats.shares import holm
from collapse_metrics.tally import Tally

SCHEMA = 1
"""Version of the JSON form of a comparison."""


class Outcome(StrEnum):
    """The word of the gate. A measure that could not be compared is never ``pass``."""

    PASS = "pass"
    FAIL = "fail"
    INCONCLUSIVE = "inconclusive"


EXIT = {Outcome.PASS: 0, Outcome.FAIL: 1, Outcome.INCONCLUSIVE: 3}
"""Exit codes of the command line."""


@dataclass(frozen=True)
class Row:
    """One measure.

    ``loss``, ``at_most``, ``margin``, ``limit`` and ``detectable`` are parts of the value before; of
    ``duplicate_rate`` points. ``mode`` is the one that decides, empty where the measure is over all; ``detectable`` is
    for the one that is hardest to tell. ``p_value`` is Holm's, against the margin; ``needed`` about how many samples
    would tell.
    """

    measure: str
    mode: str
    before: float
    now: float
    loss: float
    at_most: float
    margin: float
    limit: float
    detectable: float
    p_value: float
    outcome: Outcome
    needed: int | None = None

    @property
    def name(self) -> str:
        """The measure, with the mode that stands for it."""
        return f"{self.measure}[{self.mode}]" if self.mode else self.measure

    @property
    def unit(self) -> str:
        """What the falls are counted in."""
        return "points" if self.measure in ABSOLUTE else "%"

    def sentence(self) -> str:
        """What to read of this row."""
        verb = "rose" if self.measure in ABSOLUTE else "fell"
        amount = f"{100 * self.loss:.1f} {self.unit}"
        if self.outcome is Outcome.FAIL:
            tolerated = f"{100 * self.margin:g} {self.unit}"
            return f"{self.name} {verb} by {amount}, credibly by more than the {tolerated} that are tolerated"
        if self.outcome is Outcome.INCONCLUSIVE:
            more = f"; about {self.needed:,} samples would tell" if self.needed else ""
            moved = "risen" if verb == "rose" else "fallen"
            return f"{self.name} may have {moved} by up to {100 * self.at_most:.0f} {self.unit}{more}"
        if self.at_most <= 0:
            return f"{self.name} did not {'rise' if verb == 'rose' else 'fall'}"
        return f"{self.name} {verb} by {100 * self.at_most:.1f} {self.unit} at most"


@dataclass(frozen=True)
class Comparison:
    """The decision of a gate.

    Attributes:
        outcome: ``"pass"``, ``"fail"`` or ``"inconclusive"``.
        rows: One for each measure.
        alpha: Error rate of ``fail`` and of ``pass``.
        n: Samples that were looked at.
        about: Both sides: reference, embedder, runs, versions.
        findings: Findings that were required to be clear, and are not: name and evidence.
        notes: What else a reader has to know.
    """

    outcome: Outcome
    rows: tuple[Row, ...]
    alpha: float
    n: int
    about: dict[str, Any] = field(default_factory=dict)
    findings: tuple[tuple[str, str], ...] = ()
    notes: tuple[str, ...] = ()

    @property
    def exit_code(self) -> int:
        """0 pass, 1 fail, 3 inconclusive."""
        return EXIT[self.outcome]

    def __getitem__(self, measure: str) -> Row:
        """The row of a measure."""
        for row in self.rows:
            if row.measure == measure:
                return row
        raise KeyError(f"no measure {measure!r} was compared; there are {', '.join(r.measure for r in self.rows)}")

    @property
    def reasons(self) -> tuple[str, ...]:
        """Sentences behind an outcome that is no pass; behind a pass, none."""
        rows = [row.sentence() for row in self.rows if row.outcome is self.outcome and row.outcome is not Outcome.PASS]
        found = [f"{name}: {evidence}" for name, evidence in self.findings]
        return (*found, *rows) if self.outcome is not Outcome.PASS else ()

    def __str__(self) -> str:
        from collapse_metrics.gate.outputs.text import as_text

        return as_text(self)

    def to_dict(self) -> dict[str, Any]:
        """The comparison as plain JSON types."""
        rows = [{**asdict(row), "outcome": str(row.outcome), "needed": row.needed} for row in self.rows]
        findings = [{"name": name, "evidence": evidence} for name, evidence in self.findings]
        return {
            "schema": SCHEMA,
            "outcome": str(self.outcome),
            "alpha": self.alpha,
            "n": self.n,
            "rows": [{key: _finite(value) for key, value in row.items()} for row in rows],
            "findings": findings,
            "notes": list(self.notes),
            "about": self.about,
        }


def decide(
    before: Sequence[Tally],
    now: Sequence[Tally],
    *,
    modes: Sequence[str],
    bounds: dict[str, Bounds],
    alpha: float,
) -> tuple[Outcome, tuple[Row, ...]]:
    """Test every measure, correct for their number, and say the word.

    Args:
        before: Tallies of the baseline, one a run.
        now: Tallies of what is judged, one a run.
        modes: Names of the modes.
        bounds: Margin and limit of every measure.
        alpha: Error rate, of a fail as of a pass.

    Returns:
        The outcome, and a row a measure.
    """
    tests = {measure: compared(measure, before, now, modes) for measure in MEASURES}
    tests = {measure: found for measure, found in tests.items() if found}
    raw = {measure: _against_margin(found, bounds[measure].margin) for measure, found in tests.items()}
    adjusted = dict(zip(raw, holm(np.array([p for p, _ in raw.values()])), strict=True))
    n = now[0].n if len(before) == len(now) == 1 else None  # between runs, more samples would not tell more
    rows = tuple(
        _row(measure, found, bounds[measure], (float(adjusted[measure]), raw[measure][1]), alpha, (len(tests), n))
        for measure, found in tests.items()
    )
    missing = set(gone_silent(before, now, modes, tests))
    rows += tuple(_silent(measure, bounds[measure]) for measure in MEASURES if measure in missing)
    return _word(rows), rows


def gone_silent(
    before: Sequence[Tally], now: Sequence[Tally], modes: Sequence[str], tests: dict[str, list[Compared]]
) -> list[str]:
    """Measures of which the baseline has a value and the other side has none any more."""
    return [m for m in MEASURES if m not in tests and compared(m, before, before, modes)]


def _against_margin(tests: list[Compared], margin: float) -> tuple[float, int]:
    """P-value of a measure, by Bonferroni over its modes, and which mode has it."""
    p_values = [test.fall.worse(margin) for test in tests]
    worst = min(range(len(tests)), key=lambda k: (p_values[k], -tests[k].fall.loss))
    return min(1.0, len(tests) * p_values[worst]), worst


def _row(
    measure: str,
    tests: list[Compared],
    bounds: Bounds,
    worse: tuple[float, int],
    alpha: float,
    size: tuple[int, int | None],
) -> Row:
    p_value, worst = worse
    family, n = size
    if p_value <= alpha:
        outcome, chosen = Outcome.FAIL, tests[worst]
    else:
        chosen = max(tests, key=lambda test: test.fall.better(bounds.limit))
        ruled_out = chosen.fall.better(bounds.limit) <= alpha
        outcome = Outcome.PASS if ruled_out else Outcome.INCONCLUSIVE
        chosen = tests[worst] if ruled_out else chosen
    level = alpha / family / len(tests)
    bound = at_most(chosen.fall, alpha)
    return Row(
        measure=measure,
        mode=chosen.mode,
        before=chosen.before,
        now=chosen.now,
        loss=chosen.fall.loss,
        at_most=max(bound, chosen.fall.loss),
        margin=bounds.margin,
        limit=bounds.limit,
        detectable=max(tests, key=lambda test: test.fall.noise).fall.detectable(bounds.margin, level),
        p_value=p_value,
        outcome=outcome,
        needed=_needed(chosen.fall.loss, bound, bounds.limit, n) if outcome is Outcome.INCONCLUSIVE else None,
    )


def _needed(loss: float, bound: float, limit: float, n: int | None) -> int | None:
    """Samples at which an unchanged number would be told from the limit: bounds shrink as the root of their number.

    None where even that would not help, because the loss itself may be beyond the limit.
    """
    if n is None or limit >= 1 or loss >= limit:
        return None
    if bound >= 1:
        return 4 * n
    width = math.log1p(-min(loss, 0.999)) - math.log1p(-bound)
    room = -math.log1p(-limit) / 2  # an unchanged number strays to both sides
    return max(n + 1, int(math.ceil(n * (width / room) ** 2 / 100) * 100))


def _silent(measure: str, bounds: Bounds) -> Row:
    """Of a measure that nothing can be said of any more: not checked is not passed."""
    gap = math.nan
    return Row(measure, "", gap, gap, gap, 1.0, bounds.margin, bounds.limit, gap, 1.0, Outcome.INCONCLUSIVE)


def _word(rows: Sequence[Row]) -> Outcome:
    outcomes = {row.outcome for row in rows}
    if Outcome.FAIL in outcomes:
        return Outcome.FAIL
    return Outcome.PASS if outcomes == {Outcome.PASS} else Outcome.INCONCLUSIVE


def _finite(value: Any) -> Any:
    return None if isinstance(value, float) and not math.isfinite(value) else value
