"""Do two series share a cycle, one a quarter period behind the other? Rotation is told from a common cause."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Complex, Float
from scipy import ndimage, special

from collapse_metrics.stats.red_noise import SIMULATIONS, judged_bins, moves
from collapse_metrics.stats.wandering import Wandering, complex_noise, humps, tapered_spectrum, wandering

CYCLE_BINS = 3
"""Frequencies over which the two are compared: the width of a tapered line."""

LINK_BINS = 9
"""Fewest frequencies over which the usual link of the two is estimated: three lines wide, so that one line of a
shared cycle does not pass for the usual."""

LINK_SHARE = 1 / 16
"""Of all frequencies, how many the usual link is estimated over: few enough to follow a delay of some steps."""

COHERENCES = np.linspace(0.0, 0.999, 400)
"""Grid on which the strength of a link is looked up."""

PHASE_AGREEMENT = np.pi / 4 * COHERENCES * special.hyp2f1(0.5, 0.5, 2, COHERENCES**2)
"""Mean length of the resultant of phases between two Gaussian series of that coherence."""


@dataclass(frozen=True)
class SharedCycle:
    """The strongest cycle of two series a quarter period apart: its length, lag and likelihood without any.

    ``lag`` is by how many periods the second series comes after the first, from -1/2 to 1/2: near 1/4 or -1/4.
    """

    period: float
    lag: float
    p_value: float


NONE_SHARED = SharedCycle(period=float("nan"), lag=float("nan"), p_value=1.0)
"""Of series that share no hump at all that is out of step."""


def quadrature(
    first: Float[np.ndarray, " steps"],
    second: Float[np.ndarray, " steps"],
    *,
    rng: np.random.Generator,
    steps_per_epoch: float | None = None,
) -> SharedCycle:
    r"""Test the strongest cycle that two series share a quarter period apart.

    At each frequency stands the smaller of the two powers over the wandering noise of its series, times the sine of
    the phase between them, where that phase is nearer to a quarter than to none or a half. A common cause (data,
    learning rate) acts on both at once and has no such part. The null is a pair of wandering series with the usual
    link of these two, whatever it is: shared noise, delays, unequal memories. Only a hump out of step remains.

    Args:
        first: One number a step.
        second: One number for each of the same steps.
        rng: Source of the simulated pairs.
        steps_per_epoch: Where given, the line at one epoch and its harmonics are not judged.

    Returns:
        Period in steps, lag of the second behind the first in periods, p-value.
    """
    first, second = np.asarray(first, dtype=float), np.asarray(second, dtype=float)
    if not (moves(first) and moves(second)):
        return NONE_SHARED
    null, judged = wandering(len(first)), judged_bins(len(first), steps_per_epoch)
    x, y = tapered_spectrum(first[None]), tapered_spectrum(second[None])
    score = np.where(judged, _out_of_step(x, y, null), 0.0)
    peak = int(score[0].argmax())
    if score[0, peak] == 0:
        return NONE_SHARED
    own, other = (complex_noise(SIMULATIONS, x.shape[1], rng) for _ in range(2))
    link = usual_link(x[0], y[0])
    other = link.conj() * own + np.sqrt(1 - np.abs(link) ** 2) * other
    which = [int(null.choose(np.abs(z) ** 2)[0][0]) for z in (x, y)]
    simulated = _out_of_step(null.draw_tapered(which[0], own), null.draw_tapered(which[1], other), null)
    higher = int((np.where(judged, simulated, 0.0).max(axis=1) >= score[0, peak]).sum())
    phase = float(np.angle(_smooth(x * y.conj())[0, peak]))
    return SharedCycle(len(first) / (peak + 1), phase / (2 * np.pi), (1 + higher) / (1 + SIMULATIONS))


def _out_of_step(
    x: Complex[np.ndarray, "rows bins"], y: Complex[np.ndarray, "rows bins"], null: Wandering
) -> Float[np.ndarray, "rows bins"]:
    """The statistic at every frequency where the weaker of the two has a hump."""
    power = [np.abs(z) ** 2 for z in (x, y)]
    smooth = [_smooth(p) for p in power]
    weaker = np.minimum(*(s / np.exp(null.fit(p)) for s, p in zip(smooth, power, strict=True)))
    cross = _smooth(x * y.conj())
    turned = np.abs(cross.imag) / np.sqrt(smooth[0] * smooth[1] + 1e-300)
    in_quarter = np.abs(cross.imag) >= np.abs(cross.real)
    score: np.ndarray = np.where(humps(weaker) & in_quarter, weaker * turned, 0.0)
    return score


def usual_link(x: Complex[np.ndarray, " bins"], y: Complex[np.ndarray, " bins"]) -> Complex[np.ndarray, " bins"]:
    """Coherency of the two over wide stretches of frequency, from phases alone.

    Every frequency has one vote, however strong: the line of a cycle is no more than its few votes.
    """
    turn = x * y.conj()
    phases = turn / np.maximum(np.abs(turn), 1e-300)
    width = min(len(x), max(LINK_BINS, int(len(x) * LINK_SHARE)) | 1)
    mean = _smooth(phases[None], width)[0]
    length = np.abs(mean)
    votes = width / 2  # the taper makes neighbours agree
    squared = np.clip((votes * length**2 - 1) / (votes - 1), 0, 1)  # without what chance alone agrees
    coherence = np.interp(np.sqrt(squared), PHASE_AGREEMENT, COHERENCES)
    link: np.ndarray = coherence * mean / np.maximum(length, 1e-300)
    return link


def _smooth(rows: np.ndarray, width: int = CYCLE_BINS) -> np.ndarray:
    """Mean over neighbouring frequencies."""
    if np.iscomplexobj(rows):
        whole: np.ndarray = _smooth(rows.real, width) + 1j * _smooth(rows.imag, width)
        return whole
    mean: np.ndarray = ndimage.uniform_filter1d(rows, width, axis=1, mode="nearest")
    return mean
