"""Have *trainings* become worse? Where there are several runs on a side, their scatter is the unit."""

import math
from collections.abc import Sequence

import numpy as np

from collapse_metrics.gate.values import (
    OVER_ALL,
    Compared,
    Value,
    distinct_of,
    kinds_of,
    over_modes,
    pairs_of,
    repeats_of,
    spreads_of,
)
from collapse_metrics.stats.non_inferiority import LogFall, RateRise
from collapse_metrics.tally import Tally

Table = list[list[Value]]
"""One row a run, one value a mode."""


def between_runs(measure: str, before: Sequence[Tally], now: Sequence[Tally], modes: Sequence[str]) -> list[Compared]:
    """The tests of one measure between several runs; none where some run cannot say anything of it."""
    names, theirs, ours = _tables(measure, before, now, modes)
    if not names:
        return []
    rate = measure == "duplicate_rate"
    scatter = max(1.0, _overdispersion(theirs, ours, rate=rate))
    # Counts of modes stray nearly independently of each other: each tells something. The rest is one number a run.
    freedom = (len(theirs) + len(ours) - 2) * (len(names) - 1 if measure == "mode_share" else 1)
    return [
        _compare(name, [row[k] for row in theirs], [row[k] for row in ours], scatter, freedom, before[0].n, rate=rate)
        for k, name in enumerate(names)
    ]


def _tables(
    measure: str, before: Sequence[Tally], now: Sequence[Tally], modes: Sequence[str]
) -> tuple[list[str], Table, Table]:
    """Names of the modes, and the values of every run of both sides."""
    if measure == "mode_share":
        kept = [k for k in range(len(modes)) if sum(t.counts[k] for t in before) > 0] if len(modes) > 1 else []
        return [modes[k] for k in kept], *([[_share(t, k) for k in kept] for t in side] for side in (before, now))  # type: ignore[return-value]
    if measure == "mode_spread":  # a few runs cannot tell of every mode how much it strays
        return [], [], []
    if measure == "within_mode_spread":
        return _spreads(before, now) if len(modes) > 1 else ([], [], [])
    n = min(t.accepted for t in (*before, *now))
    read = {
        "accepted_share": lambda t: _proportion(t.accepted, t.n),
        "pairwise_distance": pairs_of,
        "rke": kinds_of,
        "distinct_neighbours": lambda t: distinct_of(t, n),
        "duplicate_rate": lambda t: repeats_of(t, min(x.n for x in (*before, *now))),
    }[measure]
    theirs, ours = [read(t) for t in before], [read(t) for t in now]
    if any(value is None for value in (*theirs, *ours)):
        return [], [], []
    return [OVER_ALL], [[v] for v in theirs if v], [[v] for v in ours if v]


def _spreads(before: Sequence[Tally], now: Sequence[Tally]) -> tuple[list[str], Table, Table]:
    """Over the modes that all runs have."""
    theirs, ours = [spreads_of(t) for t in before], [spreads_of(t) for t in now]
    every = [k for k in theirs[0] if all(k in spreads for spreads in (*theirs, *ours))]
    if not every:
        return [], [], []
    sides = [[[over_modes(spreads, every, before[0])] for spreads in side] for side in (theirs, ours)]
    return [OVER_ALL], sides[0], sides[1]


def _share(tally: Tally, mode: int) -> Value:
    return _proportion(tally.counts[mode], tally.accepted)


def _proportion(count: int, n: int) -> Value:
    """A share, half a sample added so that none has no logarithm."""
    share = (count + 0.5) / (n + 1)
    return Value(share, math.sqrt((1 - share) / (share * (n + 1))), math.inf)


def _overdispersion(theirs: Table, ours: Table, *, rate: bool) -> float:
    """Variance between runs of one side, over what their samples alone would give them."""
    squares, freedom = 0.0, 0
    for side in (theirs, ours):
        numbers = np.array([[v.number for v in row] for row in side])
        errors = np.array([[v.error for v in row] for row in side])
        away = numbers if rate else np.log(np.maximum(numbers, 1e-300))
        floor = np.sqrt(2 * 0.01 / 5000) if rate else 1e-6  # runs without any copy have no error of their own
        squares += float((np.square(away - away.mean(axis=0)) / np.square(np.maximum(errors, floor))).sum())
        freedom += (len(side) - 1) * numbers.shape[1]
    return squares / freedom


def _compare(
    name: str, theirs: list[Value], ours: list[Value], scatter: float, freedom: float, n: int, *, rate: bool
) -> Compared:
    """Mean against mean; errors are those of the samples, grown by the scatter of the runs."""
    was, left = _mean(theirs, scatter, rate=rate), _mean(ours, scatter, rate=rate)
    if rate:
        fall = RateRise(was.number, was.error, left.number, left.error, n * len(ours) / scatter, freedom)
        return Compared(name, was.number, left.number, fall)
    foreseen = was.error * math.sqrt(1 + len(theirs) / len(ours))
    return Compared(
        name, was.number, left.number, LogFall(was.number, was.error, left.number, left.error, freedom, foreseen)
    )


def _mean(values: list[Value], scatter: float, *, rate: bool) -> Value:
    """Mean over runs, of logarithms but for rates."""
    numbers = np.array([v.number for v in values])
    errors = np.array([v.error for v in values])
    gone = not rate and bool((numbers <= 0).any())
    number = float(numbers.mean()) if rate else 0.0 if gone else float(np.exp(np.log(numbers).mean()))
    return Value(number, math.sqrt(scatter * float(np.square(errors).sum())) / len(values), math.inf)
