"""When does a metric pass a sanity check? The published criteria: closeness at a point, and the shape of a curve.

All are stated for scores of which 0 is the worst and 1 the best, by Räisä, van Breugel and van der Schaar (ICML 2025).
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

CLOSE = 0.05
"""How near a score must be to the value asked for; the paper's margin."""

CLEAR = 0.2
"""How far apart high and low must be; the paper's margin."""

LEANING = 0.1
"""How far an end may be from the extreme of the curve that it should be; the paper's margin."""

Verdict = bool | str | None
"""Passed or not; ``"low"`` or ``"high"`` where either reading passes, if kept to; ``None``: not this metric's job."""

Judge = Callable[[np.ndarray, np.ndarray], Verdict]
"""Places of the line and the mean score at each of them, to a verdict."""


@dataclass(frozen=True)
class Demand:
    """One criterion: what it is for, and its judge for metrics of fidelity, of diversity, and of both."""

    purpose: str
    fidelity: Judge | None
    diversity: Judge | None
    both: Judge | None

    def judge(self, kind: str, xs: np.ndarray, scores: np.ndarray) -> Verdict:
        """The verdict on one curve; a score that is missing is a failure."""
        judge: Judge | None = getattr(self, kind)
        if judge is None:
            return None
        return bool(np.isfinite(scores).all()) and judge(xs, scores)


def of_all(purpose: str, judge: Judge) -> Demand:
    """The same for every metric."""
    return Demand(purpose, judge, judge, judge)


def of_each(purpose: str, *, fidelity: Judge | None = None, diversity: Judge | None = None) -> Demand:
    """Different for fidelity and diversity; a metric that mixes both has no right answer."""
    return Demand(purpose, fidelity, diversity, None)


def near(target: float, at: float | str) -> Judge:
    """Close to ``target`` at a place of the line: a number, ``"first"`` or ``"last"``."""

    def judge(xs: np.ndarray, scores: np.ndarray) -> bool:
        return bool(abs(_at(xs, scores, at) - target) <= CLOSE)

    return judge


def wide(at: str) -> Judge:
    """Diversity of a generator wider than the data: all of it reached, or next to none of the samples near it."""

    def judge(xs: np.ndarray, scores: np.ndarray) -> Verdict:
        score = _at(xs, scores, at)
        return "high" if abs(score - 1) <= CLOSE else "low" if abs(score) <= CLOSE else False

    return judge


def bell(middle: float) -> Judge:
    """High in the middle, low at both ends."""

    def judge(xs: np.ndarray, scores: np.ndarray) -> bool:
        top = _at(xs, scores, middle)
        return bool(
            min(top - scores[0], top - scores[-1]) >= CLEAR
            and scores.max() - top <= LEANING
            and min(scores[0], scores[-1]) - scores.min() <= LEANING
        )

    return judge


def rising(xs: np.ndarray, scores: np.ndarray) -> bool:
    """Low at the first place and high at the last."""
    return falling(xs, scores[::-1])


def falling(xs: np.ndarray, scores: np.ndarray) -> bool:
    """High at the first place and low at the last."""
    return bool(
        scores[0] - scores[-1] >= CLEAR and scores.max() - scores[0] <= LEANING and scores[-1] - scores.min() <= LEANING
    )


def falling_by(at: float) -> Judge:
    """High at the first place, low at the last, and clearly fallen at a place between."""

    def judge(xs: np.ndarray, scores: np.ndarray) -> bool:
        return falling(xs, scores) and bool(scores[0] - _at(xs, scores, at) >= LEANING)

    return judge


def flat(xs: np.ndarray, scores: np.ndarray) -> bool:
    """The same everywhere on the line."""
    return bool(scores.max() - scores.min() <= CLOSE)


def low_or_high(low: Judge, high: Judge) -> Judge:
    """Either of two shapes."""

    def judge(xs: np.ndarray, scores: np.ndarray) -> Verdict:
        return "low" if low(xs, scores) else "high" if high(xs, scores) else False

    return judge


def together(verdicts: list[Verdict]) -> Verdict:
    """One verdict from all: every one passed, and those of two readings kept to one of them."""
    said = [v for v in verdicts if v is not None]
    if not said:
        return None
    readings = {v for v in said if isinstance(v, str)}
    if len(readings) > 1 or any(v is False for v in said):
        return False
    return readings.pop() if readings else True


