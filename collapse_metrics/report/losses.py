"""Do the losses cycle? Their course, and the spectrum of the generator's beside that of red noise."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from collapse_metrics.history import History
from collapse_metrics.records import Scorecard
from collapse_metrics.report.axes import SMALLEST, Axis, Paper, axis_over
from collapse_metrics.report.curves import Plot, run_axis, short_step, since, step_ticks, thinned, value_ticks
from collapse_metrics.report.questions import Reading
from collapse_metrics.report.wording import number

if TYPE_CHECKING:
    import numpy as np

HEIGHT = 150.0
"""Pixels of a plot of losses."""

BUCKETS = 360
"""Losses are drawn as the lowest, middle and highest of so many stretches: more than a screen can tell apart."""

WINDOW = 2048
"""Newest steps in the spectrum; the closing diagnosis looks at as many (``evaluate.LOSS_WINDOW``)."""

FAR_OUT = 3.0
"""Losses further outside the middle 98 % than so many times its width are cut off and counted."""

HARMLESS = (
    "Oscillation alone is harmless: two players that learn from each other rotate. And a collapse can run under "
    "flat losses. Only the samples decide."
)
"""What must stand beside every plot of oscillating losses."""


@dataclass(frozen=True)
class Spectrum:
    """The periodogram as a plot, what it shows in words, or why there is none."""

    plot: Plot | None
    says: str
    harmless: str = HARMLESS


def loss_plots(history: History) -> list[Plot]:
    """One plot a recorded loss."""
    return [_plot(history, name, rows) for name, rows in history.losses.items() if rows]


def _plot(history: History, name: str, rows: Sequence[tuple[int, float]]) -> Plot:
    axis, cut = _loss_axis([value for _, value in rows])
    paper = Paper(run_axis(history), axis, HEIGHT)
    buckets, wide = _buckets(rows), len(rows) > BUCKETS
    missing = sum(not math.isfinite(value) for _, value in rows)
    notes = [f"{missing:,} of {len(rows):,} steps are not finite"] if missing else []
    notes += [f"{cut:,} far outliers are cut off at the frame"] if cut else []
    start = since(history)
    finite = [value for _, value in rows if math.isfinite(value)]
    last = finite[-1] if finite else math.nan
    return Plot(
        title=name,
        name=name,
        height=HEIGHT,
        x_axis=paper.x,
        x_ticks=step_ticks(paper.x),
        y_ticks=value_ticks(paper),
        alt=f"{name}: {len(rows):,} steps, {number(min(finite, default=math.nan))} to "
        f"{number(max(finite, default=math.nan))}, last {number(last)}",
        reading=Reading("Middle of each stretch of steps, its lowest and highest." if wide else "Every step."),
        line=paper.lines((step, middle) for step, _, middle, _ in buckets),
        envelope=paper.band((step, low, high) for step, low, _, high in buckets) if wide else "",
        onset=None if start is None else paper.across(start),
        value=number(last),
        note="; ".join(notes),
    )


def _loss_axis(values: list[float]) -> tuple[Axis, int]:
    """The axis of a loss, and how many values lie outside it: one spike must not flatten the rest."""
    finite = sorted(v for v in values if math.isfinite(v))
    if not finite:
        return Axis(0.0, 1.0), 0
    low, high = finite[len(finite) // 100], finite[-1 - len(finite) // 100]
    reach = FAR_OUT * (high - low) or math.inf
    kept = [v for v in finite if low - reach <= v <= high + reach]
    return axis_over(kept), len(finite) - len(kept)


def _buckets(rows: Sequence[tuple[int, float]]) -> list[tuple[float, float, float, float]]:
    """Step, lowest, middle and highest of each stretch; NaN where a stretch has no finite loss."""
    size = math.ceil(len(rows) / BUCKETS)
    found = []
    for start in range(0, len(rows), size):
        part = rows[start : start + size]
        finite = sorted(v for _, v in part if math.isfinite(v)) or [math.nan]
        found.append((float(part[len(part) // 2][0]), finite[0], finite[len(finite) // 2], finite[-1]))
    return found


def spectrum(history: History) -> Spectrum | None:
    """The spectrum of the generator's loss; nothing where that loss was not recorded."""
    rows = history.losses.get("g_loss", [])[-WINDOW:]
    if not rows:
        return None
    from collapse_metrics.stats.red_noise import FEWEST_STEPS

    if len(rows) < FEWEST_STEPS:
        return Spectrum(None, f"No spectrum: {len(rows)} steps of g_loss, {FEWEST_STEPS} are needed.")
    if not all(math.isfinite(value) for _, value in rows):
        return Spectrum(None, f"No spectrum: the newest {len(rows):,} steps of g_loss hold NaN or infinity.")
    return _spectrum(rows, history.final)


