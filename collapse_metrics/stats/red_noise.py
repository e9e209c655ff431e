"""Does a series really cycle, or does it only wander? A periodogram against noise that wanders in any way."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import signal

from collapse_metrics.stats.wandering import complex_noise, humps, tapered_spectrum, wandering

SIMULATIONS = 499
"""Simulated null series: the smallest p-value that can come out is 1/500."""

FEWEST_PERIODS = 4
"""A cycle must repeat four times in the series: a bend of two or three periods is told from a cycle by nothing but
its future."""

FEWEST_STEPS = 64
"""Below this the fitted null is too uncertain to judge any period."""

HARMONICS = 10
"""Multiples of the epoch's frequency that are left out. Even a sawtooth, the richest of simple shapes, has less than
a hundredth of its power in each later one."""

LINE_BINS = 2
"""How far a line of the tapered spectrum reaches to each side."""


@dataclass(frozen=True)
class Cycle:
    """The strongest cycle of a series: how long, how strong, how likely in noise that only wanders."""

    period: float
    strength: float
    p_value: float


NO_CYCLE = Cycle(period=float("nan"), strength=0.0, p_value=1.0)
"""Of a series that does not move, or whose spectrum only falls."""


def strongest_cycle(
    series: Float[np.ndarray, " steps"], *, rng: np.random.Generator, steps_per_epoch: float | None = None
) -> Cycle:
    """Test the highest hump of the periodogram, relative to the spectrum of a series that only wanders.

    A loss wanders even when nothing cycles: neighbouring steps share weights, learning rates fall, and every batch
    adds its own noise. Against *white* noise such a series "cycles" nearly always, against an AR(1) still whenever
    a slow drift lies under noise of single steps. Here the null is any spectrum that never rises; its nearest
    candidate is fitted, and the hump is compared with the highest humps of simulated series that went through the
    same fit.

    Args:
        series: One number a step, evenly spaced, at least ``FEWEST_STEPS`` long.
        rng: Source of the simulated null series.
        steps_per_epoch: Where given, the line at one epoch and its harmonics are not judged.

    Returns:
        Period in steps, strength (share of the detrended variance within the peak), p-value.
    """
    series = np.asarray(series, dtype=float)
    if not moves(series):
        return NO_CYCLE
    judged = judged_bins(len(series), steps_per_epoch)
    power = np.abs(tapered_spectrum(series[None])) ** 2
    null = wandering(len(series))
    which, _ = null.choose(power)
    over = np.where(judged & humps(power), power / np.exp(null.fit(power)), 0.0)
    peak = int(over[0].argmax())
    if over[0, peak] == 0:
        return NO_CYCLE
    noise = complex_noise(SIMULATIONS, power.shape[1], rng)
    simulated = np.abs(null.draw_tapered(int(which[0]), noise)) ** 2
    null_over = np.where(judged & humps(simulated), simulated / np.exp(null.fit(simulated)), 0.0)
    higher = int((null_over.max(axis=1) >= over[0, peak]).sum())
    return Cycle(
        period=len(series) / (peak + 1 + _beside(power[0], peak)),
        strength=_strength(series, peak),
        p_value=(1 + higher) / (1 + SIMULATIONS),
    )


def moves(series: Float[np.ndarray, " steps"]) -> bool:
    """Whether anything is left of the series, beyond rounding, when its trend is taken off."""
    return bool(signal.detrend(series).std() > 1e-12 * max(1.0, float(np.abs(series).max())))


def judged_bins(steps: int, steps_per_epoch: float | None = None) -> np.ndarray:
    """Which frequencies may be called a cycle: not the slowest, and not those that the order of the data makes.

    Raises:
        ValueError: If the epoch is shorter than two steps, or so short that no frequency is left.
    """
    bins = np.arange(1, steps // 2 + 1)
    judged: np.ndarray = bins >= FEWEST_PERIODS
    if steps_per_epoch is None:
        return judged
    if steps_per_epoch < 2:
        raise ValueError(f"`steps_per_epoch` needs to be at least 2, got {steps_per_epoch}: leave it out.")
    for harmonic in range(1, HARMONICS + 1):
        judged &= np.abs(bins - harmonic * steps / steps_per_epoch) > LINE_BINS
    if not judged.any():
        raise ValueError(
            f"the lines of epochs of {steps_per_epoch} steps leave no frequency to judge in {steps} steps: log longer."
        )
    return judged


def red_spectrum(series: Float[np.ndarray, " steps"]) -> Float[np.ndarray, " bins"]:
    """The null beside which a series is judged: its fitted spectrum without cycles, as tapered power by frequency."""
    power = np.abs(tapered_spectrum(np.asarray(series, dtype=float)[None])) ** 2
    spectrum: np.ndarray = np.exp(wandering(len(series)).fit(power)[0])
    return spectrum


def _beside(power: Float[np.ndarray, " bins"], peak: int) -> float:
    """How far a line lies from the highest frequency of its tapered spectrum, in frequencies: exact for a pure one.

    Between two frequencies, the two amplitudes of a line under the taper of Hann are as ``1 + d`` to ``2 - d``.
    """
    higher = peak + 1 if peak + 1 < len(power) and (peak == 0 or power[peak + 1] > power[peak - 1]) else peak - 1
    ratio = np.sqrt(power[higher] / power[peak])
    return float((higher - peak) * np.clip((2 * ratio - 1) / (ratio + 1), 0.0, 0.5))


def _strength(series: np.ndarray, peak: int) -> float:
    power = np.abs(np.fft.rfft(signal.detrend(series))[1:]) ** 2
    near = slice(max(0, peak - 1), peak + 2)  # a period between two bins spills into both
    return float(power[near].sum() / power.sum())
