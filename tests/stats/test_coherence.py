"""Two series in quadrature: found at the right lag, and not made up by anything that acts on both at once."""

import numpy as np
import pytest
from scipy import signal, stats

from collapse_metrics.stats import coherence
from collapse_metrics.stats.coherence import COHERENCES, PHASE_AGREEMENT, quadrature, usual_link
from collapse_metrics.stats.red_noise import SIMULATIONS

SMALLEST = 1 / (SIMULATIONS + 1)


def red(noise, phi):
    return signal.lfilter([1.0], [1.0, -phi], noise)


def pair(rng, lag, steps=400, period=12.0, amplitude=1.0):
    """Two noisy cycles, the second ``lag`` periods behind the first."""
    turns = np.arange(steps) / period + rng.uniform()
    first, second = (amplitude * np.sin(2 * np.pi * (turns - late)) for late in (0.0, lag))
    return first + rng.standard_normal(steps), second + rng.standard_normal(steps)


@pytest.mark.parametrize("lag", [0.25, -0.25, 0.2])
@pytest.mark.parametrize("period", [5.3, 12.0, 31.0])
def test_the_lag_and_the_period_of_a_shared_cycle_are_found(lag, period, numpy_rng):
    found = quadrature(*pair(numpy_rng, lag, period=period), rng=numpy_rng)
    assert found.p_value == SMALLEST
    assert found.period == pytest.approx(period, rel=0.05)
    assert found.lag == pytest.approx(lag, abs=0.06)


def test_in_turn_the_lag_changes_sign(numpy_rng):
    first, second = pair(numpy_rng, 0.25)
    forth, back = (quadrature(a, b, rng=numpy_rng) for a, b in ((first, second), (second, first)))
    assert forth.lag == pytest.approx(-back.lag)
    assert forth.period == back.period


def common(rng, steps, phis, delay=0):
    """One noise that both hear, each with its memory; the second one later."""
    noise = rng.standard_normal(steps + 300)
    heard = [red(noise, phi)[300 - late : 300 - late + steps] for phi, late in zip(phis, (0, delay), strict=True)]
    return [x + 0.3 * x.std() * rng.standard_normal(steps) for x in heard]


def one_line(rng, steps):
    first, second = (red(rng.standard_normal(steps), 0.5) for _ in range(2))
    return first + 2 * np.sin(np.arange(steps) * 0.6), second


NULLS = {
    "unrelated": lambda rng, n: (red(rng.standard_normal(n), 0.8), red(rng.standard_normal(n), 0.3)),
    "shared noise": lambda rng, n: common(rng, n, (0.5, 0.5)),
    "shared noise, unequal memories": lambda rng, n: common(rng, n, (0.9, 0.0)),
    "a delay of a step": lambda rng, n: common(rng, n, (0.5, 0.5), delay=1),
    "a cycle of one alone": one_line,
    "a cycle in step": lambda rng, n: pair(rng, 0.0, n),
    "a cycle half a period apart": lambda rng, n: pair(rng, 0.5, n),
    "bends": lambda rng, n: (
        30 * np.linspace(-1, 1, n) ** 2 + rng.standard_normal(n),
        20 * np.exp(-5 * np.arange(n) / n) + rng.standard_normal(n),
    ),
}


@pytest.mark.parametrize("null", NULLS.values(), ids=NULLS.keys())
def test_what_acts_on_both_at_once_is_no_rotation(null, numpy_rng, monkeypatch):
    # 20 pairs at 5 %: more than 6 alarms have a probability below 1e-4 (binomial tail).
    assert stats.binom.sf(6, 20, 0.05) < 1e-4
    monkeypatch.setattr(coherence, "SIMULATIONS", 99)
    assert sum(quadrature(*null(numpy_rng, 300), rng=numpy_rng).p_value <= 0.05 for _ in range(20)) <= 6


def test_p_values_of_unrelated_noise_are_not_too_small(numpy_rng, monkeypatch):
    monkeypatch.setattr(coherence, "SIMULATIONS", 99)
    p_values = [quadrature(*numpy_rng.standard_normal((2, 96)), rng=numpy_rng).p_value for _ in range(80)]
    assert stats.kstest(p_values, "uniform", alternative="greater").pvalue > 1e-4


def complex_pair(rng, n=200_000):
    return rng.standard_normal((2, n)) + 1j * rng.standard_normal((2, n))


def test_the_agreement_of_phases_is_that_of_gaussian_pairs(numpy_rng):
    x, noise = complex_pair(numpy_rng)
    for rho in (0.0, 0.5, 0.9):
        turn = x * (rho * x + np.sqrt(1 - rho**2) * noise).conj()
        # 200,000 phases: a standard error of 0.002
        assert np.interp(rho, COHERENCES, PHASE_AGREEMENT) == pytest.approx((turn / np.abs(turn)).mean().real, abs=0.01)


@pytest.mark.parametrize("link", [0.0, 0.6, -0.8j, 0.9 * np.exp(2j)])
def test_the_usual_link_is_the_coherency(link, numpy_rng):
    x, noise = complex_pair(numpy_rng, 3000)
    y = np.conj(link) * x + np.sqrt(1 - abs(link) ** 2) * noise
    assert usual_link(x, y).mean() == pytest.approx(link, abs=0.1)


def test_the_line_of_a_cycle_is_no_usual_link(numpy_rng):
    x, y = complex_pair(numpy_rng, 200)
    x[100:103], y[100:103] = 1000, 1000j
    assert np.abs(usual_link(x, y)[101]) < 0.75
    assert np.abs(usual_link(x, y)).mean() < 0.4


@pytest.mark.parametrize("still", [0, 1, (0, 1)])
def test_a_loss_that_does_not_move_shares_no_cycle(still, numpy_rng):
    both = np.stack(pair(numpy_rng, 0.25))
    both[still, :] = 0.7
    found = quadrature(*both, rng=numpy_rng)
    assert found.p_value == 1.0
    assert np.isnan(found.period)


def test_the_epoch_is_not_judged(numpy_rng):
    both = pair(numpy_rng, 0.25, steps=480, period=16)
    assert quadrature(*both, rng=numpy_rng).p_value == SMALLEST
    assert quadrature(*both, rng=numpy_rng, steps_per_epoch=32.0).p_value > 0.01


def test_the_source_of_chance_decides_and_the_series_are_left_alone(numpy_rng):
    both = numpy_rng.standard_normal((2, 100))
    kept = both.copy()
    first, second = (quadrature(*both, rng=np.random.default_rng(3)) for _ in range(2))
    assert first == second
    assert np.array_equal(both, kept)
