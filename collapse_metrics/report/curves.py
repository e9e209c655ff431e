"""How did every measurement run over training? One small plot each, the most telling first."""

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

from collapse_metrics.history import History
from collapse_metrics.records import Measurement
from collapse_metrics.report.axes import Axis, Paper, axis_over, step_axis
from collapse_metrics.report.questions import Reading, reading
from collapse_metrics.report.wording import against_real, label, number, span

FIRST = (
    "mode_coverage",
    "raw_diversity",
    "neighbour_ratio",
    "distinct_neighbours",
    "accepted_share",
    "latent_sensitivity",
    "one_hot_sensitivity",
    "coverage",
    "density",
    "pairwise_diversity",
    "class_share_test",
)
"""What is read first; measurements that are not named here follow in the order of their recording."""

LAST = ("finite_share", "samples_needed", "detectable_share")
"""What hardly ever changes."""

P_VALUES = (
    "class_share_test",
    "loss_change",
    "loss_oscillation",
    "loss_quadrature",
    "mmd_test",
    "mode_share_test",
)
"""Small differences near 0 are what matters in these: their axis is logarithmic."""

MODE = "mode_share["
"""How the names of single modes' shares begin."""

HEIGHT = 104.0
"""Pixels of a small plot."""

MOST_CHECKS = 300
"""Checks drawn of one measurement; of more, evenly chosen ones. A plot is rarely 300 pixels wide."""

MOST_DOTS = 60
"""Up to so many checks, each is also a dot that tells its numbers."""

MOST_MODES = 40
"""Modes with a plot of their own; of more, those that stray furthest from their share."""


@dataclass(frozen=True)
class Dot:
    """One check that tells its numbers: place, and the text of its tooltip."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Plot:
    """Everything a template needs to draw one plot."""

    title: str
    name: str
    height: float
    x_axis: Axis
    x_ticks: list[tuple[float, str]]
    y_ticks: list[tuple[float, str]]
    alt: str
    line: str = ""
    interval: str = ""
    expected: str = ""
    envelope: str = ""
    reference_line: str = ""
    dots: list[Dot] = field(default_factory=list)
    closing: Dot | None = None
    closing_expected: tuple[float, float] | None = None
    onset: float | None = None
    mark: tuple[float, str] | None = None
    reading: Reading = field(default_factory=Reading)
    value: str = ""
    verdict: str = ""
    note: str = ""


def curves(history: History) -> list[Plot]:
    """One plot a measurement, except shares of single modes."""
    names = dict.fromkeys(m.name for card in history.checks for m in card.measurements if not m.name.startswith(MODE))
    order = {name: rank for rank, name in enumerate(FIRST)} | {name: 1000 + rank for rank, name in enumerate(LAST)}
    return [_plot(history, name) for name in sorted(names, key=lambda name: order.get(name, 500))]


def mode_curves(history: History) -> tuple[list[Plot], int]:
    """Plots of the shares of single modes, and how many modes there are."""
    last = {m.name: m for card in history.checks for m in card.measurements if m.name.startswith(MODE)}
    names = list(last)
    if len(names) > MOST_MODES:
        strayed = sorted(names, key=lambda name: -_strays(last[name]))[:MOST_MODES]
        names = [name for name in names if name in set(strayed)]
    return [_plot(history, name, height=56.0, title=mode_name(name)) for name in names], len(last)


def once(history: History) -> list[Measurement]:
    """What only the closing diagnosis measured: numbers without a curve."""
    checked = {m.name for card in history.checks for m in card.measurements}
    return [] if history.final is None else [m for m in history.final.measurements if m.name not in checked]


def mode_name(name: str) -> str:
    """The user's own name of a mode."""
    return name.removeprefix(MODE).removesuffix("]")


def _strays(m: Measurement) -> float:
    return abs(m.value - m.typical) if math.isfinite(m.value - m.typical) else 0.0


def run_axis(history: History) -> Axis:
    """The axis of steps that all plots of one run share, so that the eye can go straight down."""
    ends = [rows[k][0] for rows in history.losses.values() if rows for k in (0, -1)]
    return step_axis(history.steps + ends + [s for s in [_final_step(history)] if s is not None])


def since(history: History) -> int | None:
    """The step from which the verdict dates."""
    found = None if history.final is None else history.final.provenance.get("since")
    return found if isinstance(found, int) else None


def _final_step(history: History) -> int | None:
    step = None if history.final is None else history.final.provenance.get("step")
    return step if isinstance(step, int) else None


