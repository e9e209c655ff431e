"""Which modes are drawn, and which are lost? The shares of the newest scorecard as bars."""

import math
from dataclasses import dataclass, field

from collapse_metrics.records import Measurement, Scorecard
from collapse_metrics.report.axes import Axis, Paper, axis_over
from collapse_metrics.report.curves import MODE, Plot, mode_name, value_ticks
from collapse_metrics.report.wording import span

LOST_BELOW = 0.5
"""Share of a mode relative to its reference share below which it counts as lost; the convention of the finding
``mode_dropping`` (``diagnosis.mode_dropping.DROPPED_BELOW``)."""

MOST_ROWS = 40
"""Modes with a row of their own; more are drawn as one compact profile."""

NAMED_AT_MOST = 30
"""Lost modes named one by one under a compact profile."""


@dataclass(frozen=True)
class Bar:
    """One mode: places in percent of the width, and what it comes to in words."""

    name: str
    share: str
    width: float
    interval: tuple[float, float] | None
    expected: tuple[float, float] | None
    state: str
    text: str


@dataclass(frozen=True)
class Histogram:
    """All modes, as rows or as one profile, and a sentence about them."""

    bars: list[Bar] = field(default_factory=list)
    profile: Plot | None = None
    says: str = ""
    lost_names: list[str] = field(default_factory=list)
    unnamed: int = 0


def histogram(card: Scorecard) -> Histogram | None:
    """The shares of the modes; nothing where the reference has none."""
    shares = [m for m in card.measurements if m.name.startswith(MODE)]
    if not shares:
        return None
    lost = [mode_name(m.name) for m in shares if state(m) == "lost"]
    rare = sum(state(m) == "rare" for m in shares)
    says = (
        f"{len(lost)} of {len(shares)} modes {'is' if len(lost) == 1 else 'are'} lost"
        if lost
        else f"None of {len(shares)} modes is shown to be lost"
    )
    says += f"; {rare} more may be (below half of the share, but not beyond doubt)." if rare else "."
    named = lost[:NAMED_AT_MOST] if len(shares) > MOST_ROWS else []
    if len(shares) > MOST_ROWS:
        return Histogram([], _profile(shares), says, named, len(lost) - len(named))
    top = max(
        [
            0.01,
            *(end for m in shares for end in (m.value, m.high, *(m.expected or ())) if end and math.isfinite(end)),
        ]
    )
    return Histogram([_bar(m, Axis(0.0, top)) for m in shares], None, says)


def state(m: Measurement) -> str:
    """``lost`` where a mode is credibly below half of its share, ``rare`` where that is not beyond doubt."""
    if m.high is not None and m.high < LOST_BELOW * m.typical:
        return "lost"
    return "rare" if m.value < LOST_BELOW * m.typical else ""


def _bar(m: Measurement, axis: Axis) -> Bar:
    def place(value: float) -> float:
        return round(100 * axis.at(value), 2)

    def pair(ends: tuple[float | None, float | None] | None) -> tuple[float, float] | None:
        if ends is None or ends[0] is None or ends[1] is None or not math.isfinite(ends[0] + ends[1]):
            return None
        return place(ends[0]), place(ends[1])

    finite = math.isfinite(m.value)
    text = f"share {m.value:.3g}" if finite else "share not finite"
    text += f", interval {span((m.low, m.high))}, a perfect generator {span(m.expected)}"
    return Bar(
        mode_name(m.name),
        f"{100 * m.value:.1f} %" if finite else "not finite",
        place(m.value) if finite else 0.0,
        pair((m.low, m.high)),
        pair(m.expected),
        state(m),
        text,
    )


def _profile(shares: list[Measurement]) -> Plot:
    """Hundreds of modes in one plot: sorted by what share they kept, the lost ones at the left."""

    def kept(m: Measurement) -> float:
        return m.value / m.typical if m.typical > 0 and math.isfinite(m.value) else math.inf

    shares = sorted(shares, key=kept)
    finite = [m.value for m in shares if math.isfinite(m.value)] + [e for m in shares for e in m.expected or ()]
    paper = Paper(Axis(0.0, float(len(shares))), axis_over([0.0, *finite]), 140.0)
    lost = sum(state(m) == "lost" for m in shares)
    steps = [(k + side, m) for k, m in enumerate(shares) for side in (0, 1)]
    return Plot(
        title="Shares of all modes",
        name="modes",
        height=140.0,
        x_axis=paper.x,
        x_ticks=[(round(100 * paper.x.at(t), 2), f"{t:g}") for t in paper.x.ticks(4)],
        y_ticks=value_ticks(paper),
        alt=f"Shares of {len(shares)} modes sorted by the part kept of their reference share; {lost} are lost",
        envelope=paper.band((x, 0.0, m.value) for x, m in steps),
        expected=paper.band((x, *(m.expected or (None, None))) for x, m in steps),
        mark=(paper.across(lost) / 10, f"{lost} lost") if lost else None,
    )
