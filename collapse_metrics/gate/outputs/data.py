"""What do other tools read? JSON for GitLab's code quality, for github-action-benchmark, and for DVC."""

import hashlib
import json
import math
from typing import Any

from collapse_metrics.gate.comparison import Comparison, Outcome, Row
from collapse_metrics.gate.margins import ABSOLUTE


def as_code_quality(comparison: Comparison, *, file: str) -> str:
    """GitLab's code quality report: one issue for each measure that is no pass, beside the baseline's file.

    A fingerprint names a measure and its outcome, so that GitLab can tell a new issue from one that was there before.
    """
    issues = [
        _issue(row.measure, row.sentence(), "critical" if row.outcome is Outcome.FAIL else "minor", file)
        for row in comparison.rows
        if row.outcome is not Outcome.PASS
    ]
    issues += [_issue(name, f"{name}: {evidence}", "critical", file) for name, evidence in comparison.findings]
    return json.dumps(issues, indent=1) + "\n"


def as_benchmark(comparison: Comparison) -> str:
    """What github-action-benchmark reads as ``customBiggerIsBetter``: one number a measure, more is better.

    Rates that should be small are turned round: samples *without* a copy.
    """
    points = [_point(row) for row in comparison.rows if math.isfinite(row.now)]
    return json.dumps(points, indent=1, ensure_ascii=False) + "\n"


def as_metrics(comparison: Comparison) -> str:
    """A tree of plain numbers, which ``dvc metrics diff`` reads as it is."""
    tree: dict[str, Any] = {"gate": {"passed": int(comparison.outcome is Outcome.PASS), "n": comparison.n}}
    for row in comparison.rows:
        numbers = {"before": row.before, "now": row.now, "loss": row.loss, "at_most": row.at_most}
        tree[row.measure] = {name: _short(number) for name, number in numbers.items() if math.isfinite(number)}
    return json.dumps(tree, indent=1) + "\n"


def _issue(name: str, text: str, severity: str, file: str) -> dict[str, Any]:
    key = hashlib.sha256(f"{name} {severity} {file}".encode()).hexdigest()[:32]
    return {
        "description": text,
        "check_name": f"collapse_metrics/{name}",
        "fingerprint": key,
        "severity": severity,
        "location": {"path": file, "lines": {"begin": 1}},
    }


def _point(row: Row) -> dict[str, Any]:
    """One point of a curve; of many modes the part that is left of the worst, whichever that is this time."""
    width = abs(row.at_most - row.loss)
    if row.measure in ABSOLUTE:
        name, value = "share without a copy", 1 - row.now
    elif row.mode:
        name, value = f"{row.measure}, of the worst mode, over the baseline's", 1 - row.loss
    else:
        name, value, width = row.measure, row.now, width * row.before
    return {"name": name, "unit": "value", "value": _short(value), "range": f"± {width:.3g}", "extra": row.sentence()}


def _short(number: float) -> float:
    return float(f"{number:.6g}")
