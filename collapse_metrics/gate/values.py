"""What does a tally say in numbers? Of every measure the value of one run and its error."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy import special

from collapse_metrics.stats.non_inferiority import Fall
from collapse_metrics.stats.occupancy import distinct_variance
from collapse_metrics.tally import Tally

OFTEN = 4
"""Copies of one picture from which on it is one that the generator likes: by chance, four of one are far
rarer than pairs."""

OVER_ALL = ""
"""Name of the mode where a measure is over all of them."""


@dataclass(frozen=True)
class Compared:
    """One number before and now, and the test of its fall."""

    mode: str
    before: float
    now: float
    fall: Fall


@dataclass(frozen=True)
class Value:
    """One number of one run, and its standard error: relative, but for rates in points."""

    number: float
    error: float
    freedom: float


def spreads_of(tally: Tally) -> dict[int, Value]:
    """Root mean square distance within each mode."""
    return {k: _root(pair, tally.counts[k]) for k, pair in enumerate(tally.spreads) if pair is not None}


def over_modes(spreads: dict[int, Value], both: Sequence[int], before: Tally) -> Value:
    """Geometric mean over modes, each weighted with its samples before: shares may move without moving it."""
    weights = np.array([before.counts[k] for k in both], dtype=float)
    weights /= weights.sum()
    numbers = np.array([spreads[k].number for k in both])
    errors = np.array([spreads[k].error for k in both])
    number = float(np.exp(weights @ np.log(numbers))) if (numbers > 0).all() else 0.0
    return Value(number, float(np.sqrt(np.square(weights * errors).sum())), sum(spreads[k].freedom for k in both))


def pairs_of(tally: Tally) -> Value | None:
    """Root mean square distance of two accepted samples."""
    return None if tally.pairs is None else _root(tally.pairs, tally.accepted)


def kinds_of(tally: Tally) -> Value | None:
    """Effective number of kinds: one over the mean likeness, with the same relative error."""
    if tally.likeness is None:
        return None
    return Value(1 / tally.likeness[0], tally.likeness[1], tally.accepted - 1)


def distinct_of(tally: Tally, n: int) -> Value | None:
    """Different nearest real samples among ``n`` accepted ones, per sample."""
    if n < 2:
        return None
    times, many = np.array(tally.met).T
    met = float((many * (1 - _missed(times, tally.accepted, n))).sum())
    few = 2 * n <= tally.accepted  # else the variance at all of them is near enough, and never below
    variance = _thinned(times, many, tally.accepted, n) if few else distinct_variance(np.repeat(times, many))
    once = float(many[times == 1].sum())
    variance = max(variance, 0.1 * once * (1 - once / tally.accepted))  # the estimate may fall below zero by chance
    return Value(met / n, math.sqrt(variance) / met, math.inf)


def repeats_of(tally: Tally, n: int) -> Value:
    """Share of samples that another one repeats, among ``n``; the error is in points.

    Copies come about where the generator draws one picture again. Twice, by chance, out of very many: then pairs
    are a Poisson count, and each pair weighs two. Very often, because it likes that picture: then its samples are a
    binomial count.
    """
    sizes, many = np.array(tally.groups).T
    alone = float((many * sizes * _missed(sizes - 1, tally.n - 1, n - 1)).sum()) / tally.n
    often = float((many * sizes)[sizes >= OFTEN].sum())
    few = float((many * np.square(sizes))[(sizes > 1) & (sizes < OFTEN)].sum())
    return Value(1 - alone, math.sqrt(few + often * (1 - often / tally.n)) / tally.n, math.inf)


def _root(pair: Sequence[float], n: int) -> Value:
    """Root of a mean square; half of its relative error."""
    return Value(math.sqrt(pair[0]), pair[1] / 2, n - 1)


def _missed(times: np.ndarray, total: int, n: int) -> np.ndarray:
    """Probability that ``n`` of ``total`` samples, drawn without replacement, hold none of so many."""
    rest = total - times
    logs = special.gammaln(rest + 1) - special.gammaln(np.maximum(rest - n, 0) + 1)
    logs += special.gammaln(total - n + 1) - special.gammaln(total + 1)
    return np.where(rest >= n, np.exp(np.minimum(logs, 0.0)), 0.0)


def _thinned(times: np.ndarray, many: np.ndarray, total: int, n: int) -> float:
    """Variance of the number of different ones among ``n`` samples: what ``n`` more would add, less the once met."""
    new = float((many * (_missed(times, total, n) - _missed(times, total, 2 * n))).sum())
    once = _missed(times - 1, total - 1, n - 1) * n * times / total
    return new - float((many * once).sum()) ** 2 / n
