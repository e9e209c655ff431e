"""How did the verdict change over training? One segment a check: colour, height and words."""

from dataclasses import dataclass
from itertools import pairwise

from collapse_metrics.history import History
from collapse_metrics.records import Verdict
from collapse_metrics.report.axes import WIDTH
from collapse_metrics.report.curves import run_axis, since, step_ticks
from collapse_metrics.report.wording import course, spaced

HEIGHT = 44.0
"""Pixels of the strip."""

RISE = {
    Verdict.INCONCLUSIVE: 0.12,
    Verdict.HEALTHY: 0.3,
    Verdict.PARTIAL_COLLAPSE: 0.55,
    Verdict.COLLAPSE: 0.8,
    Verdict.BROKEN: 1.0,
}
"""Height of a segment: the worse the higher, so that the strip reads without colour."""


@dataclass(frozen=True)
class Segment:
    """One check: where its rectangle lies, and its tooltip."""

    x: float
    y: float
    width: float
    height: float
    verdict: str
    text: str


@dataclass(frozen=True)
class Strip:
    """All checks of a run, and the same in a sentence."""

    segments: list[Segment]
    ticks: list[tuple[float, str]]
    onset: float | None
    since: str
    says: str
    legend: list[tuple[str, float]]

    @property
    def top(self) -> int:
        """Pixels above the segments, for the mark of the onset."""
        return 0 if self.onset is None else 18


def strip(history: History) -> Strip | None:
    """The strip of verdicts; nothing where no check was recorded."""
    if not history.checks:
        return None
    axis, steps = run_axis(history), history.steps
    places = [WIDTH * axis.at(step) for step in steps]
    # A check speaks for the time around it: up to half way to its neighbours.
    between = [(a + b) / 2 for a, b in pairwise(places)]
    starts = [max(0.0, 2 * places[0] - between[0]) if between else max(0.0, places[0] - 20), *between]
    ends = [*between, WIDTH if len(places) > 1 else min(WIDTH, places[0] + 20)]
    segments = []
    for step, card, start, end in zip(steps, history.checks, starts, ends, strict=True):
        tall = round(RISE[card.verdict] * HEIGHT, 1)
        text = f"step {step:,}: {spaced(card.verdict)}"
        width = max(0.5, end - start)
        segments.append(Segment(round(start, 1), HEIGHT - tall, round(width, 1), tall, str(card.verdict), text))
    onset = since(history)
    seen = dict.fromkeys(card.verdict for card in history.checks)
    return Strip(
        segments,
        step_ticks(axis),
        None if onset is None else round(WIDTH * axis.at(onset), 1),
        "" if onset is None else f"{onset:,}",
        course(steps, [card.verdict for card in history.checks]),
        [(str(verdict), RISE[verdict]) for verdict in RISE if verdict in seen],
    )
