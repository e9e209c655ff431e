"""Changes of level: found where they are, and not in what wanders or drifts."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import signal, stats

from collapse_metrics.stats import change_point
from collapse_metrics.stats.change_point import LEAST_MARGIN, MARGIN, level_change, likeliest_step, strongest_change
from collapse_metrics.stats.red_noise import SIMULATIONS

SMALLEST = 1 / (SIMULATIONS + 1)


def red(rng, phi, steps):
    return signal.lfilter([1.0], [1.0, -phi], rng.standard_normal(steps + 500))[500:]


def naive(x):
    """Shao and Zhang's statistic, written as in the paper: for each k, two inner loops."""
    n = len(x)
    margin = max(LEAST_MARGIN, int(MARGIN * n))
    best = -1.0
    for k in range(margin, n - margin + 1):
        strayed = sum((x[:t].sum() - t / k * x[:k].sum()) ** 2 for t in range(1, k + 1))
        strayed += sum((x[t:].sum() - (n - t) / (n - k) * x[k:].sum()) ** 2 for t in range(k, n))
        cusum = (x[:k] - x.mean()).sum() / n**0.5
        best = max(best, cusum**2 / (strayed / n**2))
    return best


@given(seed=st.integers(0, 1000), n=st.integers(20, 50))
def test_agrees_with_the_definition(seed, n):
    x = np.random.default_rng(seed).standard_normal((2, n)).cumsum(axis=1)
    assert strongest_change(x) == pytest.approx([naive(row) for row in x], rel=1e-6)


@given(seed=st.integers(0, 1000), n=st.integers(20, 60))
def test_the_step_is_placed_by_least_squares(seed, n):
    x = np.random.default_rng(seed).standard_normal(n).cumsum()
    margin = max(LEAST_MARGIN, int(MARGIN * n))
    left = {k: k * x[:k].var() + (n - k) * x[k:].var() for k in range(margin, n - margin + 1)}
    assert left[likeliest_step(x)] == pytest.approx(min(left.values()))


def test_the_limit_is_that_of_the_paper(numpy_rng):
    # Table 1 of Shao and Zhang: 40.1 is exceeded with 5 %, 29.6 with 10 %. 2,000 draws: standard error 0.5 and 0.7 %.
    largest = strongest_change(numpy_rng.standard_normal((2000, 500)))
    assert (largest > 40.1).mean() == pytest.approx(0.05, abs=0.02)
    assert (largest > 29.6).mean() == pytest.approx(0.10, abs=0.028)


@pytest.mark.parametrize("step", [40, 100, 160])
@pytest.mark.parametrize("size", [3.0, -2.0])
def test_the_step_and_its_size_are_found(step, size, numpy_rng):
    series = 5 + size * (np.arange(200) >= step) + 0.5 * numpy_rng.standard_normal(200)
    change = level_change(series, rng=numpy_rng)
    assert change.p_value == SMALLEST
    assert change.step == pytest.approx(step, abs=2)
    assert change.size == pytest.approx(size, abs=0.3)


def test_a_large_change_is_never_lost_in_its_own_size(numpy_rng):
    noise = numpy_rng.standard_normal(200)
    p_values = [level_change(noise + size * (np.arange(200) >= 120), rng=numpy_rng).p_value for size in (3, 30, 3e4)]
    assert p_values == [SMALLEST] * 3


def test_a_bare_step_is_a_change(numpy_rng):
    change = level_change(1.0 * (np.arange(100) >= 60), rng=numpy_rng)
    assert (change.step, change.size, change.p_value) == (60, 1.0, SMALLEST)


@pytest.mark.parametrize("value", [0.0, 0.7, -1e9])
def test_a_constant_does_not_change(value, numpy_rng):
    change = level_change(np.full(100, value), rng=numpy_rng)
    assert (change.size, change.p_value) == (0.0, 1.0)


def test_a_bare_trend_does_not_change(numpy_rng):
    assert level_change(0.3 * np.arange(100), rng=numpy_rng).p_value == 1.0


QUIET = {
    "even noise": lambda rng, n: rng.standard_normal(n),
    "red noise": lambda rng, n: red(rng, 0.8, n),
    "slow noise": lambda rng, n: red(rng, 0.95, n),
    "drift": lambda rng, n: 0.05 * np.arange(n) + rng.standard_normal(n),
    "bend": lambda rng, n: 20 * np.linspace(-1, 1, n) ** 2 + rng.standard_normal(n),
    "cycle": lambda rng, n: 2 * np.sin(np.arange(n) / 5) + rng.standard_normal(n),
    "rare large losses": lambda rng, n: rng.standard_t(2, n) + 30 * (np.arange(n) == rng.integers(n)),
}


@pytest.mark.parametrize("quiet", QUIET.values(), ids=QUIET.keys())
def test_nothing_but_a_step_is_a_change(quiet, numpy_rng, monkeypatch):
    # 40 series at 5 %: more than 9 alarms have a probability below 1e-4 (binomial tail).
    assert stats.binom.sf(9, 40, 0.05) < 1e-4
    monkeypatch.setattr(change_point, "SIMULATIONS", 99)
    assert sum(level_change(quiet(numpy_rng, 400), rng=numpy_rng).p_value <= 0.05 for _ in range(40)) <= 9


def test_without_the_simulated_memory_slow_noise_would_change(numpy_rng):
    # The limit of many steps, as the paper has it, at 300 steps of noise that remembers twenty.
    series = np.stack([red(numpy_rng, 0.95, 300) for _ in range(400)])
    assert (strongest_change(series) > 40.1).mean() > 0.1


def test_the_ends_are_no_levels(numpy_rng):
    series = numpy_rng.standard_normal(400) + 50 * (np.arange(400) < 3)
    assert LEAST_MARGIN < 400 * MARGIN <= level_change(series, rng=numpy_rng).step <= 400 * (1 - MARGIN)


def test_the_source_of_chance_decides_and_the_series_is_left_alone(numpy_rng):
    series = numpy_rng.standard_normal(100)
    kept = series.copy()
    first, second = (level_change(series, rng=np.random.default_rng(3)) for _ in range(2))
    assert first == second
    assert np.array_equal(series, kept)