def thinned(count: int, most: int) -> list[int]:
    """Evenly chosen places among ``count``, the first and the last always among them."""
    if count <= most:
        return list(range(count))
    return sorted({round(k * (count - 1) / (most - 1)) for k in range(most)})


def _plot(history: History, name: str, *, height: float = HEIGHT, title: str = "") -> Plot:
    full = history.series(name)
    rows = [full[k] for k in thinned(len(full), MOST_CHECKS)]
    words = reading(name)
    closing_step, closing = _final_step(history), _closing(history, name)
    shown = [m for _, m in rows] + ([closing] if closing else [])
    paper = Paper(run_axis(history), _value_axis(name, shown, words), height)
    newest = closing or full[-1][1]
    start = since(history)
    return Plot(
        title=title or label(name),
        name=name,
        height=height,
        x_axis=paper.x,
        x_ticks=step_ticks(paper.x),
        y_ticks=value_ticks(paper, most=4 if height > 80 else 2),
        alt=_alt(title or label(name), full),
        line=paper.lines((step, m.value) for step, m in rows),
        interval=paper.band((step, m.low, m.high) for step, m in rows),
        expected=paper.band((step, *(m.expected or (None, None))) for step, m in rows),
        dots=_dots(paper, rows) if len(rows) <= MOST_DOTS else [],
        closing=None
        if closing is None or closing_step is None
        else _dot(paper, closing_step, closing, "closing diagnosis"),
        closing_expected=_ends(paper, closing),
        onset=None if start is None else paper.across(start),
        reading=words,
        value=number(newest.value),
        verdict=against_real(newest),
        note="" if len(full) == len(rows) else f"{len(rows)} of {len(full)} checks drawn",
    )


def _closing(history: History, name: str) -> Measurement | None:
    return history.final[name] if history.final is not None and name in history.final else None


def _ends(paper: Paper, m: Measurement | None) -> tuple[float, float] | None:
    if m is None or m.expected is None or m.expected[1] <= m.expected[0]:
        return None
    return paper.down(m.expected[0]), paper.down(m.expected[1])


def _value_axis(name: str, rows: Sequence[Measurement], words: Reading) -> Axis:
    if name in P_VALUES:
        return axis_over([1.0, 1e-4, *(m.value for m in rows)], log=True)
    anchors = () if name.startswith(MODE) else words.anchors
    core = axis_over([m.value for m in rows] + [e for m in rows for e in m.expected or ()] + list(anchors))
    reach = (core.high - core.low) / 2  # a wide interval may not flatten the curve itself
    ends = [end for m in rows for end in (m.low, m.high) if end is not None and math.isfinite(end)]
    low, high = min([core.low, *ends]), max([core.high, *ends])
    return Axis(max(low, core.low - reach), min(high, core.high + reach))


def step_ticks(axis: Axis) -> list[tuple[float, str]]:
    """Ticks of the axis of steps, as places from 0 to 100 percent."""
    return [(round(100 * axis.at(tick), 2), short_step(tick)) for tick in axis.ticks(3)]


def short_step(step: float) -> str:
    """A step in few characters."""
    return f"{step / 1000:g}k" if step >= 10_000 else f"{step:g}"


def value_ticks(paper: Paper, *, most: int = 4) -> list[tuple[float, str]]:
    """Ticks of the upward axis, in pixels from the top."""
    return [(paper.down(tick), f"{tick:.3g}".replace("-", "−")) for tick in paper.y.ticks(most)]


def _dots(paper: Paper, rows: Sequence[tuple[int, Measurement]]) -> list[Dot]:
    return [_dot(paper, step, m) for step, m in rows if math.isfinite(m.value)]


def _dot(paper: Paper, step: int, m: Measurement, prefix: str = "") -> Dot:
    text = f"{prefix + ', ' if prefix else ''}step {step:,}: {number(m.value)}"
    if m.low is not None and m.high is not None:
        text += f" (interval {span((m.low, m.high))})"
    if m.expected is not None:
        text += f"; a perfect generator {span(m.expected)}"
    return Dot(paper.across(step) / 10, paper.down(m.value) if math.isfinite(m.value) else paper.height, text)


def _alt(title: str, rows: Sequence[tuple[int, Measurement]]) -> str:
    (first_step, first), (last_step, last) = rows[0], rows[-1]
    text = f"{title}: {number(last.value)} at step {last_step:,}"
    if len(rows) > 1:
        text = (
            f"{title}: from {number(first.value)} at step {first_step:,} to {number(last.value)} at step {last_step:,}"
        )
    return text + (f"; a perfect generator {span(last.expected)}" if last.expected is not None else "")