def _spectrum(rows: list[tuple[int, float]], final: Scorecard | None) -> Spectrum:
    import numpy as np
    from scipy import signal

    from collapse_metrics.stats.red_noise import FEWEST_PERIODS, moves, red_spectrum

    apart = max(1.0, float(np.median(np.diff([step for step, _ in rows]))))
    values = np.array([value for _, value in rows])
    if not moves(values):
        return Spectrum(None, "No spectrum: g_loss does not move.")
    n = len(values)
    frequency = np.fft.rfftfreq(n)[1:]
    power = np.abs(np.fft.rfft(signal.detrend(values))[1:]) ** 2
    power /= power.sum()
    red = red_spectrum(values)
    red *= np.median(power / red)
    judged = frequency >= FEWEST_PERIODS / n
    period, p_value = _cycle(final, values, apart)
    plot = _spectrum_plot(apart / frequency[judged], power[judged], red[judged], period)
    if period is None:
        return Spectrum(plot, "No single cycle stands out of noise that only wanders.")
    likely = "" if p_value is None else f" Red noise without any cycle has a peak as high with p = {number(p_value)}."
    return Spectrum(plot, f"The strongest cycle lasts {number(period)} steps.{likely}")


def _cycle(final: Scorecard | None, values: "np.ndarray", apart: float) -> tuple[float | None, float | None]:
    """Period and p-value of the strongest cycle: from the record, or tested now where it holds none."""
    if final is not None and "loss_period" in final:
        p_value = final["loss_oscillation"].value if "loss_oscillation" in final else None
        return final["loss_period"].value, p_value
    import numpy as np

    from collapse_metrics.stats.red_noise import strongest_cycle

    cycle = strongest_cycle(values, rng=np.random.default_rng(0))
    return (cycle.period * apart, cycle.p_value) if math.isfinite(cycle.period) else (None, None)


def _spectrum_plot(period: "np.ndarray", power: "np.ndarray", red: "np.ndarray", peak: float | None) -> Plot:
    import numpy as np

    across = Axis(float(period.min()), float(period.max()), log=True)
    floor = max(SMALLEST, float(np.median(power)) / 10)
    paper = Paper(across, Axis(floor, 1.5 * float(max(power.max(), red.max())), log=True), HEIGHT)
    kept = _loud(power, red)
    ticks = [(round(100 * across.at(tick), 2), short_step(tick)) for tick in _octaves(across)]
    return Plot(
        title="Spectrum of g_loss",
        name="spectrum",
        height=HEIGHT,
        x_axis=across,
        x_ticks=ticks,
        y_ticks=[(paper.down(tick), f"{100 * tick:g} %") for tick in paper.y.ticks(3)],
        alt="Share of the variance of g_loss by length of cycle, beside that of red noise",
        line=paper.lines((float(period[k]), float(power[k])) for k in kept),
        reference_line=paper.lines((float(period[k]), float(red[k])) for k in thinned(len(red), 200)),
        mark=None if peak is None else (paper.across(peak) / 10, f"{number(peak)} steps"),
    )


def _loud(power: "np.ndarray", red: "np.ndarray") -> list[int]:
    """Places to draw: of every stretch of the spectrum the highest line, so that no peak is lost."""
    import numpy as np

    if len(power) <= BUCKETS:
        return list(range(len(power)))
    edges = np.unique(np.geomspace(1, len(power), BUCKETS).astype(int)) - 1
    return [int(a + np.argmax(power[a:b] / red[a:b])) for a, b in zip(edges, [*edges[1:], len(power)], strict=True)]


def _octaves(axis: Axis) -> list[float]:
    """1, 3, 10, 30, ... inside the axis."""
    powers = range(math.floor(math.log10(axis.low)), math.ceil(math.log10(axis.high)) + 1)
    return [t for power in powers for t in (10.0**power, 3 * 10.0**power) if axis.low <= t <= axis.high]
