"""Cycles in a series: found where they are, and not found in anything that only wanders."""

import numpy as np
import pytest
from scipy import signal, stats

from collapse_metrics.stats import red_noise, wandering
from collapse_metrics.stats.red_noise import (
    FEWEST_PERIODS,
    HARMONICS,
    SIMULATIONS,
    judged_bins,
    moves,
    red_spectrum,
    strongest_cycle,
)


def wandering_series(rng, phi, rows, steps):
    """AR(1) series, written as the recursion."""
    x, noise = np.zeros((rows, steps + 200)), rng.standard_normal((rows, steps + 200))
    for t in range(1, x.shape[1]):
        x[:, t] = phi * x[:, t - 1] + noise[:, t]
    return x[:, 200:]


@pytest.mark.parametrize("period", [4.2, 8, 13, 20])
@pytest.mark.parametrize("phi", [0.0, 0.8])
def test_the_period_of_a_known_cycle_is_found(period, phi, numpy_rng):
    series = 3 * np.sin(2 * np.pi * np.arange(512) / period) + wandering_series(numpy_rng, phi, 1, 512)[0]
    cycle = strongest_cycle(series, rng=numpy_rng)
    assert cycle.period == pytest.approx(period, rel=0.02)
    assert cycle.p_value == 1 / (SIMULATIONS + 1)


@pytest.fixture
def quick(monkeypatch):
    """Fewer simulations, for tests of many series: p-values stay exact, only coarser."""
    monkeypatch.setattr(red_noise, "SIMULATIONS", 99)


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("phi", [0.0, 0.5, 0.8, 0.95])
def test_wandering_alone_is_no_cycle(phi, numpy_rng):
    # 60 series at 5 %: more than 12 alarms have a probability below 5e-5 (binomial tail).
    assert stats.binom.sf(12, 60, 0.05) < 5e-5
    series = wandering_series(numpy_rng, phi, 60, 128)
    alarms = sum(strongest_cycle(x, rng=numpy_rng).p_value <= 0.05 for x in series)
    assert alarms <= 12


@pytest.mark.usefixtures("quick")
def test_p_values_of_noise_are_spread_evenly(numpy_rng):
    p_values = [strongest_cycle(x, rng=numpy_rng).p_value for x in wandering_series(numpy_rng, 0.5, 80, 96)]
    assert stats.kstest(p_values, "uniform").pvalue > 1e-4


def test_against_even_noise_nearly_everything_would_cycle(numpy_rng, monkeypatch):
    # The trap that the fitted null avoids: the same series, with even noise as the only candidate.
    series = wandering_series(numpy_rng, 0.9, 10, 256)
    fitted = [strongest_cycle(x, rng=numpy_rng).p_value for x in series]
    null = wandering.wandering(256)
    flat = wandering.Wandering(256, null.edges, np.zeros((1, 128)), np.zeros((1, 256)), 0 * null.blocks[:1])
    monkeypatch.setattr(red_noise, "wandering", lambda steps: flat)
    white = [strongest_cycle(x, rng=numpy_rng).p_value for x in series]
    assert np.median(white) <= 0.01
    assert np.median(fitted) > 0.1


def wandering_rows(rng, phi, steps):
    return wandering_series(rng, phi, 1, steps)[0]


BENDS = {
    "quadratic": lambda rng, n: 30 * np.linspace(-1, 1, n) ** 2 + wandering_rows(rng, 0.8, n),
    "decay": lambda rng, n: 20 * np.exp(-5 * np.arange(n) / n) + wandering_rows(rng, 0.5, n),
    "step": lambda rng, n: 2 * (np.arange(n) > n * rng.uniform(0.2, 0.8)) + rng.standard_normal(n),
    "two and a half periods": lambda rng, n: 2 * np.cos(5 * np.pi * np.arange(n) / n) + rng.standard_normal(n),
    "drifting walk": lambda rng, n: rng.standard_normal(n).cumsum() + 0.3 * np.arange(n),
    "walk under noise": lambda rng, n: 0.1 * rng.standard_normal(n).cumsum() + rng.standard_normal(n),
}


