"""Series that only wander: their spectra are among the candidates, their fit is not moved by a line."""

import itertools

import numpy as np
import pytest
from scipy import signal

from collapse_metrics.stats import wandering as module
from collapse_metrics.stats.wandering import complex_noise, humps, tapered_spectrum, wandering


def ar1(rng, phi, rows, steps):
    """AR(1) series, settled."""
    return signal.lfilter([1.0], [1.0, -phi], rng.standard_normal((rows, steps + 1000)), axis=1)[:, 1000:]


def red(phi, steps):
    frequency = np.arange(1, steps // 2 + 1) / steps
    return 1 / (1 + phi**2 - 2 * phi * np.cos(2 * np.pi * frequency))


@pytest.mark.parametrize("steps", [64, 65, 128, 1001])
def test_blocks_hold_every_frequency_once_and_are_wide_enough(steps):
    edges = wandering(steps).edges
    assert edges[0] == module.LOWEST_BIN
    assert edges[-1] == steps // 2 + 1
    assert min(np.diff(edges)) >= module.BLOCK_BINS


@pytest.mark.parametrize("steps", [64, 301])
def test_candidates_are_the_same_law_on_both_grids(steps):
    null = wandering(steps)
    assert null.shapes.shape == (len(null.fine), steps // 2)
    assert null.fine[:, 1 : 2 * (steps // 2) : 2] == pytest.approx(null.shapes, abs=1e-9)


def test_candidates_never_rise_but_the_alternating_ones():
    shapes = wandering(200).shapes
    alternating = len(module.ALTERNATING)
    assert (np.diff(shapes[:-alternating], axis=1) <= 1e-9).all()
    assert (np.diff(shapes[-alternating:], axis=1) > 0).all()


@pytest.mark.parametrize("phi", [-0.6, 0.0, 0.5, 0.9])
def test_the_fit_is_near_the_true_spectrum(phi, numpy_rng):
    power = np.abs(tapered_spectrum(ar1(numpy_rng, phi, 40, 800))) ** 2
    level = 800 * 3 / 8  # the taper keeps three eighths of the power
    apart = wandering(800).fit(power)[:, 2:] - np.log(level * red(phi, 800)[2:])
    # A median over 40 fits: a bias of a fifth would let noise alarm, or hide cycles.
    assert np.abs(np.median(apart, axis=0)).max() < 0.2


@pytest.mark.parametrize("bin_", [5, 12, 60])
def test_a_line_does_not_move_the_fit(bin_, numpy_rng):
    noise = ar1(numpy_rng, 0.5, 20, 256)
    line = 10 * np.sin(2 * np.pi * bin_ * np.arange(256) / 256)
    without, beside = (wandering(256).fit(np.abs(tapered_spectrum(x)) ** 2) for x in (noise, noise + line))
    assert np.median(beside[:, bin_ - 1] - without[:, bin_ - 1]) < np.log(3)  # the line itself is 1,500 times as high


@pytest.mark.parametrize("phi", [-0.5, 0.0, 0.8])
def test_drawn_series_have_the_fitted_spectrum(phi, numpy_rng):
    null = wandering(256)
    number = int(np.abs(null.shapes - null.shapes[:, -1:] - np.log(red(phi, 256) / red(phi, 256)[-1])).sum(1).argmin())
    wanted = np.exp(null.shapes[number])
    circle = np.abs(null.draw_tapered(number, complex_noise(4000, 128, numpy_rng))) ** 2
    cut = np.abs(tapered_spectrum(null.draw_series(number, 4000, numpy_rng))) ** 2
    for power in (circle, cut):
        ratio = (power.mean(axis=0) / wanted)[3:-1]
        assert ratio / ratio.mean() == pytest.approx(np.ones(124), abs=0.12)  # 4,000 draws: 1.6 % standard error


def test_the_ends_of_a_drawn_walk_do_not_meet(numpy_rng):
    rows = wandering(200).draw_series(module.FLOORS.index(0.0) + len(module.FLOORS) * 9, 300, numpy_rng)  # a walk
    step = np.abs(np.diff(rows, axis=1)).mean()
    assert np.abs(rows[:, -1] - rows[:, 0]).mean() > 5 * step


def test_a_bend_stays_in_the_slowest_frequencies():
    # Without the taper it leaks into all of them, as one over the square of the frequency.
    power = np.abs(tapered_spectrum(np.linspace(-1, 1, 400)[None] ** 2)) ** 2
    plain = np.abs(np.fft.rfft(signal.detrend(np.linspace(-1, 1, 400) ** 2))[1:]) ** 2
    assert power[0, 9:].max() < 1e-3 * plain[9]


def test_a_trend_leaves_nothing():
    assert np.abs(tapered_spectrum(3 + 0.5 * np.arange(100.0)[None])).max() < 1e-9


def test_humps_are_highest_within_two_on_each_side():
    power = np.array([[9.0, 1, 5, 1, 1, 6, 7, 2, 2, 3]])
    naive = [all(power[0, k] >= power[0, max(0, k - 2) : k + 3]) for k in range(10)]
    assert humps(power)[0].tolist() == naive
    assert naive == [True, False, False, False, False, False, True, False, False, True]


def test_the_fit_has_the_least_absolute_distance(numpy_rng):
    null = wandering(150)
    power = np.abs(tapered_spectrum(ar1(numpy_rng, 0.7, 5, 150))) ** 2
    spans = list(itertools.pairwise(null.edges))
    for row, number, level in zip(power, *null.choose(power), strict=True):
        medians = [np.log(np.median(row[a - 1 : b - 1]) / np.log(2)) for a, b in spans]
        misfits = []
        for shape in null.shapes:
            apart = [m - shape[a - 1 : b - 1].mean() for m, (a, b) in zip(medians, spans, strict=True)]
            misfits.append(np.abs(apart - np.median(apart)).sum())
        assert misfits[number] == pytest.approx(min(misfits))
        best = [m - null.shapes[number, a - 1 : b - 1].mean() for m, (a, b) in zip(medians, spans, strict=True)]
        assert level == pytest.approx(np.median(best))


def test_candidates_are_made_once_for_each_length():
    assert wandering(77) is wandering(77)
