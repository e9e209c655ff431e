"""Which measures are there, and how is each one read? From the registry and the docstrings."""

import inspect
import math
import sys
from dataclasses import dataclass

from collapse_metrics._registry import METRICS, PROBES, MetricSpec, no_interval
from collapse_metrics.catalogue import STANDARD, TABLES
from collapse_metrics.given import PER_MODE, PER_STEP, SCATTERED
from collapse_metrics.probing import PARTS, STANDARD_PROBES, USUAL
from collapse_metrics.reference import DRAWS
from collapse_metrics.stats.jackknife import BLOCKS

GROUPS = {
    "modes": "Which modes of the data are drawn, and how often?",
    "diversity": "How different are the samples from each other?",
    "against real": "How do the samples lie beside real ones?",
    "probes": "What does the generator do with its noise?",
    "losses": "What do the series of losses say?",
}
"""The five kinds of measures, by what they look at, and the question of each."""

OF_MODES = frozenset({"counts", "real_counts", "shares", "centres", "scales", "modes_before", "modes_now"})
BESIDE_REAL = frozenset({"real", "fresh", "train", "accepted", "real_modes"})


@dataclass(frozen=True)
class Entry:
    """One measure in words and numbers."""

    name: str
    group: str
    question: str
    best: float
    collapsed: float
    needs: tuple[str, ...]
    may_use: tuple[str, ...]
    unmoved_by: tuple[str, ...]
    interval: str
    expected: str
    standard: bool
    paper: str
    docstring: str


def entries() -> list[Entry]:
    """Every registered metric and probe, group by group, by name."""
    found = [_entry(spec, _group(spec)) for spec in METRICS.values()]
    found += [_entry(spec, "probes") for spec in PROBES.values()]
    order = list(GROUPS)
    return sorted(found, key=lambda entry: (order.index(entry.group), entry.name))


def _entry(spec: MetricSpec, group: str) -> Entry:
    parameters = inspect.signature(spec.compute).parameters
    optional = spec.needs - spec.required
    return Entry(
        name=spec.name,
        group=group,
        question=question_of(spec),
        best=spec.best,
        collapsed=spec.collapsed,
        needs=tuple(n for n in parameters if n in spec.needs - optional),
        may_use=tuple(n for n in parameters if n in optional),
        unmoved_by=tuple(sorted(spec.unmoved_by)) if spec.needs & {"fake", "centres"} else (),
        interval=_interval(spec),
        expected=_expected(spec),
        standard=spec.name in STANDARD or spec.name in STANDARD_PROBES,
        paper=spec.paper,
        docstring=inspect.getdoc(spec.compute) or "",
    )


def question_of(spec: MetricSpec) -> str:
    """The question in the first line of the metric's file."""
    title = (sys.modules[spec.compute.__module__].__doc__ or "").partition("\n")[0]
    question = title.partition(": ")[2]
    return question[:1].upper() + question[1:] if question else spec.question


def in_words(number: float) -> str:
    """A number as people read it."""
    return "without end" if math.isinf(number) else f"{number:g}"


def finite(number: float) -> float | None:
    """The same, or nothing where it has no end: JSON knows no infinity."""
    return None if math.isinf(number) else number


def _group(spec: MetricSpec) -> str:
    if spec.needs & PER_STEP:
        return "losses"
    if spec.needs & OF_MODES:
        return "modes"
    return "against real" if spec.needs & BESIDE_REAL else "diversity"


def _interval(spec: MetricSpec) -> str:
    if spec.is_test:
        return "none: a p-value is compared with a level fixed beforehand"
    if spec.name in PROBES:
        return f"by the scatter over {PARTS} parts of the latents"
    if spec.interval is no_interval:
        return (no_interval.__doc__ or "").removesuffix(".").replace("None", "none", 1)
    if spec.interval is not None:
        own = (inspect.getdoc(spec.interval) or "").partition("\n")[0].removesuffix(".")
        return f"its own: {own[:1].lower()}{own[1:]}" if own else "its own"
    if spec.needs <= PER_STEP:
        return "none: steps of one training are not independent"
    return f"delete-block jackknife over {BLOCKS} blocks of samples"


def _expected(spec: MetricSpec) -> str:
    if spec.is_test:
        return "from 0.01 to 1: a perfect generator falls below in one look of a hundred"
    if spec.name in USUAL:
        low, high = USUAL[spec.name]
        return f"{low:g} to {high:g}: generators that listen to their noise"
    if spec.name in PROBES or spec.needs & PER_STEP or not spec.needs & (SCATTERED | PER_MODE):
        return "none: real data have no such number"
    if "pictures" in spec.needs:
        return "by batches of real pictures, scored when the reference was fitted"
    if not spec.needs & SCATTERED:
        return f"by {TABLES} simulated looks of a generator with the reference's shares"
    return f"by {DRAWS} sets of held-out real rows"