@pytest.mark.usefixtures("quick")
@pytest.mark.parametrize("bend", BENDS.values(), ids=BENDS.keys())
def test_no_bend_is_a_cycle(bend, numpy_rng):
    # 30 series at 5 %: more than 8 alarms have a probability below 1e-4 (binomial tail).
    assert stats.binom.sf(8, 30, 0.05) < 1e-4
    assert sum(strongest_cycle(bend(numpy_rng, 192), rng=numpy_rng).p_value <= 0.05 for _ in range(30)) <= 8


@pytest.mark.parametrize("noise", [0.5, 1.0])
def test_the_strength_is_the_share_of_the_variance(noise, numpy_rng):
    # A sine has half its squared amplitude as variance; 16 whole periods fall into one bin.
    series = np.sqrt(2) * np.sin(2 * np.pi * np.arange(512) / 32) + noise * numpy_rng.standard_normal(512)
    assert strongest_cycle(series, rng=numpy_rng).strength == pytest.approx(1 / (1 + noise**2), abs=0.05)


@pytest.mark.parametrize("value", [0.0, 0.7, -1e9, 1e-9])
def test_a_constant_has_no_cycle(value, numpy_rng):
    cycle = strongest_cycle(np.full(100, value), rng=numpy_rng)
    assert (cycle.strength, cycle.p_value) == (0.0, 1.0)
    assert np.isnan(cycle.period)


@pytest.mark.parametrize("slope", [1.0, -0.3])
def test_a_trend_is_no_cycle(slope, numpy_rng):
    assert strongest_cycle(slope * np.arange(100.0), rng=numpy_rng).p_value == 1.0
    noisy = slope * np.arange(200) + numpy_rng.standard_normal(200)
    flat = strongest_cycle(noisy - slope * np.arange(200), rng=np.random.default_rng(1))
    assert strongest_cycle(noisy, rng=np.random.default_rng(1)).p_value == pytest.approx(flat.p_value)


@pytest.mark.parametrize("steps", [96, 103, 136, 197, 205])
def test_the_fewest_periods_are_enough_at_any_length(steps, numpy_rng):
    series = 4 * np.sin(2 * np.pi * np.arange(steps) * FEWEST_PERIODS / steps) + numpy_rng.standard_normal(steps)
    assert strongest_cycle(series, rng=numpy_rng).period == pytest.approx(steps / FEWEST_PERIODS, rel=0.03)


@pytest.mark.parametrize("periods", [9.0, 9.3, 9.5, 9.8, 41.1])
def test_a_period_between_two_frequencies_is_read_off_its_line(periods, numpy_rng):
    series = np.sin(2 * np.pi * np.arange(400) * periods / 400 + 1)
    assert strongest_cycle(series, rng=numpy_rng).period == pytest.approx(400 / periods, rel=0.002)


def test_the_fastest_cycle_is_seen_too(numpy_rng):
    series = (-1.0) ** np.arange(128) * 2 + numpy_rng.standard_normal(128)
    assert strongest_cycle(series, rng=numpy_rng).period == pytest.approx(2.0, rel=0.01)


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
    p_values = [strongest_cycle(x, rng=numpy_rng).p_value for x in wandering_series(numpy_rng, 0.2, 10, 64)]
    assert all(1 / (SIMULATIONS + 1) <= p <= 1 for p in p_values)


def test_fewer_periods_are_not_judged():
    judged = judged_bins(100)
    assert judged.tolist() == [k >= FEWEST_PERIODS for k in range(1, 51)]


def test_the_null_goes_through_the_same_fit(numpy_rng, monkeypatch):
    fitted = []

    def seen(self, power, plain=wandering.Wandering.fit):
        fitted.append(len(power))
        return plain(self, power)

    monkeypatch.setattr(wandering.Wandering, "fit", seen)
    strongest_cycle(numpy_rng.standard_normal(100), rng=numpy_rng)
    assert fitted == [1, SIMULATIONS]


