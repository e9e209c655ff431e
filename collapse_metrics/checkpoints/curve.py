"""How does a measure go over the checkpoints? One picture: the measure, its interval, the verdicts, the best."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

from collapse_metrics.checkpoints.table import Row, Sweep
from collapse_metrics.records import Measurement, Verdict

if TYPE_CHECKING:
    from matplotlib.axes import Axes

COLOURS = {
    Verdict.HEALTHY: "#0072B2",
    Verdict.PARTIAL_COLLAPSE: "#E69F00",
    Verdict.COLLAPSE: "#D55E00",
    Verdict.BROKEN: "#000000",
    Verdict.INCONCLUSIVE: "#999999",
}
"""Okabe and Ito's colours, which all kinds of sight tell apart."""

MARKS = {
    Verdict.HEALTHY: "o",
    Verdict.PARTIAL_COLLAPSE: "v",
    Verdict.COLLAPSE: "X",
    Verdict.BROKEN: "s",
    Verdict.INCONCLUSIVE: ".",
}
"""And shapes, for paper without colours."""

ENDINGS = (".svg", ".png", ".pdf")
"""What can be drawn."""


def draw(table: Sweep, path: str | Path) -> Path:
    """Draw the measure ``table.by`` over the steps, as ``.svg``, ``.png`` or ``.pdf``.

    A point a checkpoint in the colour of its verdict, with its interval; grey, what a perfect generator would score; a
    ring around those that may be the best; a line where it goes wrong to the end.

    Raises:
        ValueError: If no checkpoint has a step and a score, or the ending is another one.
    """
    path = Path(path)
    if path.suffix.lower() not in ENDINGS:
        raise ValueError(f"a curve in {', '.join(ENDINGS)} can be drawn, got {path.name}: choose one of them.")
    points = [(row, m) for row in table.dated if (m := row.measured(table.by)) is not None]
    if not points:
        raise ValueError(f"checkpoints with a step and {table.by} are needed for a curve, there are none.")
    import matplotlib
    from matplotlib.backends.backend_agg import FigureCanvasAgg
    from matplotlib.figure import Figure

    figure = Figure(figsize=(9, 4), layout="constrained")
    FigureCanvasAgg(figure)  # no window, no global state
    axes = figure.add_subplot()
    _draw_points(axes, points, table)
    axes.set(xlabel="step", ylabel=table.by)
    axes.legend(loc="best", fontsize="small")
    draft = path.with_name(f"{path.stem}.part{path.suffix}")
    path.parent.mkdir(parents=True, exist_ok=True)
    with matplotlib.rc_context({"svg.hashsalt": "collapse_metrics"}):  # the same table, the same file
        figure.savefig(draft, dpi=120, metadata={"Date": None} if path.suffix.lower() == ".svg" else None)
    return draft.replace(path)


def _draw_points(axes: "Axes", points: list[tuple[Row, Measurement]], table: Sweep) -> None:
    steps: list[Any] = [row.step for row, _ in points]
    perfect = [(row.step, m.expected) for row, m in points if m.expected is not None]
    if perfect:
        ends: list[Any] = [[end[i] for _, end in perfect] for i in (0, 1)]
        at: list[Any] = [step for step, _ in perfect]
        axes.fill_between(at, *ends, color="#dddddd", linewidth=0, label="a perfect generator")
    axes.plot(steps, [m.value for _, m in points], color="#bbbbbb", linewidth=1, zorder=1)
    for verdict, colour in COLOURS.items():
        some = [(row.step, m) for row, m in points if row.card is not None and row.card.verdict is verdict]
        if not some:
            continue
        x: list[Any] = [step for step, _ in some]
        y = [m.value for _, m in some]
        low, high = ([_end(m, side) for _, m in some] for side in ("low", "high"))
        axes.vlines(x, low, high, color=colour, linewidth=1, alpha=0.5)
        axes.scatter(x, y, color=colour, marker=MARKS[verdict], s=22, zorder=3, label=str(verdict).replace("_", " "))
    best = [(row.step, m.value) for row, m in points if any(row is one for one in table.best)]
    if best:
        x, y = [step for step, _ in best], [value for _, value in best]
        axes.scatter(x, y, s=70, facecolors="none", edgecolors="#009E73", zorder=2, label="may be the best")
    bad = table.since(1)
    if bad is not None and bad.step is not None:
        axes.axvline(bad.step, color="#D55E00", linewidth=1, linestyle="--", label=f"wrong from step {bad.step} on")


def _end(m: Measurement, side: str) -> float:
    end = m.low if side == "low" else m.high
    return m.value if end is None else end
