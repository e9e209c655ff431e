"""Cycles in a series: found where they are, and not found in anything that only wanders."""

import numpy as np
import pytest
from scipy import signal, stats

from collapse_metrics.stats import red_noise
from collapse_metrics.stats.red_noise import FEWEST_PERIODS, SIMULATIONS, fit_ar1, strongest_cycle


def wandering(rng, phi, rows, steps):
    """AR(1) series, written as the recursion."""
    x, noise = np.zeros((rows, steps + 200)), rng.standard_normal((rows, steps + 200))
    for t in range(1, x.shape[1]):
        x[:, t] = phi * x[:, t - 1] + noise[:, t]
    return x[:, 200:]


@pytest.mark.parametrize("period", [4.2, 8, 13, 20])
@pytest.mark.parametrize("phi", [0.0, 0.8])
def test_the_period_of_a_known_cycle_is_found(period, phi, numpy_rng):
    series = 3 * np.sin(2 * np.pi * np.arange(512) / period) + wandering(numpy_rng, phi, 1, 512)[0]
    cycle = strongest_cycle(series, rng=numpy_rng)
    assert cycle.period == pytest.approx(period, rel=0.02)
    assert cycle.p_value == 1 / (SIMULATIONS + 1)


@pytest.mark.parametrize("phi", [0.0, 0.5, 0.8, 0.95])
def test_wandering_alone_is_no_cycle(phi, numpy_rng):
    # 60 series at 5 %: more than 12 alarms have a probability below 5e-5 (binomial tail).
    assert stats.binom.sf(12, 60, 0.05) < 5e-5
    series = wandering(numpy_rng, phi, 60, 128)
    alarms = sum(strongest_cycle(x, rng=numpy_rng).p_value <= 0.05 for x in series)
    assert alarms <= 12


def test_p_values_of_noise_are_spread_evenly(numpy_rng):
    p_values = [strongest_cycle(x, rng=numpy_rng).p_value for x in wandering(numpy_rng, 0.5, 80, 96)]
    assert stats.kstest(p_values, "uniform").pvalue > 1e-4


def test_against_white_noise_nearly_everything_would_cycle(numpy_rng, monkeypatch):
    # The trap that the fitted null avoids: the same series, with phi taken as zero.
    series = wandering(numpy_rng, 0.9, 10, 128)
    fitted = [strongest_cycle(x, rng=numpy_rng).p_value for x in series]
    monkeypatch.setattr(red_noise, "fit_ar1", lambda flat: np.zeros(len(flat)))
    white = [strongest_cycle(x, rng=numpy_rng).p_value for x in series]
    assert np.median(white) <= 0.01
    assert np.median(fitted) > 0.1


@pytest.mark.parametrize("phi", [-0.5, 0.0, 0.5, 0.8, 0.95])
def test_the_fit_finds_the_coefficient(phi, numpy_rng):
    fitted = fit_ar1(signal.detrend(wandering(numpy_rng, phi, 50, 1024), axis=1))
    assert np.median(fitted) == pytest.approx(phi, abs=0.1)
    assert np.std(fitted) < 0.15


def test_a_strong_cycle_does_not_move_the_fit(numpy_rng):
    # By the plain lag-one autocorrelation it would: that of a slow sine is nearly one.
    series = wandering(numpy_rng, 0.3, 20, 1024) + 5 * np.sin(2 * np.pi * np.arange(1024) / 64)
    assert np.median(fit_ar1(signal.detrend(series, axis=1))) == pytest.approx(0.3, abs=0.15)


@pytest.mark.parametrize("noise", [0.5, 1.0])
def test_the_strength_is_the_share_of_the_variance(noise, numpy_rng):
    # A sine has half its squared amplitude as variance; 16 whole periods fall into one bin.
    series = np.sqrt(2) * np.sin(2 * np.pi * np.arange(512) / 32) + noise * numpy_rng.standard_normal(512)
    assert strongest_cycle(series, rng=numpy_rng).strength == pytest.approx(1 / (1 + noise**2), abs=0.05)


@pytest.mark.parametrize("value", [0.0, 0.7, -1e9, 1e-9])
def test_a_constant_has_no_cycle(value, numpy_rng):
    cycle = strongest_cycle(np.full(100, value), rng=numpy_rng)
    assert (cycle.strength, cycle.p_value, cycle.phi) == (0.0, 1.0, 0.0)
    assert np.isnan(cycle.period)


