"""What does a person at a terminal read? One line, one table, and the reasons."""

import math
from typing import TYPE_CHECKING

from collapse_metrics.gate.comparison import Comparison, Outcome, Row

if TYPE_CHECKING:
    from rich.table import Table

HEADINGS = ("measure", "before", "now", "worse by", "at most", "tolerated", "ruled out", "detectable", "says")
"""Columns of every table of a comparison."""

COLOURS = {Outcome.PASS: "green", Outcome.FAIL: "red", Outcome.INCONCLUSIVE: "yellow"}
"""Of the last column."""


def headline(comparison: Comparison) -> str:
    """The decision in one sentence."""
    sides = f"{comparison.n:,} samples a run, alpha {comparison.alpha:g}"
    if comparison.outcome is Outcome.PASS:
        return f"pass: nothing has become worse by its limit ({sides})"
    if comparison.outcome is Outcome.FAIL:
        return f"fail: {'; '.join(comparison.reasons)} ({sides})"
    return f"inconclusive: {'; '.join(comparison.reasons)} ({sides})"


def cells(row: Row) -> tuple[str, ...]:
    """One row of a table, as words."""
    percent = [_part(value, row) for value in (row.loss, row.at_most, row.margin, row.limit, row.detectable)]
    return (row.name, _number(row.before), _number(row.now), *percent, str(row.outcome))


def as_text(comparison: Comparison) -> str:
    """Headline, table and notes as plain text."""
    rows = [HEADINGS, *(cells(row) for row in comparison.rows)]
    widths = [max(len(row[k]) for row in rows) for k in range(len(HEADINGS))]
    lines = ["  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip() for row in rows]
    notes = [f"note: {note}" for note in comparison.notes]
    return "\n".join([headline(comparison), *(f"  {line}" for line in lines), *notes])


def as_table(comparison: Comparison) -> "Table":
    """The table for a terminal, with colours."""
    from rich.table import Table

    table = Table()
    for heading in HEADINGS:
        table.add_column(heading, justify="left" if heading in ("measure", "says") else "right")
    for row in comparison.rows:
        *rest, word = cells(row)
        table.add_row(*(cell.replace("[", r"\[") for cell in rest), f"[{COLOURS[row.outcome]}]{word}[/]")
    return table


def _part(value: float, row: Row) -> str:
    if not math.isfinite(value):
        return "-"
    return f"{100 * value:.1f} {'pt' if row.unit == 'points' else '%'}"


def _number(value: float) -> str:
    return f"{value:.4g}" if math.isfinite(value) else "-"
