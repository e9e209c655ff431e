"""What do two sides say of each measure? From tallies to one test a measure and mode."""

import math
from collections.abc import Sequence

from collapse_metrics.gate.pairs import paired_falls
from collapse_metrics.gate.runs import between_runs
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
from collapse_metrics.stats.non_inferiority import LogFall, RateFall, RateRise, ShareFall
from collapse_metrics.tally import Tally


def compared(measure: str, before: Sequence[Tally], now: Sequence[Tally], modes: Sequence[str]) -> list[Compared]:
    """The tests of one measure; none where a side cannot say anything of it."""
    if len(before) == len(now) == 1:
        return SINGLE[measure](before[0], now[0], modes)
    return between_runs(measure, before, now, modes)


def _accepted(before: Tally, now: Tally, modes: Sequence[str]) -> list[Compared]:
    fall = RateFall(before.accepted, before.n, now.accepted, now.n)
    return [Compared(OVER_ALL, before.accepted / before.n, now.accepted / now.n, fall)]


def _shares(before: Tally, now: Tally, modes: Sequence[str]) -> list[Compared]:
    if len(modes) < 2 or before.accepted == 0:
        return []
    paired = paired_falls(before, now, len(modes))
    found = []
    for k, mode in enumerate(modes):
        if before.counts[k] == 0:
            continue  # nothing that could be lost
        alone = ShareFall(before.counts[k], before.accepted, now.counts[k], now.accepted)
        was, left = before.counts[k] / before.accepted, now.counts[k] / max(1, now.accepted)
        found.append(Compared(mode, was, left, paired.get(k, alone)))
    return found


def _spread(before: Tally, now: Tally, modes: Sequence[str]) -> list[Compared]:
    """Over the modes that both sides have."""
    theirs, ours = spreads_of(before), spreads_of(now)
    both = [k for k in theirs if k in ours] if len(modes) > 1 else []  # of one mode, the distance of any two says it
    return _one(over_modes(theirs, both, before), over_modes(ours, both, before)) if both else []


def _spreads(before: Tally, now: Tally, modes: Sequence[str]) -> list[Compared]:
    """Of each of several modes."""
    theirs, ours = spreads_of(before), spreads_of(now)
    both = [k for k in theirs if k in ours] if len(modes) > 1 else []
    return [Compared(modes[k], theirs[k].number, ours[k].number, _log_fall(theirs[k], ours[k])) for k in both]


def _pairs(before: Tally, now: Tally, modes: Sequence[str]) -> list[Compared]:
    return _one(pairs_of(before), pairs_of(now))


def _kinds(before: Tally, now: Tally, modes: Sequence[str]) -> list[Compared]:
    return _one(kinds_of(before), kinds_of(now))


def _distinct(before: Tally, now: Tally, modes: Sequence[str]) -> list[Compared]:
    """At the smaller number of accepted samples: of more samples more are different."""
    n = min(before.accepted, now.accepted)
    return _one(distinct_of(before, n), distinct_of(now, n))


def _duplicates(before: Tally, now: Tally, modes: Sequence[str]) -> list[Compared]:
    n = min(before.n, now.n)
    was, left = repeats_of(before, n), repeats_of(now, n)
    return [Compared(OVER_ALL, was.number, left.number, RateRise(was.number, was.error, left.number, left.error, n))]


SINGLE = {
    "accepted_share": _accepted,
    "mode_share": _shares,
    "within_mode_spread": _spread,
    "mode_spread": _spreads,
    "pairwise_distance": _pairs,
    "rke": _kinds,
    "distinct_neighbours": _distinct,
    "duplicate_rate": _duplicates,
}
"""Test of each measure between one run and one run."""


def _one(before: Value | None, now: Value | None) -> list[Compared]:
    if before is None or now is None:
        return []
    return [Compared(OVER_ALL, before.number, now.number, _log_fall(before, now))]


def _log_fall(before: Value, now: Value) -> LogFall:
    """With the degrees of freedom of Welch and Satterthwaite."""
    ours, theirs = now.error**2, before.error**2
    parts = ours**2 / now.freedom + theirs**2 / before.freedom
    freedom = (ours + theirs) ** 2 / parts if parts > 0 else math.inf
    more = before.freedom / now.freedom if math.isfinite(before.freedom) else 1.0  # of fewer samples, a larger error
    return LogFall(before.number, before.error, now.number, now.error, freedom, before.error * math.sqrt(1 + more))