def _at(xs: np.ndarray, scores: np.ndarray, at: float | str) -> float:
    where = {"first": 0, "last": len(xs) - 1}.get(str(at))
    if where is None:
        where = int(np.flatnonzero(np.isclose(xs, float(at), rtol=1e-6, atol=1e-9))[0])
    return float(scores[where])


BOUNDS, PURPOSE, OPTIONS, SIZE, UNITS = "bounds", "purpose", "options", "sample size", "units"
"""What a criterion is for, with the paper's numbers: D4 clear ends of the scale, D1b the right direction, D2 no
hidden dependence on an option (here the number of generated samples), D3 few real samples, D5 no dependence on units."""

_mean_difference = (
    of_all(BOUNDS, near(1, at=0.0)),
    of_all(BOUNDS, near(0, at="first")),
    of_all(BOUNDS, near(0, at="last")),
    of_all(PURPOSE, bell(0.0)),
)


def _dropping(at: float) -> tuple[Demand, ...]:
    return (
        of_all(BOUNDS, near(1, at="first")),
        of_each(BOUNDS, fidelity=near(1, at="last")),
        of_each(PURPOSE, fidelity=flat, diversity=falling_by(at)),
    )


DEMANDS: dict[str, tuple[Demand, ...]] = {
    "mean difference": _mean_difference,
    "mean difference with an outlier": _mean_difference,
    "mean difference with a heavy tail": _mean_difference,
    "spread difference": (
        of_all(BOUNDS, near(1, at=1.0)),
        of_each(BOUNDS, fidelity=near(1, at="first"), diversity=near(0, at="first")),
        of_each(BOUNDS, fidelity=near(0, at="last"), diversity=wide("last")),
        of_each(PURPOSE, fidelity=falling, diversity=low_or_high(bell(1.0), rising)),
    ),
    "simultaneous mode dropping": _dropping(47 / 49),
    "sequential mode dropping": _dropping(4),
    "mode dropping and invention": (
        of_all(BOUNDS, near(1, at=5)),
        of_each(BOUNDS, fidelity=near(1, at="first"), diversity=near(1, at="last")),
        of_each(PURPOSE, fidelity=falling, diversity=rising),
    ),
    "sphere's surface": (
        of_all(BOUNDS, near(1, at=1.0)),
        of_all(BOUNDS, near(0, at="first")),
        of_all(BOUNDS, near(0, at="last")),
        of_all(PURPOSE, bell(1.0)),
    ),
    "cubes, varying size": (of_all(SIZE, flat), of_all(PURPOSE, near(0.2, at="last"))),
    "cubes, varying generated size": (of_all(OPTIONS, flat), of_all(PURPOSE, near(0.2, at="last"))),
    "ball and torus": (of_all(PURPOSE, flat), of_all(BOUNDS, near(0, at="last"))),
    "two modes taken for one": (
        of_all(BOUNDS, near(1, at="first")),
        of_each(PURPOSE, fidelity=falling, diversity=low_or_high(falling, flat)),
    ),
    "one dimension scaled": (
        of_all(UNITS, flat),
        of_all(BOUNDS, near(0, at="first")),
        of_all(BOUNDS, near(0, at="last")),
    ),
    "one disjoint dimension": (
        of_all(PURPOSE, flat),
        of_all(BOUNDS, near(0, at="first")),
        of_all(BOUNDS, near(0, at="last")),
    ),
    "rounded values": (of_all(PURPOSE, flat),),
}
"""Of each check, what must hold on every line of it. ``rounded values`` has more, by which side is rounded."""

ROUNDED: dict[str, tuple[Demand, ...]] = {
    "real rounded": tuple(of_each(BOUNDS, fidelity=near(0, at=end), diversity=wide(end)) for end in ("first", "last")),
    "generated rounded": tuple(
        of_each(BOUNDS, fidelity=near(1, at=end), diversity=near(0, at=end)) for end in ("first", "last")
    ),
}
"""What smooth samples of rounded data, and rounded samples of smooth data, should score, however fine the rounding."""