@pytest.mark.parametrize("slope", [1.0, -0.3])
def test_a_trend_is_no_cycle(slope, numpy_rng):
    assert strongest_cycle(slope * np.arange(100.0), rng=numpy_rng).p_value == 1.0
    noisy = slope * np.arange(200) + numpy_rng.standard_normal(200)
    flat = strongest_cycle(noisy - slope * np.arange(200), rng=np.random.default_rng(1))
    assert strongest_cycle(noisy, rng=np.random.default_rng(1)).p_value == pytest.approx(flat.p_value)


@pytest.mark.parametrize("periods", [0.5, 1, 2])
def test_a_bend_is_no_cycle(periods, numpy_rng):
    bend = 2 * np.cos(2 * np.pi * np.arange(256) * periods / 256) + numpy_rng.standard_normal(256)
    cycle = strongest_cycle(bend, rng=numpy_rng)
    assert cycle.p_value > 0.01
    assert cycle.period <= 256 / FEWEST_PERIODS


@pytest.mark.parametrize("steps", [96, 103, 136, 197, 205])
def test_three_periods_are_enough_at_any_length(steps, numpy_rng):
    # Of some lengths, three over n rounds to more than three times one over n.
    series = 4 * np.sin(2 * np.pi * np.arange(steps) * FEWEST_PERIODS / steps) + numpy_rng.standard_normal(steps)
    assert strongest_cycle(series, rng=numpy_rng).period == pytest.approx(steps / FEWEST_PERIODS)


def test_the_fastest_cycle_is_seen_too(numpy_rng):
    series = (-1.0) ** np.arange(128) * 2 + numpy_rng.standard_normal(128)
    assert strongest_cycle(series, rng=numpy_rng).period == pytest.approx(2.0)


def test_a_short_series_is_judged_too(numpy_rng):
    series = 2 * np.sin(np.arange(64)) + numpy_rng.standard_normal(64)
    assert strongest_cycle(series, rng=numpy_rng).period == pytest.approx(2 * np.pi, rel=0.06)


def test_the_source_of_chance_decides_and_the_series_is_left_alone(numpy_rng):
    series = numpy_rng.standard_normal(100)
    kept = series.copy()
    first, second = (strongest_cycle(series, rng=np.random.default_rng(3)) for _ in range(2))
    assert first == second
    assert np.array_equal(series, kept)


def test_p_is_never_zero_and_never_above_one(numpy_rng):
    p_values = [strongest_cycle(x, rng=numpy_rng).p_value for x in wandering(numpy_rng, 0.2, 10, 64)]
    assert all(1 / (SIMULATIONS + 1) <= p <= 1 for p in p_values)


@pytest.mark.parametrize("phi", [-0.5, 0.0, 0.9, 0.99])
def test_the_null_is_a_settled_series_of_the_fitted_coefficient(phi, numpy_rng):
    rows = red_noise._ar1_series(phi, 400, 300, numpy_rng)
    assert rows.shape == (400, 300)
    assert (rows[:, 1:] * rows[:, :-1]).mean() / rows.var() == pytest.approx(phi, abs=0.03)
    assert rows[:, 0].var() == pytest.approx(1 / (1 - phi**2), rel=0.35)  # as wide at the start as anywhere


def test_the_null_goes_through_the_same_detrending_and_the_same_fit(numpy_rng, monkeypatch):
    fitted = []

    def seen(flat, plain=fit_ar1):
        fitted.append(flat)
        return plain(flat)

    monkeypatch.setattr(red_noise, "fit_ar1", seen)
    strongest_cycle(np.arange(100) + wandering(numpy_rng, 0.9, 1, 100)[0], rng=numpy_rng)
    assert [len(flat) for flat in fitted] == [1, SIMULATIONS]
    for flat in fitted:
        assert np.allclose(flat, signal.detrend(flat, axis=1))


@pytest.mark.parametrize("whole", [16, 16.5])
def test_a_cycle_between_two_bins_is_as_strong_as_one_within(whole, numpy_rng):
    series = np.sin(2 * np.pi * np.arange(512) * whole / 512) + 0.01 * numpy_rng.standard_normal(512)
    assert strongest_cycle(series, rng=numpy_rng).strength > 0.8


def test_a_line_does_not_raise_its_own_yardstick(numpy_rng):
    noise = numpy_rng.standard_normal((1, 256))
    line = 20 * np.sin(2 * np.pi * np.arange(256) * 32 / 256)
    _, without, _ = red_noise._over_red_noise(noise, 0.0)
    _, beside, _ = red_noise._over_red_noise(noise + line, 0.0)
    others = np.arange(without.shape[1]) != 32 - FEWEST_PERIODS
    assert beside[0, others] == pytest.approx(without[0, others], rel=0.1)
    assert beside[0, ~others] > 100 * without[0, ~others]
