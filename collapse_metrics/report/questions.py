"""What does each measurement ask, and how is its answer read? From the docstrings, without torch."""

import ast
import math
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path

from collapse_metrics._registry import METRICS, PROBES

ROOMS = ("metrics", "probes")
"""Rooms whose files describe one measurement each."""


@dataclass(frozen=True)
class Reading:
    """One measurement in words: its question, how to read the answer, and its two anchors where known."""

    question: str = ""
    healthy: str = ""
    collapsed: str = ""
    anchors: tuple[float, ...] = ()


OWN = {
    "finite_share": Reading(
        "What share of the samples is free of NaN and infinity?",
        "1",
        "any less: the weights diverged",
        (1.0, 0.0),
    ),
    "raw_diversity": Reading(
        "How far apart are two samples, compared with two real ones?",
        "1",
        "0: the same sample every time",
        (1.0, 0.0),
    ),
    "raw_directions": Reading(
        "Along how many directions do all samples vary, compared with real ones?",
        "1",
        "0: the same sample every time; small: a generator of low rank, or of few classes",
        (1.0, 0.0),
    ),
    "near_duplicate_rate": Reading(
        "What share are near copies: a sibling nearer than 99 of 100 real ones have, and than half the usual?",
        "0.01 at most, as among real samples",
        "1: every sample is a near copy of another",
        (0.0, 1.0),
    ),
    "long_range_correlation": Reading(
        "How much of the covariance between distant parts of real pictures is there among the samples?",
        "1, as among real pictures",
        "0: parts that know nothing of each other; near copies score anything",
        (1.0,),
    ),
    "direction_ratio": Reading(
        "Along how many directions do samples of one mode differ, compared with real ones?",
        "1",
        "0: not at all; small: a generator of low rank",
        (1.0, 0.0),
    ),
    "dimension_ratio": Reading(
        "How many dimensions do samples fill locally, compared with real ones?",
        "1",
        "0: copies; small: a thin sheet",
        (1.0, 0.0),
    ),
    "repeat_period": Reading("After how many samples do all of them come again, in order?", "0: never", "1", (0.0,)),
    "whole_share": Reading("What share of the samples holds whole numbers only?", "as in the data"),
    "rescaled_share": Reading("What share would be taken for data, were the values changed like this?"),
    "batch_norms_unused": Reading("How many batch norms never saw a batch?", "0", "any", (0.0,)),
    "batch_diversity": Reading(
        "How far apart are two samples with batch statistics, compared with two real ones?", "1", "0", (1.0, 0.0)
    ),
    "d_accuracy": Reading("What share of the samples does the discriminator judge rightly?"),
    "samples_needed": Reading("How many samples that pass for data would show a missing mode?"),
    "detectable_share": Reading(
        "How much of a mode may be left, so that its loss would still have been shown, 95 times in 100?",
        "0.5, with very many samples: a loss is what lies below half",
    ),
    "mode_share": Reading("What share of the samples falls into this mode?", "its share in the reference", "0", (0.0,)),
    "mode_overlap": Reading(
        "How much of the shares of the modes stays where it was from look to look?",
        "near 1, as between two sets of real data",
        "0 where modes come and go; 1 where one mode stays",
        (1.0, 0.0),
    ),
    "loss_period": Reading("How many steps does the strongest cycle of the generator's loss last?"),
    "loss_cycle_strength": Reading("What share of the loss's variance lies in that cycle?"),
    "loss_change_step": Reading("At which logged step did the generator's loss most likely change its level?"),
    "loss_change_size": Reading("By how much did it change there?"),
}
"""Measurements that are no metric of their own and so have no docstring to read."""


def reading(name: str) -> Reading:
    """The words for a measurement; empty ones where nothing is known of it."""
    return _reading(name.partition("[")[0])


@lru_cache
def _reading(base: str) -> Reading:
    if base in OWN:
        return OWN[base]
    for room in ROOMS:
        path = Path(__file__).parents[1] / room / f"{base}.py"
        if base.isidentifier() and path.is_file():
            return _from_source(path.read_text(encoding="utf-8"), base)
    spec = METRICS.get(base) or PROBES.get(base)
    if spec is None:
        return Reading()
    return Reading(_plain(spec.question), anchors=_finite(spec.best, spec.collapsed))


def _from_source(source: str, base: str) -> Reading:
    """Read a metric's file as text: importing it would import torch, for a page of mere records."""
    module = ast.parse(source)
    title = (ast.get_docstring(module) or "").partition("\n")[0]
    question = title.partition(": ")[2] or title
    question = question[:1].upper() + question[1:]
    for node in module.body:
        if isinstance(node, ast.FunctionDef) and node.name == base:
            text = ast.get_docstring(node) or ""
            return Reading(question, _bullet(text, "Healthy"), _bullet(text, "Collapsed"), _anchors(node))
    return Reading(question)


def _bullet(docstring: str, name: str) -> str:
    """The text of ``- **Healthy**: ...``, unless it needs mathematics to be read."""
    match = re.search(rf"- \*\*{name}\*\*:?\s*(.*?)(?=\n\s*- \*\*|\n\s*\n|\Z)", docstring, flags=re.DOTALL)
    if match is None or ":math:" in match[1]:
        return ""
    return _plain(match[1]).removesuffix(".")


def _anchors(function: ast.FunctionDef) -> tuple[float, ...]:
    keywords = [k for d in function.decorator_list if isinstance(d, ast.Call) for k in d.keywords]
    values = [k.value.value for k in keywords if k.arg in ("best", "collapsed") and isinstance(k.value, ast.Constant)]
    return _finite(*(float(v) for v in values if isinstance(v, int | float)))


def _finite(*values: float) -> tuple[float, ...]:
    return tuple(v for v in values if math.isfinite(v))


def _plain(text: str) -> str:
    """Docstring markup taken off."""
    return re.sub(r"\s+", " ", re.sub(r":\w+:`([^`]*)`|`+", lambda m: m[1] or "", text)).strip()
