"""The occupancy law: against whole numbers, by hand, against the published program, and its bounds' coverage."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics.stats.occupancy import (
    distinct_law,
    distinct_variance,
    kinds_interval,
    log_groupings,
    most_likely_kinds,
)


def stirling(n):
    """All numbers of groupings of ``n`` things, by the recursion that defines them, in whole numbers."""
    row = [1]
    for _ in range(n):
        row = [(j * row[j] if j < len(row) else 0) + (row[j - 1] if j else 0) for j in range(len(row) + 1)]
    return row[1:]


@pytest.mark.parametrize("n", [1, 2, 3, 8, 50, 400])
def test_groupings_are_stirlings_numbers(n):
    exact = [math.log(ways) for ways in stirling(n)]
    assert log_groupings(n, np.arange(1, n + 1)) == pytest.approx(exact, rel=1e-12, abs=1e-11)


def test_groupings_of_many_draws_do_not_overflow():
    # Two groups: 2 ** (n - 1) - 1 ways; n - 1 groups: one pair is together.
    n = 40_000
    got = log_groupings(n, np.array([1, 2, n - 1, n]))
    assert got == pytest.approx([0.0, (n - 1) * math.log(2), math.log(n * (n - 1) / 2), 0.0], abs=1e-7)


def test_the_law_by_hand():
    assert distinct_law(3, 2) == pytest.approx([0, 1 / 4, 3 / 4])
    assert distinct_law(3, 1) == pytest.approx([0, 1])
    assert distinct_law(2, 5) == pytest.approx([0, 1 / 5, 4 / 5])


@pytest.mark.parametrize(("draws", "kinds"), [(1, 1), (10, 10), (100, 30), (300, 1000), (1000, 1000)])
def test_the_law_is_a_law_with_the_known_mean(draws, kinds):
    law = distinct_law(draws, kinds)
    assert law.sum() == pytest.approx(1, abs=1e-9)
    assert law @ np.arange(len(law)) == pytest.approx(kinds * (1 - (1 - 1 / kinds) ** draws))


@given(draws=st.integers(1, 40), most=st.integers(1, 60), data=st.data())
def test_the_likeliest_number_of_kinds_is_the_likeliest(draws, most, data):
    distinct = data.draw(st.integers(1, min(draws, most)))
    likelihood = {kinds: distinct_law(draws, kinds)[distinct] for kinds in range(distinct, most + 1)}
    assert likelihood[most_likely_kinds(distinct, draws, most=most)] == pytest.approx(max(likelihood.values()))


@pytest.mark.parametrize(
    ("distinct", "likely", "low", "high"), [(632, 998, 940, 1000), (300, 312, 307, 320), (50, 50, 50, 50)]
)
def test_agrees_with_the_program_of_the_paper(distinct, likely, low, high):
    # BeyondFID (CVPR 2025), metrics/irs.py with alpha_e = 0.05: 1,000 samples, 1,000 training images.
    assert most_likely_kinds(distinct, 1000, most=1000) == likely
    assert kinds_interval(distinct, 1000, most=1000, level=0.9) == (low, high)


@pytest.mark.parametrize("level", [0.8, 0.95])
def test_the_interval_covers_at_its_level_whatever_the_number_of_kinds(level):
    draws, most = 30, 50
    intervals = [kinds_interval(distinct, draws, most=most, level=level) for distinct in range(1, draws + 1)]
    for kinds in range(1, most + 1):
        law = distinct_law(draws, kinds)[1:]
        holds = np.array([low <= kinds <= high for low, high in intervals[: len(law)]])
        assert law @ holds >= level - 1e-9
        above = np.array([low > kinds for low, _ in intervals[: len(law)]])
        below = np.array([high < kinds for _, high in intervals[: len(law)]])
        assert max(law @ above, law @ below) <= (1 - level) / 2 + 1e-9


def test_the_ends_of_the_interval_are_the_last_credible_ones():
    distinct, draws, tail = 20, 30, 0.025
    low, high = kinds_interval(distinct, draws, most=500)
    as_many = {kinds: distinct_law(draws, kinds)[distinct:].sum() for kinds in (low - 1, low)}
    as_few = {kinds: distinct_law(draws, kinds)[: distinct + 1].sum() for kinds in (high, high + 1)}
    assert as_many[low - 1] < tail <= as_many[low]
    assert as_few[high + 1] < tail <= as_few[high]


def test_the_interval_ends_at_the_number_of_kinds_there_are():
    assert kinds_interval(10, 10, most=40)[1] == 40
    assert kinds_interval(30, 30, most=31) == (31, 31), "hardly credible, and still the best there is"
    assert kinds_interval(1, 1, most=7) == (1, 7)


@pytest.mark.parametrize("kinds", [100, 200, 400])
def test_the_variance_of_equal_kinds_is_that_of_the_law(kinds, numpy_rng):
    # Means of 400 estimates, whose standard errors are below 0.03 of the variance: failure below 1e-4.
    law = distinct_law(100, kinds)
    count = np.arange(len(law))
    exact = law @ count**2 - (law @ count) ** 2
    hits = (np.unique(numpy_rng.integers(0, kinds, 100), return_counts=True)[1] for _ in range(400))
    assert np.mean([distinct_variance(met) for met in hits]) == pytest.approx(exact, rel=0.12)


def test_the_variance_of_unequal_kinds_is_what_they_scatter(numpy_rng):
    # 2,000 draws: both sides are known to 3 %; failure below 1e-4.
    popularity = 1 / np.arange(1, 301)
    popularity /= popularity.sum()
    met = [np.unique(numpy_rng.choice(300, 150, p=popularity), return_counts=True)[1] for _ in range(2000)]
    scatter = np.var([len(hits) for hits in met])
    assert np.mean([distinct_variance(hits) for hits in met]) == pytest.approx(scatter, rel=0.15)


def test_a_count_that_cannot_move_has_no_variance():
    assert distinct_variance(np.array([240])) == 0.0
    assert distinct_variance(np.ones(9, dtype=int)) == 0.0
