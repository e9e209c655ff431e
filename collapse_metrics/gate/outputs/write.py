"""Where does each form of a comparison go? Files that were asked for, and what GitHub asks for by its environment."""

import os
from collections.abc import Callable, Mapping
from pathlib import Path

from collapse_metrics.gate.comparison import Comparison
from collapse_metrics.gate.outputs.data import as_benchmark, as_code_quality, as_metrics
from collapse_metrics.gate.outputs.junit import as_junit
from collapse_metrics.gate.outputs.markdown import as_markdown
from collapse_metrics.records import write_whole

FORMS: dict[str, Callable[[Comparison, str], str]] = {
    "summary": lambda comparison, file: as_markdown(comparison),
    "junit": lambda comparison, file: as_junit(comparison),
    "code_quality": lambda comparison, file: as_code_quality(comparison, file=file),
    "benchmark": lambda comparison, file: as_benchmark(comparison),
    "metrics": lambda comparison, file: as_metrics(comparison),
}
"""Every form that goes into a file, by the name of its option."""


def write_forms(comparison: Comparison, files: Mapping[str, Path | None], *, baseline: Path) -> None:
    """Write every form for which a file is given.

    Args:
        comparison: The decision.
        files: Form and file; ``None`` for a form that is not wanted.
        baseline: File of the baseline, beside which issues are shown.
    """
    for form, path in files.items():
        if path is not None:
            write_whole(path, FORMS[form](comparison, baseline.as_posix()))


def add_step_summary(comparison: Comparison) -> None:
    """On GitHub, add the table to the page of the run; elsewhere, nothing."""
    page = os.environ.get("GITHUB_STEP_SUMMARY")
    if page:
        with Path(page).open("a", encoding="utf-8") as file:
            file.write(as_markdown(comparison))


def on_github() -> bool:
    """Whether a workflow of GitHub reads what is printed."""
    return os.environ.get("GITHUB_ACTIONS") == "true"
