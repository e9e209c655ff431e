"""Rarefied modes: against all picks written down, and unbiased for smaller samples."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from collapse_metrics._registry import METRICS
from collapse_metrics.metrics import rarefied_modes
from collapse_metrics.stats.unseen import expected_modes_seen


def over_all_picks(counts, n):
    """Every way to pick n of the samples, written down."""
    samples = [mode for mode, count in enumerate(counts) for _ in range(count)]
    picks = list(itertools.combinations(samples, n))
    return sum(len(set(pick)) for pick in picks) / len(picks)


@given(
    counts=st.lists(st.integers(0, 4), min_size=1, max_size=5).filter(lambda counts: sum(counts) > 0),
    part=st.floats(0, 1),
)
def test_agrees_with_all_picks_written_down(counts, part):
    n = max(1, round(part * sum(counts)))
    assert rarefied_modes(counts=np.array(counts), n=n) == pytest.approx(over_all_picks(counts, n))


@given(seed=st.integers(0, 10_000), modes=st.integers(1, 30), total=st.integers(1, 3000), part=st.floats(0, 1))
def test_agrees_with_whole_numbers_for_many_samples(seed, modes, total, part):
    rng = np.random.default_rng(seed)
    counts, n = rng.multinomial(total, rng.dirichlet(np.ones(modes))), max(1, round(part * total))
    exact = sum(1 - math.comb(total - int(x), n) / math.comb(total, n) for x in counts)
    assert rarefied_modes(counts=counts, n=n) == pytest.approx(exact, rel=1e-9)


def test_all_samples_show_what_was_seen_and_one_shows_one():
    counts = np.array([5, 1, 0, 94])
    assert rarefied_modes(counts=counts, n=100) == 3.0
    assert rarefied_modes(counts=counts, n=1) == pytest.approx(1.0)


def test_a_hundred_unless_told():
    counts = np.array([150, 3, 0, 77])
    assert rarefied_modes(counts=counts) == rarefied_modes(counts=counts, n=100)


@pytest.mark.parametrize("n", [20, 100])
def test_perfect_generator_of_any_size_scores_what_n_samples_show(n, numpy_rng):
    # Unbiased at 120 samples and at 2,000 alike; five standard errors miss by chance in one of a million.
    shares = numpy_rng.dirichlet(np.ones(30))
    for total in (120, 2000):
        scores = np.array([rarefied_modes(counts=c, n=n) for c in numpy_rng.multinomial(total, shares, size=400)])
        assert scores.mean() == pytest.approx(expected_modes_seen(shares, n), abs=5 * scores.std() / 20)


def test_the_numbers_in_the_docstring_are_those_of_the_theory():
    mnist = np.array([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]) / 60_000
    assert expected_modes_seen(mnist, 100) == pytest.approx(9.9997, abs=5e-5)
    assert expected_modes_seen(np.full(1000, 1e-3), 100) == pytest.approx(95.2, abs=0.05)


def test_a_collapse_shows_one():
    assert rarefied_modes(counts=np.array([300, 0, 0])) == 1.0


@pytest.mark.parametrize(
    ("counts", "n", "message"),
    [
        (np.array([50, 49]), 100, "`counts` needs at least 100 samples, got 99: draw more"),
        (np.array([50, 49]), 0, "`n` must be a sample of 1 or more, got 0"),
        (np.array([50.5, 99]), 100, "count, do not weigh"),
    ],
    ids=["too-few", "n-zero", "weights"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(counts, n, message):
    with pytest.raises(ValueError, match=message):
        rarefied_modes(counts=counts, n=n)


@pytest.mark.parametrize("shares", [np.linspace(0.06, 0.14, 10), np.r_[np.full(9, 0.1), 0.05, 0.05]], ids=len)
def test_the_interval_holds_what_new_samples_show(shares, numpy_rng):
    # 300 draws at 95 %: fewer than 269 hits have probability below 1e-4.
    assert stats.binom.cdf(268, 300, 0.95) < 1e-4
    interval, truth = METRICS["rarefied_modes"].interval, expected_modes_seen(shares, 100)
    ends = [interval(counts=numpy_rng.multinomial(250, shares)) for _ in range(300)]
    assert sum(low <= truth <= high for low, high in ends) >= 269


def test_the_interval_of_a_collapse_does_not_leave_ten_modes_open():
    low, high = METRICS["rarefied_modes"].interval(counts=np.array([1000] + [0] * 9))
    assert low == 1
    assert high < 2.2


@pytest.mark.parametrize("counts", [np.full(1000, 1), np.full(7, 30), np.array([100])], ids=["single", "even", "one"])
def test_the_interval_of_even_counts_needs_no_root_of_less_than_nothing(counts):
    low, high = METRICS["rarefied_modes"].interval(counts=counts)
    assert low <= rarefied_modes(counts=counts) <= high
