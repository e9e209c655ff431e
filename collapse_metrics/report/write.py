"""Where do records become a page? Gathers what a template draws, and writes one whole file."""

import base64
import hashlib
import json
from collections.abc import Mapping
from importlib.resources import files
from pathlib import Path
from typing import Any

from collapse_metrics.history import History
from collapse_metrics.records import HARMLESS, Measurement, Scorecard, write_whole
from collapse_metrics.report import wording
from collapse_metrics.report.curves import MODE, curves, mode_curves, once, since
from collapse_metrics.report.grids import film
from collapse_metrics.report.losses import loss_plots, spectrum
from collapse_metrics.report.modes import histogram, state
from collapse_metrics.report.questions import reading
from collapse_metrics.report.strip import strip

NOTHING = "No check and no closing diagnosis: there is nothing to judge yet."
"""The story of a run without any look."""

PICTURE_BUDGET = 1_200_000
"""Bytes of all embedded pictures of one page together: with the curves it stays below 2 MB."""

MOST_ERRORS = 20
"""Errors listed one by one."""

LONGEST_VALUE = 300
"""Characters of one entry of the provenance."""


def write_report(history: History, path: str | Path, *, others: Mapping[str, History] | None = None) -> Path:
    """Write the page of one run: verdict, findings, curves, losses, samples, modes and numbers.

    Args:
        history: What the run recorded.
        path: The HTML file; its folder is made where it is missing.
        others: Further runs by name: the page then compares them, this one first.

    Returns:
        The path written.

    Example:
        >>> import tempfile
        >>> with tempfile.TemporaryDirectory() as folder:
        ...     write_report(History(), Path(folder) / "run.html").name
        'run.html'
    """
    name = _run_name(history)
    if others:
        return write_comparison({name: history, **others}, path)
    return _write([_run(name, history, PICTURE_BUDGET)], path)


def write_comparison(runs: Mapping[str, History], path: str | Path) -> Path:
    """Write one page of several runs: their verdicts side by side, then a section a run.

    Args:
        runs: The runs by name, in the order of the page.
        path: The HTML file.

    Returns:
        The path written.
    """
    if not runs:
        raise ValueError("at least one run is needed, got none: pass {name: history}.")
    budget = PICTURE_BUDGET // len(runs)
    return _write([_run(name, history, budget) for name, history in runs.items()], path)


def write_card(card: Scorecard, path: str | Path) -> Path:
    """Write the page of a single scorecard: samples that were judged without a run.

    Args:
        card: The scorecard.
        path: The HTML file.

    Returns:
        The path written.
    """
    history = History()
    history.final = card
    return _write([{**_run("samples", history, 0), "is_run": False}], path)


def _run_name(history: History) -> str:
    return str(history.about.get("name") or (history.folder.resolve().name if history.folder else "") or "this run")


def _run(name: str, history: History, budget: int) -> dict[str, Any]:
    """Everything the template shows of one run."""
    history = history.whole()
    card = history.final or (history.checks[-1] if history.checks else None)
    modes, all_modes = mode_curves(history)
    return {
        "name": name,
        "is_run": True,
        "card": card,
        "verdict": str(card.verdict) if card else "nothing_recorded",
        "story": [*(wording.story(card) if card else [NOTHING]), *wording.alarms(history.alarms)],
        "stands_in": history.final is None and bool(history.checks),
        "reasons": [f for f in card.found if f.name not in HARMLESS] if card else [],
        "findings": wording.by_urgency(card.findings) if card else [],
        "curves": curves(history),
        "once": once(history),
        "mode_curves": modes,
        "all_modes": all_modes,
        "strip": strip(history),
        "since": since(history),
        "losses": loss_plots(history),
        "spectrum": spectrum(history),
        "film": film(history, budget),
        "histogram": histogram(card) if card else None,
        "numbers": [_row(m) for m in card.measurements if not m.name.startswith(MODE)] if card else [],
        "mode_numbers": [_row(m) for m in card.measurements if m.name.startswith(MODE)] if card else [],
        "about": _facts({**history.about, **(card.provenance if card else {})}),
        "errors": history.errors[:MOST_ERRORS],
        "more_errors": len(history.errors) - MOST_ERRORS,
    }


def _row(m: Measurement) -> dict[str, Any]:
    return {
        "name": m.name,
        "label": wording.label(m.name),
        "value": wording.number(m.value),
        "interval": wording.span((m.low, m.high)),
        "expected": wording.span(m.expected),
        "against": state(m) or wording.against_real(m) if m.name.startswith(MODE) else wording.against_real(m),
        "n": "–" if m.n_fake is None else f"{m.n_fake:,}",
        "reading": reading(m.name),
    }


def _facts(about: Mapping[str, Any]) -> list[tuple[str, str]]:
    """The provenance as lines of text; what is long is cut, and says so."""
    lines = []
    for key, value in about.items():
        text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
        if len(text) > LONGEST_VALUE:
            text = f"{text[:LONGEST_VALUE]} … ({len(text):,} characters)"
        lines.append((wording.spaced(key), text))
    return lines


def _write(runs: list[dict[str, Any]], path: str | Path) -> Path:
    path = Path(path)
    if path.is_dir():
        raise ValueError(f"a file is needed for the page, {path} is a folder: give for example {path / 'report.html'}.")
    write_whole(path, _render(runs))
    return path


def _render(runs: list[dict[str, Any]]) -> str:
    from jinja2 import Environment, PackageLoader, StrictUndefined

    environment = Environment(
        loader=PackageLoader("collapse_metrics.report", "templates"),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters.update(
        spaced=wording.spaced, label=wording.label, number=wording.number, span=wording.span, status=_status
    )
    folder = files("collapse_metrics.report") / "templates"
    style, script = ((folder / name).read_text(encoding="utf-8") for name in ("page.css", "page.js"))
    # The browser hashes what stands between the tags, byte for byte.
    digest = base64.b64encode(hashlib.sha256(script.encode()).digest()).decode()
    page = environment.get_template("page.html.j2")
    rows = _compared(runs) if len(runs) > 1 else []
    return page.render(runs=runs, rows=rows, style=style, script=script, script_hash=digest, title=_title(runs))


def _compared(runs: list[dict[str, Any]]) -> list[dict[str, Any]]:
    """The closing numbers of all runs, one row a measurement, in the order of the curves."""
    known = [{row["name"]: row for row in run["numbers"]} for run in runs]
    order = {plot.name: rank for rank, plot in reversed(list(enumerate(p for run in runs for p in run["curves"])))}
    names = sorted(dict.fromkeys(name for rows in known for name in rows), key=lambda name: order.get(name, 10_000))
    table = []
    for name in names:
        rows = [numbers.get(name) for numbers in known]
        expected = dict.fromkeys(row["expected"] for row in rows if row)
        cells = ["–" if row is None else row["value"] for row in rows]
        first = next(row for row in rows if row)
        table.append({**first, "cells": cells, "expected": " / ".join(expected)})
    return table


def _status(status: Any) -> str:
    return wording.STATUS_WORDS[status]


def _title(runs: list[dict[str, Any]]) -> str:
    if len(runs) > 1:
        return ", ".join(f"{run['name']}: {wording.spaced(run['verdict'])}" for run in runs)
    (run,) = runs
    dated = "" if run["since"] is None else f" since step {run['since']:,}"
    return f"{wording.spaced(run['verdict']).capitalize()}{dated} – {run['name']}"
