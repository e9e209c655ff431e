"""Modes seen: by definition, and what a perfect generator shows of them."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics.metrics import modes_seen
from collapse_metrics.stats.unseen import expected_modes_seen, probability_of_missing


@given(st.lists(st.integers(0, 4), min_size=1, max_size=20))
def test_agrees_with_the_definition(counts):
    assert modes_seen(counts=np.array(counts)) == sum(count > 0 for count in counts)


def test_one_sample_is_enough():
    assert modes_seen(counts=np.array([10_000, 1, 0])) == 2.0


def test_perfect_generator_shows_what_the_coupon_collector_says(numpy_rng):
    # 2,000 draws of 25 samples of ten modes; five standard errors miss by chance in one of a million.
    shares = np.array([0.14, 0.12, 0.11, 0.11, 0.1, 0.1, 0.09, 0.09, 0.08, 0.06])
    seen = np.array([modes_seen(counts=counts) for counts in numpy_rng.multinomial(25, shares, size=2000)])
    assert seen.mean() == pytest.approx(expected_modes_seen(shares, 25), abs=5 * seen.std() / 2000**0.5)
    missing = probability_of_missing(shares, 25)
    assert (seen < 10).mean() == pytest.approx(missing, abs=5 * (missing * (1 - missing) / 2000) ** 0.5)


def test_the_numbers_in_the_docstring_are_those_of_the_theory():
    even = np.full(10, 0.1)
    assert probability_of_missing(even, 32) == pytest.approx(1 / 3, abs=0.03)
    assert probability_of_missing(even, 100) == pytest.approx(0.0003, abs=0.00005)


def test_no_samples_show_no_mode():
    assert modes_seen(counts=np.zeros(5, dtype=int)) == 0.0


def test_takes_its_data_by_name_only():
    with pytest.raises(TypeError):
        modes_seen(np.array([1, 2]))


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (np.array([0.5, 2]), r"`counts` must be whole numbers of samples, .*: count, do not weigh"),
        (np.array([-1, 2]), "must be whole numbers"),
        (np.array([np.nan, 2]), "must be whole numbers"),
        (np.ones((2, 2)), r"one count for each mode, got shape \(2, 2\)"),
    ],
    ids=["weights", "negative", "nan", "table"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(counts, message):
    with pytest.raises(ValueError, match=message):
        modes_seen(counts=counts)
