import numpy as np
import pytest
from scipy import stats

from collapse_metrics.stats.best_set import could_be_best


def naive(values, errors, dof, alpha):
    """One pair after the other, in words of the definition."""
    chosen = []
    for i in range(len(values)):
        worse = False
        for j in range(len(values)):
            if i == j:
                continue
            both = errors[i] ** 2 + errors[j] ** 2
            freedom = dof * both**2 / (errors[i] ** 4 + errors[j] ** 4)
            p_value = stats.t.sf((values[j] - values[i]) / np.sqrt(both), freedom)
            worse = worse or p_value < alpha / (len(values) - 1)
        chosen.append(not worse)
    return chosen


def test_is_the_set_that_no_pair_of_tests_leaves_out(numpy_rng):
    for many in (2, 3, 12):
        values, errors = numpy_rng.normal(size=many), numpy_rng.uniform(0.1, 0.6, many)
        assert could_be_best(values, errors, dof=9).tolist() == naive(values, errors, 9, 0.05)


def test_holds_the_best_as_often_as_it_says(numpy_rng):
    """Sixty equal candidates, the hardest case: a fixed one must be in the set in 95 of 100 draws.

    400 draws; 90 % or fewer would be four and a half standard errors off, which has probability below 1e-5.
    """
    errors = np.full(60, 1.0)
    kept = []
    for _ in range(400):
        spread = np.sqrt(numpy_rng.chisquare(9, 60) / 9)
        kept.append(could_be_best(numpy_rng.normal(size=60), errors * spread, dof=9)[0])
    assert np.mean(kept) > 0.90


def test_leaves_out_what_is_far_behind_and_keeps_what_is_near():
    values = np.array([0.90, 0.89, 0.50, 0.10])
    assert could_be_best(values, np.full(4, 0.02), dof=9).tolist() == [True, True, False, False]


def test_more_candidates_make_it_harder_to_leave_one_out():
    def both(many):
        values = np.array([0.0, 1.0] + [-9.0] * (many - 2))
        return could_be_best(values, np.full(many, 0.35), dof=9)[0]

    assert not both(2)
    assert both(60)


@pytest.mark.parametrize("values", [[1.0], [np.nan, 1.0], [np.nan, np.nan]])
def test_what_is_not_known_is_never_the_best(values):
    values = np.array(values)
    assert could_be_best(values, np.zeros(len(values)), dof=9).tolist() == np.isfinite(values).tolist()


def test_numbers_without_error_are_compared_as_they_are():
    assert could_be_best(np.array([1.0, 1.0, 0.9]), np.zeros(3), dof=9).tolist() == [True, True, False]


def test_one_without_error_beside_one_with_an_error():
    assert could_be_best(np.array([1.0, 0.99]), np.array([0.0, 0.1]), dof=9).tolist() == [True, True]
    assert could_be_best(np.array([1.0, 0.0]), np.array([0.0, 0.1]), dof=9).tolist() == [True, False]


def test_what_has_no_interval_cannot_be_left_out():
    assert could_be_best(np.array([1.0, 0.0]), np.array([0.01, np.nan]), dof=9).tolist() == [True, True]