@pytest.mark.parametrize("whole", [16, 16.5])
def test_a_cycle_between_two_bins_is_as_strong_as_one_within(whole, numpy_rng):
    series = np.sin(2 * np.pi * np.arange(512) * whole / 512) + 0.01 * numpy_rng.standard_normal(512)
    assert strongest_cycle(series, rng=numpy_rng).strength > 0.8


def test_a_broad_hump_is_a_cycle_too(numpy_rng):
    # A cycle that forgets its phase after some twenty steps, under noise.
    cycle = signal.lfilter([1.0], [1.0, -2 * 0.95 * np.cos(0.5), 0.95**2], numpy_rng.standard_normal(1500))[500:]
    found = strongest_cycle(cycle / cycle.std() + 0.5 * numpy_rng.standard_normal(1000), rng=numpy_rng)
    assert found.p_value <= 0.01
    assert found.period == pytest.approx(2 * np.pi / 0.5, rel=0.2)


class TestEpochs:
    @pytest.mark.parametrize("harmonic", [1, 2, HARMONICS])
    def test_lines_of_the_epoch_are_not_judged(self, harmonic, numpy_rng):
        epoch = 40.0 * harmonic
        series = 2 * np.sin(2 * np.pi * np.arange(600) / 40) + numpy_rng.standard_normal(600)
        assert strongest_cycle(series, rng=numpy_rng).p_value == 1 / (SIMULATIONS + 1)
        assert strongest_cycle(series, rng=numpy_rng, steps_per_epoch=epoch).p_value > 0.01

    def test_the_line_beyond_the_last_harmonic_is_judged(self, numpy_rng):
        series = 2 * np.sin(2 * np.pi * np.arange(600) / 20) + numpy_rng.standard_normal(600)
        cycle = strongest_cycle(series, rng=numpy_rng, steps_per_epoch=20.0 * (HARMONICS + 1))
        assert cycle.p_value == 1 / (SIMULATIONS + 1)

    def test_another_cycle_is_found_beside_it(self, numpy_rng):
        steps = np.arange(600)
        series = 3 * np.sin(2 * np.pi * steps / 40) + np.sin(2 * np.pi * steps / 9) + numpy_rng.standard_normal(600)
        assert strongest_cycle(series, rng=numpy_rng, steps_per_epoch=40.0).period == pytest.approx(9, rel=0.05)

    def test_masked_are_the_nearest_frequencies_of_each_harmonic(self):
        # 400 steps of epochs of 10: lines at 40, 80, ..., 200; each reaches two frequencies far.
        masked = [k for k in range(1, 201) if not judged_bins(400, 10.0)[k - 1] and k >= FEWEST_PERIODS]
        assert masked == [k for k in range(4, 201) if min(abs(k - 40 * h) for h in range(1, 11)) <= 2]

    @pytest.mark.bad_input
    def test_epochs_that_leave_nothing_are_explained(self):
        with pytest.raises(ValueError, match="`steps_per_epoch` needs to be at least 2, got 1"):
            judged_bins(100, 1)
        with pytest.raises(ValueError, match="epochs of 16 steps leave no frequency to judge in 64 steps"):
            judged_bins(64, 16)


@pytest.mark.parametrize("scale", [1.0, 1e6])
def test_a_series_moves_when_more_than_its_trend_is_there(scale, numpy_rng):
    trend = scale * (3 + np.arange(100.0))
    assert not moves(trend)
    assert moves(trend + 1e-6 * scale * numpy_rng.standard_normal(100))


def test_the_null_spectrum_is_handed_out_for_drawing(numpy_rng):
    noise = numpy_rng.standard_normal(400)
    line = 20 * np.sin(2 * np.pi * np.arange(400) * 50 / 400)
    without, beside = red_spectrum(noise), red_spectrum(noise + line)
    assert without.shape == (200,)
    assert beside == pytest.approx(without, rel=0.5)  # the line does not raise its own yardstick
    assert red_spectrum(10 * noise) == pytest.approx(100 * without)
