"""Where on the paper does a number lie? Axes, ticks and SVG paths; text out, no drawing library."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

WIDTH = 1000
"""Inner width of every plot. The browser stretches it to the room there is; heights stay in pixels."""

SMALLEST = 1e-5
"""Where a logarithmic axis of p-values ends: smaller ones are drawn there."""


@dataclass(frozen=True)
class Axis:
    """A range of numbers, linear or logarithmic."""

    low: float
    high: float
    log: bool = False

    def at(self, value: float) -> float:
        """Where ``value`` lies: 0 at the low end, 1 at the high end, never outside."""
        low, high, value = (self._scaled(v) for v in (self.low, self.high, value))
        if high <= low:
            return 0.5
        return min(1.0, max(0.0, (value - low) / (high - low)))

    def _scaled(self, value: float) -> float:
        return math.log10(max(value, SMALLEST)) if self.log else value

    def ticks(self, most: int = 4) -> list[float]:
        """Round numbers inside the range."""
        if self.log:
            first, last = (
                math.ceil(math.log10(max(self.low, SMALLEST)) - 1e-9),
                math.floor(math.log10(self.high) + 1e-9),
            )
            every = max(1, math.ceil((last - first) / (most - 1)))
            return [10.0**power for power in range(last, first - 1, -every)][::-1]
        size = _round_step((self.high - self.low) / most)
        first, last = math.ceil(self.low / size - 1e-9), math.floor(self.high / size + 1e-9)
        return [step * size for step in range(first, last + 1)]


def _round_step(rough: float) -> float:
    if rough <= 0 or not math.isfinite(rough):
        return 1.0
    power: float = 10.0 ** math.floor(math.log10(rough))
    return next(power * digit for digit in (1, 2, 2.5, 5, 10) if power * digit >= rough * (1 - 1e-9))


def axis_over(values: Iterable[float], *, log: bool = False) -> Axis:
    """An axis that holds all finite values, with a little air."""
    finite = [v for v in values if math.isfinite(v)]
    if not finite:
        return Axis(0.0, 1.0)
    low, high = min(finite), max(finite)
    if log:
        return Axis(10.0 ** math.floor(math.log10(max(low, SMALLEST)) + 1e-9), max(high, 10 * SMALLEST), log=True)
    air = 0.04 * (high - low) or 0.5 * abs(high) or 0.5
    return Axis(low if low == 0 else low - air, high + air)


def step_axis(steps: Sequence[int]) -> Axis:
    """The axis of training steps: from 0, unless a resumed run began far from it."""
    if not steps:
        return Axis(0.0, 1.0)
    low, high = min(steps), max(steps)
    low = low if low > 0.5 * high and len(set(steps)) > 1 else min(low, 0)
    return Axis(float(low), float(high if high > low else low + 1))


@dataclass(frozen=True)
class Paper:
    """One plot: an axis to the right, an axis upwards, a height in pixels."""

    x: Axis
    y: Axis
    height: float

    def across(self, value: float) -> float:
        """Horizontal place, 0 to ``WIDTH``."""
        return round(self.x.at(value) * WIDTH, 1)

    def down(self, value: float) -> float:
        """Vertical place in pixels from the top."""
        return round((1 - self.y.at(value)) * self.height, 1)

    def lines(self, points: Iterable[tuple[float, float]]) -> str:
        """A path through the points, interrupted where one is not finite."""
        parts, pen_down = [], False
        for x, y in points:
            if math.isfinite(y):
                parts.append(f"{'L' if pen_down else 'M'}{self.across(x):g} {self.down(y):g}")
            pen_down = math.isfinite(y)
        return "".join(parts)

    def band(self, rows: Iterable[tuple[float, float | None, float | None]]) -> str:
        """Closed areas between a low and a high line, interrupted where one of them is missing."""
        areas: list[list[tuple[float, float, float]]] = [[]]
        for x, low, high in rows:
            if low is None or high is None or not (math.isfinite(low) and math.isfinite(high)):
                areas.append([])
            else:
                areas[-1].append((self.across(x), self.down(low), self.down(high)))
        return "".join(_area(area) for area in areas if area)


def _area(rows: list[tuple[float, float, float]]) -> str:
    if len(rows) == 1:  # a lone check still gets a visible band
        x, low, high = rows[0]
        rows = [(max(0.0, x - 8), low, high), (min(float(WIDTH), x + 8), low, high)]
    there = "L".join(f"{x:g} {high:g}" for x, _, high in rows)
    back = "L".join(f"{x:g} {low:g}" for x, low, _ in reversed(rows))
    return f"M{there}L{back}Z"
