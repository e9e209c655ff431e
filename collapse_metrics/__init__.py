"""Has my generator collapsed, how, since when, how sure is that, and what should I try?

Importing this package imports no torch: names are looked up when they are first used.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collapse_metrics.evaluate import score
    from collapse_metrics.gate import Baseline, compare
    from collapse_metrics.history import History
    from collapse_metrics.learning import train_classifier
    from collapse_metrics.monitor import Monitor
    from collapse_metrics.records import Finding, Measurement, Scorecard, Status, Verdict
    from collapse_metrics.reference import Reference

__version__ = "0.1.0"

_ROOMS = {
    "score": "evaluate",
    "Baseline": "gate",
    "compare": "gate",
    "Reference": "reference",
    "Monitor": "monitor",
    "Finding": "records",
    "History": "history",
    "Measurement": "records",
    "Scorecard": "records",
    "Status": "records",
    "Verdict": "records",
    "train_classifier": "learning",
}
"""Public names, and the room where each lives."""

__all__ = [
    "Baseline",
    "Finding",
    "History",
    "Measurement",
    "Monitor",
    "Reference",
    "Scorecard",
    "Status",
    "Verdict",
    "__version__",
    "compare",
    "score",
    "train_classifier",
]


def __getattr__(name: str) -> Any:
    """Import the room of a public name on first use."""
    if name not in _ROOMS:
        raise AttributeError(f"module 'collapse_metrics' has no attribute {name!r}")
    return getattr(import_module(f"collapse_metrics.{_ROOMS[name]}"), name)


def __dir__() -> list[str]:
    return sorted(__all__)
