"""Differences of two arms: p-values that can be counted by hand."""

import pytest

from reference_gans.studies._differences import PERMUTATIONS, difference


def test_the_p_value_counts_splits_that_are_as_far_apart():
    # Of the 20 splits of six numbers two are as far: .1, known to .0021 (a fail of 5 sd).
    found = difference([([4.0, 5.0, 6.0], [1.0, 2.0, 3.0])])
    assert found.by == pytest.approx(3)
    assert found.p_value == pytest.approx(0.1, abs=0.011)


def test_a_difference_below_is_as_surprising_as_one_above():
    # Three of four splits of 1 against 3 numbers are nearer: p 1/4.
    found = difference([([0.0], [5.0, 5.5, 6.0])])
    assert found.by == pytest.approx(-5.5)
    assert found.p_value == pytest.approx(0.25, abs=0.016)


def test_a_stratum_that_says_nothing_halves_the_difference_and_leaves_the_p_value():
    found = difference([([1.0, 1.0, 1.0], [0.0, 0.0, 0.0]), ([7.0, 7.0], [7.0, 7.0])])
    assert found.by == pytest.approx(0.5)
    assert found.p_value == pytest.approx(0.1, abs=0.011)


def test_two_strata_together_are_surer_than_one():
    # Two of 252 * 252 splits are as far: .6 of the shuffles on average, 8 and more in fewer than one case of 1e5.
    found = difference([([1.0] * 5, [0.0] * 5)] * 2)
    assert 1 / (PERMUTATIONS + 1) <= found.p_value <= 8 / (PERMUTATIONS + 1)


def test_equal_runs_are_no_surprise():
    found = difference([([0.3, 0.1], [0.3, 0.1])])
    assert (found.by, found.p_value) == (0, 1)
