"""Did the level of a series change at some step, or does it only wander? A sum of deviations that scales itself."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float

from collapse_metrics.stats.red_noise import SIMULATIONS, moves
from collapse_metrics.stats.wandering import tapered_spectrum, wandering

MARGIN = 0.05
"""Share of the series at each end in which no change is looked for: a level needs some steps to be one."""

LEAST_MARGIN = 8
"""Fewest steps on each side of a change."""


@dataclass(frozen=True)
class Change:
    """The likeliest change of level: the first step of the new level, its size, its likelihood without any."""

    step: int
    size: float
    p_value: float


def level_change(series: Float[np.ndarray, " steps"], *, rng: np.random.Generator) -> Change:
    """Test the largest self-normalised CUSUM against series that only wander.

    The cumulative sum of deviations from the mean strays furthest where the level changes. It is divided by how far
    such sums stray *within* the two parts, so neither the size of the noise nor its memory has to be known; and a
    drift, which strays within the parts as well, is no change. What the memory does to so short a series is
    simulated: wandering noise is fitted to the series without its step, and put through the same.

    Args:
        series: One number a step, evenly spaced, at least ``red_noise.FEWEST_STEPS`` long.
        rng: Source of the simulated null series.

    Returns:
        First step of the new level, new minus old mean, p-value.
    """
    series = np.asarray(series, dtype=float)
    steps = len(series)
    if not moves(series):
        return Change(step=steps // 2, size=0.0, p_value=1.0)
    statistic = strongest_change(series[None])[0]
    step = likeliest_step(series)
    size = float(series[step:].mean() - series[:step].mean())
    without = series - size * (np.arange(steps) >= step)
    if not moves(without):  # nothing but the step
        return Change(step=step, size=size, p_value=1 / (1 + SIMULATIONS))
    null = wandering(steps)
    which, _ = null.choose(np.abs(tapered_spectrum(without[None])) ** 2)
    simulated = strongest_change(null.draw_series(int(which[0]), SIMULATIONS, rng))
    higher = int((simulated >= statistic).sum())
    return Change(step=step, size=size, p_value=(1 + higher) / (1 + SIMULATIONS))


def likeliest_step(series: Float[np.ndarray, " steps"]) -> int:
    """First step of the new level, were there one change and even noise: least squares.

    The self-normalised CUSUM tests well and places badly: its largest value lies some steps off.
    """
    steps, before = len(series), np.arange(1, len(series))
    cusum = np.cumsum(series - series.mean())[:-1]
    margin = _margin(steps)
    inside = slice(margin - 1, steps - margin)
    return int((cusum**2 / (before * (steps - before)))[inside].argmax()) + margin


def strongest_change(rows: Float[np.ndarray, "rows steps"]) -> Float[np.ndarray, " rows"]:
    """Largest self-normalised CUSUM of each row."""
    steps = rows.shape[1]
    centred = rows - rows.mean(axis=1, keepdims=True)
    forth, back = np.cumsum(centred, axis=1), np.cumsum(centred[:, ::-1], axis=1)
    within = _strayed(forth)[:, :-1] + _strayed(back)[:, ::-1][:, 1:]
    ratio = steps * forth[:, :-1] ** 2 / np.maximum(within, 1e-300)
    margin = _margin(steps)
    largest: np.ndarray = ratio[:, margin - 1 : steps - margin].max(axis=1)
    return largest


def _margin(steps: int) -> int:
    return max(LEAST_MARGIN, int(MARGIN * steps))


def _strayed(sums: Float[np.ndarray, "rows steps"]) -> Float[np.ndarray, "rows steps"]:
    """For each length: how far the sums up to it stray from the line to its end, squared and summed."""
    length = np.arange(1.0, sums.shape[1] + 1)
    slope = sums / length
    strayed: np.ndarray = (
        np.cumsum(sums**2, axis=1) - 2 * slope * np.cumsum(length * sums, axis=1) + slope**2 * np.cumsum(length**2)
    )
    return strayed.clip(min=0.0)
