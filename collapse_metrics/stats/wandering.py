"""What is the spectrum of a series that only wanders? One that never rises: a slow level on a floor of noise."""

from dataclasses import dataclass
from functools import lru_cache
from itertools import pairwise

import numpy as np
from jaxtyping import Complex, Float
from scipy import signal

LOWEST_BIN = 2
"""The first frequency that the fit looks at, in periods a series: what is slower is a trend, and is taken off."""

BLOCK_BINS = 7
"""Fewest frequencies in a block of the fit. A line of the tapered spectrum is three wide, so it moves no median."""

BLOCK_GROWTH = 1.5
"""Blocks widen with frequency, so that slow wandering weighs as much in the fit as the noise of single batches."""

EXPONENTS = (0.5, 1.0, 2.0)
"""How steeply the slow part falls: 1 is a random walk or an AR(1), 2 a bend, 0.5 a sum of many time scales."""

CORNERS = (0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.4, 0.8, 1.6)
"""Frequencies (radians a step) below which the slow part is level; 0 is a walk that never turns back."""

FLOORS = (0.0, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0, 1e3, 1e4, 1e5)
"""Noise of single steps, over the slow part at the highest frequency."""

ALTERNATING = tuple(-k / 10 for k in range(1, 10))
"""AR(1) coefficients of series that swing from step to step, whose spectrum rises."""


@dataclass(frozen=True)
class Wandering:
    """The candidate spectra for series of one length, and how to fit and to draw them.

    An AR(1), a random walk, a drift and any of these under batch noise are among the candidates; a cycle is what
    none of them can be, a hump. Fitting an AR(1) alone would call every slow drift under batch noise a cycle.
    """

    steps: int
    edges: tuple[int, ...]
    shapes: Float[np.ndarray, "candidates bins"]
    fine: Float[np.ndarray, "candidates steps"]
    blocks: Float[np.ndarray, "candidates blocks"]

    def fit(self, power: Float[np.ndarray, "rows bins"]) -> Float[np.ndarray, "rows bins"]:
        """Log spectrum of the nearest candidate to each tapered periodogram."""
        which, level = self.choose(power)
        log_spectrum: np.ndarray = self.shapes[which] + level[:, None]
        return log_spectrum

    def choose(self, power: Float[np.ndarray, "rows bins"]) -> tuple[np.ndarray, np.ndarray]:
        """Number and log level of the candidate with the least absolute distance to the medians of the blocks."""
        medians = np.stack([np.median(power[:, a - 1 : b - 1], axis=1) for a, b in pairwise(self.edges)], axis=1)
        medians = np.log(medians + 1e-300) - np.log(np.log(2))  # the median of a power is ln 2 times its mean
        apart = np.sort(medians[:, None] - self.blocks, axis=2)
        half = apart.shape[2] // 2  # the sum of distances to the middle: all above it, less all below
        misfit = apart[:, :, apart.shape[2] - half :].sum(axis=2) - apart[:, :, :half].sum(axis=2)
        which = misfit.argmin(axis=1)
        level: np.ndarray = np.median(apart[np.arange(len(power)), which], axis=1)
        return which, level

    def draw_tapered(self, which: int, noise: Complex[np.ndarray, "rows bins"]) -> Complex[np.ndarray, "rows bins"]:
        """Tapered spectra of wandering series, made of white complex noise."""
        white = noise * np.exp(self.shapes[which] / 2)
        tapered: np.ndarray = white / 2
        tapered[:, 1:] -= white[:, :-1] / 4  # the taper of Hann, as it acts on frequencies
        tapered[:, :-1] -= white[:, 1:] / 4
        return tapered

    def draw_series(self, which: int, rows: int, rng: np.random.Generator) -> Float[np.ndarray, "rows steps"]:
        """Wandering series: the first half of twice as long a circle, so that the ends do not meet."""
        noise = complex_noise(rows, self.steps, rng) * np.exp(self.fine[which] / 2)
        circle: np.ndarray = np.fft.irfft(np.pad(noise, ((0, 0), (1, 0))), n=2 * self.steps, axis=1)
        series: np.ndarray = circle[:, : self.steps]
        return series


@lru_cache(maxsize=8)
def wandering(steps: int) -> Wandering:
    """The candidates for series of ``steps`` steps."""
    edges = _block_edges(steps // 2)
    shapes = _log_shapes(np.arange(1, steps // 2 + 1) / steps)
    blocks = [shapes[:, a - 1 : b - 1].mean(axis=1) for a, b in pairwise(edges)]
    fine = _log_shapes(np.arange(1, steps + 1) / (2 * steps))
    return Wandering(steps, edges, shapes, fine, np.stack(blocks, axis=1))


def tapered_spectrum(rows: Float[np.ndarray, "rows steps"]) -> Complex[np.ndarray, "rows bins"]:
    """Fourier coefficients from one period a series on, trend taken off, ends faded out.

    Without the taper of Hann the ends of a bent series would leak into all frequencies.
    """
    flat = signal.detrend(rows, axis=1) * signal.windows.hann(rows.shape[1], sym=False)
    coefficients: np.ndarray = np.fft.rfft(flat, axis=1)
    return coefficients[:, 1:]


def complex_noise(rows: int, bins: int, rng: np.random.Generator) -> Complex[np.ndarray, "rows bins"]:
    """White complex noise, standard normal in both parts."""
    return rng.standard_normal((rows, bins)) + 1j * rng.standard_normal((rows, bins))


def humps(power: Float[np.ndarray, "rows bins"]) -> np.ndarray:
    """Which powers are the highest among their two neighbours on each side, the width of a tapered line.

    The slope of a bend is high at its edge and is no hump.
    """
    beside = np.pad(power, ((0, 0), (2, 2)))
    top: np.ndarray = np.ones(power.shape, dtype=bool)
    for shift in (0, 1, 3, 4):
        top &= power >= beside[:, shift : shift + power.shape[1]]
    return top


def _block_edges(bins: int) -> tuple[int, ...]:
    edges = [LOWEST_BIN]
    while edges[-1] <= bins:
        edges.append(min(bins + 1, max(edges[-1] + BLOCK_BINS, int(edges[-1] * BLOCK_GROWTH))))
    if len(edges) > 2 and edges[-1] - edges[-2] < BLOCK_BINS:
        edges.pop(-2)
    return tuple(edges)


def _log_shapes(frequency: np.ndarray) -> np.ndarray:
    """One candidate a row: slow part over a floor, even noise, and the alternating ones."""
    speed = 2 * (1 - np.cos(2 * np.pi * frequency))
    slow = [(((4 + c**2) / (speed + c**2)) ** g) for g in EXPONENTS for c in CORNERS]
    rows = [part + floor for part in slow for floor in FLOORS]
    rows.append(np.ones_like(frequency))
    rows += [1 / (1 + phi**2 - 2 * phi * np.cos(2 * np.pi * frequency)) for phi in ALTERNATING]
    return np.log(np.array(rows))
