"""The range of one more score: it holds new sets as often as it says, though old ones share a pool."""

import numpy as np
import pytest
from scipy import stats

from collapse_metrics.stats.next_score import range_of_next

POSITIVE = (0.0, np.inf)


def share_held(statistic, draw, n, pool_size, span, rng, draws=20, trials=400):
    """How often the range of sets from one pool holds the score of a set from outside of it."""
    held = 0
    for _ in range(trials):
        pool = draw(rng, pool_size)
        scores = [statistic(pool[rng.permutation(pool_size)[:n]]) for _ in range(draws)]
        low, high = range_of_next(scores, used=n / pool_size, span=span)
        held += low <= statistic(draw(rng, n)) <= high
    return held / trials


@pytest.mark.parametrize(("n", "pool_size"), [(50, 100), (50, 1000)])
def test_holds_the_mean_of_a_new_set_as_often_as_it_says(n, pool_size, numpy_rng):
    held = share_held(np.mean, lambda rng, m: rng.standard_normal(m), n, pool_size, None, numpy_rng)
    assert 0.905 < held < 0.985  # four standard errors of 400 trials at 0.95: fails once in 15,000


EVEN = stats.norm.ppf((np.arange(20) + 0.5) / 20)
"""Twenty scores as a normal law spaces them: none of them leaves the interval of Student."""


def test_a_pool_that_is_used_up_widens_the_range():
    scores = EVEN
    widths = [np.subtract(*range_of_next(scores, used=used)) for used in (0.0, 0.5)]
    assert widths[1] / widths[0] == pytest.approx(np.sqrt((3 + 0.05) / 1.05))


def test_a_score_near_the_end_of_its_span_has_a_crooked_range(numpy_rng):
    def misfit(rows):
        return np.mean(rows, axis=0) @ np.mean(rows, axis=0)

    held = share_held(misfit, lambda rng, m: rng.standard_normal((m, 4)), 30, 1000, POSITIVE, numpy_rng)
    assert 0.905 < held < 0.995
    scores = numpy_rng.chisquare(3, 20)
    low, high = range_of_next(scores, span=POSITIVE)
    assert low >= 0
    assert high - np.median(scores) > 1.5 * (np.median(scores) - low)


@pytest.mark.parametrize("span", [None, POSITIVE, (0.0, 1.0), (-np.inf, np.inf)])
def test_small_scatter_far_from_the_ends_is_the_prediction_interval_of_student(span):
    scores = 0.5 + 1e-4 * EVEN
    reach = stats.t.ppf(0.975, 19) * scores.std(ddof=1) * np.sqrt(1 + 1 / 20)
    expected = (scores.mean() - reach, scores.mean() + reach)
    assert range_of_next(scores, span=span) == pytest.approx(expected, abs=1e-6)


def test_ends_lie_within_the_span():
    scores = [0.0, 0.0, 0.0, 0.1, 0.9, 1.0]
    low, high = range_of_next(scores, span=(0.0, 1.0))
    assert (low, high) == (0.0, 1.0)


def test_scores_that_agree_are_the_range():
    assert range_of_next([0.7] * 20, used=0.5, span=POSITIVE) == pytest.approx((0.7, 0.7))


def test_no_given_score_lies_outside():
    scores = [*EVEN, 50.0]
    assert range_of_next(scores)[1] == 50.0


def test_many_simulated_scores_are_judged_by_their_own_quantiles():
    scores = np.arange(1.0, 200.0)  # 199 of them
    np.random.default_rng(0).shuffle(scores)
    assert range_of_next(scores) == (5.0, 195.0)
    assert range_of_next(scores, level=0.9) == (10.0, 190.0)


def test_infinite_scores_are_the_end_of_the_range_and_missing_ones_are_left_out():
    assert range_of_next([1.0, np.inf, 3.0]) == (1.0, np.inf)
    assert range_of_next([1.0, np.nan, 3.0]) == (1.0, 3.0)
    assert np.isnan(range_of_next([np.nan, np.nan])).all()
