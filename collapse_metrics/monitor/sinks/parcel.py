"""What of a look is sent to a logger? Flat finite numbers, and news: an alarm, or another verdict."""

import math
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from collapse_metrics.records import Measurement, Scorecard, Verdict

if TYPE_CHECKING:
    from collapse_metrics.monitor.alarms import Alarm

PREFIX = "collapse/"
"""Every name that is sent begins so: loggers draw what stands before the stroke as one group."""

SAMPLES = PREFIX + "samples"
"""Name of the grid of pictures."""

NEWS = PREFIX + "news"
"""Name of the texts, where a logger has texts."""

MODE = "mode_share["
"""How the names of single modes' shares begin."""

MOST_MODES = 40
"""Modes whose shares are sent one by one, as many as the report draws. A thousand curves drown all others, and what
they would show stands in ``mode_coverage``."""

ALLOWED = re.compile(r"[^\w\-./]", re.ASCII)
"""What the strictest logger (MLflow) does not take in a name, the stroke and the space aside."""


class Level(StrEnum):
    """How urgent a piece of news is, in the words that W&B and trackio share."""

    INFO = "info"
    WARN = "warn"
    ERROR = "error"


URGENCY = {
    Verdict.HEALTHY: Level.INFO,
    Verdict.INCONCLUSIVE: Level.INFO,
    Verdict.PARTIAL_COLLAPSE: Level.WARN,
    Verdict.COLLAPSE: Level.ERROR,
    Verdict.BROKEN: Level.ERROR,
}
"""How urgent it is that the verdict has become this."""


@dataclass(frozen=True)
class News:
    """Something a person may want to be called for."""

    level: Level
    title: str
    text: str


def values_of(card: Scorecard, *, step: int) -> dict[str, float]:
    """The numbers of a scorecard, by the names that loggers see.

    A number that is NaN or infinite is left out, and ``collapse/not_finite`` counts such. ``collapse/severity`` says
    in one number how bad it is, from 0 to 1; ``collapse/step`` is the step itself, for loggers with another clock.
    """
    modes = sum(m.name.startswith(MODE) for m in card.measurements)
    sent = [m for m in card.measurements if modes <= MOST_MODES or not m.name.startswith(MODE)]
    values: dict[str, float] = {}
    for measurement in sent:
        if math.isfinite(measurement.value):
            name = name_of(measurement)
            while name in values:  # two modes may differ only in what no logger takes
                name += "_"
            values[name] = float(measurement.value)
    if math.isfinite(card.severity):
        values[PREFIX + "severity"] = card.severity
    return values | {PREFIX + "not_finite": float(len(not_finite(card))), PREFIX + "step": float(step)}


def name_of(measurement: Measurement) -> str:
    """``collapse/coverage``; of one mode ``collapse/mode_share/3``, without what some loggers refuse."""
    base, _, mode = measurement.name.removesuffix("]").partition("[")
    return PREFIX + ALLOWED.sub("_", f"{base}/{mode}" if mode else base)


def not_finite(card: Scorecard) -> list[str]:
    """Names of the measurements that are no number."""
    return [m.name for m in card.measurements if not math.isfinite(m.value)]


def news_of(card: Scorecard, before: Verdict | None, alarms: Sequence["Alarm"], *, step: int) -> list[News]:
    """The alarms of a look, and its verdict where that is another one than ``before``.

    The first look of a run is news only if something is wrong: every run begins with a verdict.
    """
    level = URGENCY[card.verdict]
    news = [News(Level.ERROR, f"collapse_metrics: {alarm.finding.replace('_', ' ')}", str(alarm)) for alarm in alarms]
    if card.verdict is before or (before is None and level is Level.INFO):
        return news
    was = "" if before is None else f", was {_spaced(before)}"
    evidence = "; ".join(f"{f.name.replace('_', ' ')}: {f.evidence}" for f in card.found)
    text = f"Step {step}: {_spaced(card.verdict)}{was}." + (f" {evidence}" if evidence else "")
    return [*news, News(level, f"collapse_metrics: {_spaced(card.verdict)}", text)]


def without_step(values: Mapping[str, float]) -> dict[str, float]:
    """The same for loggers that are told the step beside the values."""
    return {name: value for name, value in values.items() if name != PREFIX + "step"}


def _spaced(verdict: Verdict) -> str:
    return str(verdict).replace("_", " ")
