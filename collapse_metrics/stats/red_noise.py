"""Does a series really cycle, or does it only wander? A periodogram against fitted red noise."""

from dataclasses import dataclass

import numpy as np
from jaxtyping import Float
from scipy import ndimage, signal

SIMULATIONS = 499
"""Simulated null series: the smallest p-value that can come out is 1/500."""

FEWEST_PERIODS = 3
"""A cycle must repeat three times in the series to be told from a bend (half of it would be a trend)."""

FEWEST_STEPS = 64
"""Below this the fitted null is too uncertain to judge any period."""


@dataclass(frozen=True)
class Cycle:
    """The strongest cycle of a series: how long, how strong, how likely in red noise without any cycle."""

    period: float
    strength: float
    p_value: float
    phi: float


def strongest_cycle(series: Float[np.ndarray, " steps"], *, rng: np.random.Generator) -> Cycle:
    """Test the highest peak of the periodogram, relative to the spectrum of a fitted AR(1).

    A loss wanders even when nothing cycles: neighbouring steps share weights, so its spectrum is red. Against
    *white* noise such a series "cycles" nearly always. Here the series is detrended, an AR(1) is fitted, and
    the height of the peak over the AR(1) spectrum is compared with that of simulated AR(1) series that went
    through the same detrending and the same fit.

    Args:
        series: One number a step, evenly spaced, at least ``FEWEST_STEPS`` long.
        rng: Source of the simulated null series.

    Returns:
        Period in steps, strength (share of the detrended variance within the peak), p-value, fitted phi.
    """
    flat = signal.detrend(np.asarray(series, dtype=float))
    if flat.std() <= 1e-12 * max(1.0, float(np.abs(series).max())):
        return Cycle(period=float("nan"), strength=0.0, p_value=1.0, phi=0.0)
    n = len(flat)
    phi = float(fit_ar1(flat[None])[0])
    frequency, over_red, power = _over_red_noise(flat[None], phi)
    peak = int(over_red[0].argmax())
    null = signal.detrend(_ar1_series(phi, SIMULATIONS, n, rng), axis=1)
    _, null_over_red, _ = _over_red_noise(null, fit_ar1(null))
    higher = (null_over_red.max(axis=1) >= over_red[0, peak]).sum()
    near = slice(max(0, peak - 1), peak + 2)  # a period between two bins spills into both
    return Cycle(
        period=float(1 / frequency[peak]),
        strength=float(power[0, near].sum() / power[0].sum()),
        p_value=float((1 + higher) / (1 + SIMULATIONS)),
        phi=phi,
    )


def fit_ar1(flat: Float[np.ndarray, "rows steps"]) -> Float[np.ndarray, " rows"]:
    """Lag-one coefficient of each detrended series, robust to a single line in its spectrum.

    A strong cycle inflates the lag-one autocorrelation, and with it the null that should expose it. So the
    coefficient is fitted to the *median-smoothed* log periodogram (Mann and Lees 1996), which a line of one or
    two bins does not move.
    """
    power = np.abs(np.fft.rfft(flat, axis=1)[:, 1:]) ** 2
    width = max(5, power.shape[1] // 20) | 1
    smooth = np.log(ndimage.median_filter(power, size=(1, width), mode="reflect") + 1e-300)
    frequency = np.fft.rfftfreq(flat.shape[1])[1:]
    shapes = np.log(_red_spectrum(PHI_GRID[:, None], frequency))
    smooth -= smooth.mean(axis=1, keepdims=True)
    shapes -= shapes.mean(axis=1, keepdims=True)
    # The variance of (smooth - shape) for every series and every candidate, as one matrix product.
    misfit = np.square(shapes).mean(axis=1) - 2 * smooth @ shapes.T / smooth.shape[1]
    best: np.ndarray = PHI_GRID[misfit.argmin(axis=1)]
    return best


def _red_spectrum(phi: np.ndarray, frequency: np.ndarray) -> np.ndarray:
    spectrum: np.ndarray = 1 / (1 + phi**2 - 2 * phi * np.cos(2 * np.pi * frequency))
    return spectrum


PHI_GRID = np.concatenate([np.linspace(-0.9, 0.9, 37), np.array([0.925, 0.95, 0.97, 0.98, 0.99])])
"""Candidate lag-one coefficients; a step of 0.05 moves the spectrum by less than its own scatter."""


def _ar1_series(phi: float, rows: int, n: int, rng: np.random.Generator) -> np.ndarray:
    settle = 10 * int(1 / (1 - abs(phi))) + 10
    noise = rng.standard_normal((rows, n + settle))
    series: np.ndarray = signal.lfilter([1.0], [1.0, -phi], noise, axis=1)[:, settle:]
    return series


def _over_red_noise(rows: np.ndarray, phi: float | np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Frequencies, periodogram over the AR(1) spectrum of equal total power, and the periodogram itself."""
    n = rows.shape[1]
    power = np.abs(np.fft.rfft(rows, axis=1)[:, 1:]) ** 2
    frequency = np.fft.rfftfreq(n)[1:]
    column = np.broadcast_to(np.asarray(phi, dtype=float), len(rows))[:, None]
    over = power / _red_spectrum(column, frequency)
    over /= np.median(over, axis=1, keepdims=True)  # the median: a line must not raise its own yardstick
    judged = np.arange(1, len(frequency) + 1) >= FEWEST_PERIODS  # periods in the series
    return frequency[judged], over[:, judged], power[:, judged]
