"""Tests with a margin: level by enumeration, bounds that turn the test round, and falls that are found as foreseen."""

import numpy as np
import pytest
from scipy import stats

from collapse_metrics.stats.non_inferiority import (
    OUTSIDE,
    LogFall,
    RateFall,
    RateRise,
    ShareFall,
    at_most,
)


def chance(n, share, m, other, says):
    """Probability of ``says(x, y)`` for two independent binomial counts, by enumeration."""
    ours, theirs = stats.binom.pmf(np.arange(n + 1), n, share), stats.binom.pmf(np.arange(m + 1), m, other)
    return sum(ours[x] * theirs[y] for x in range(n + 1) for y in range(m + 1) if says(x, y))


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6, 0.95])
def test_a_share_that_fell_by_its_margin_fails_at_most_at_alpha(share):
    margin, alpha = 0.2, 0.05
    p_values = {(x, y): ShareFall(x, 25, y, 30).worse(margin) for x in range(26) for y in range(31)}
    assert chance(25, share, 30, (1 - margin) * share, lambda x, y: p_values[x, y] <= alpha) <= alpha


@pytest.mark.parametrize("share", [0.1, 0.3, 0.6, 0.95])
def test_a_share_that_fell_by_its_limit_passes_at_most_at_alpha(share):
    limit, alpha = 0.5, 0.05
    p_values = {(x, y): ShareFall(x, 25, y, 30).better(limit) for x in range(1, 26) for y in range(31)}
    assert chance(25, share, 30, (1 - limit) * share, lambda x, y: x > 0 and p_values[x, y] <= alpha) <= alpha


@pytest.mark.parametrize(("before", "now"), [(40, 22), (5, 9), (60, 0), (99, 98)])
def test_without_margin_it_is_fishers_exact_test(before, now):
    table = [[now, 120 - now], [before, 100 - before]]
    wanted = stats.fisher_exact(table, alternative="less").pvalue
    assert ShareFall(before, 100, now, 120).worse(0.0) == pytest.approx(min(1, wanted + OUTSIDE), rel=1e-9)


def test_tails_are_those_of_the_noncentral_hypergeometric_law():
    fall = ShareFall(40, 100, 25, 120)
    law = stats.nchypergeom_fisher(220, 120, 65, 0.7)
    assert fall._tails(0.7) == pytest.approx((law.cdf(25), law.sf(24)), rel=1e-8)


FALLS = {
    "share": ShareFall(500, 5000, 430, 5000),
    "rate": RateFall(4900, 5000, 4700, 5000),
    "log": LogFall(10.0, 0.02, 9.0, 0.03, freedom=40),
    "rise": RateRise(0.01, 0.001, 0.03, 0.003, 5000),
}


@pytest.mark.parametrize("fall", FALLS.values(), ids=FALLS)
def test_the_bound_is_where_the_test_turns(fall):
    bound = at_most(fall, 0.01)
    assert fall.better(bound) <= 0.01 < fall.better(bound - 3e-4)
    assert bound > fall.loss


@pytest.mark.parametrize("fall", FALLS.values(), ids=FALLS)
def test_a_larger_margin_forgives_more_and_a_larger_limit_is_ruled_out_more_easily(fall):
    steps = np.linspace(0, 0.9, 10)
    worse, better = [fall.worse(step) for step in steps], [fall.better(step) for step in steps]
    assert worse == sorted(worse)
    assert better == sorted(better, reverse=True)


def test_nothing_can_be_lost_of_what_was_not_there():
    for fall in (ShareFall(0, 100, 5, 100), LogFall(0.0, 0.0, 1.0, 0.1)):
        assert fall.worse(0.05) == 1.0
        assert fall.better(0.5) == 0.0
        assert fall.loss == 0.0


def test_what_is_gone_is_gone():
    assert LogFall(1.0, 0.1, 0.0, 0.0).worse(0.05) == 0.0
    assert LogFall(1.0, 0.1, 0.0, 0.0).better(0.5) == 1.0
    assert ShareFall(50, 500, 0, 500).worse(0.05) < 1e-5
    assert ShareFall(50, 500, 0, 0).worse(0.05) == 1.0  # no samples say nothing
    assert ShareFall(50, 500, 0, 0).better(0.5) == 1.0


def test_equal_numbers_without_error_have_not_fallen():
    same = LogFall(3.0, 0.0, 3.0, 0.0)
    assert (same.worse(0.05), same.better(0.15)) == (1.0, 0.0)


def found(draw, detectable, level, times=400):
    """Share of draws in which the fall is found; 95 in 100 are wanted, 400 draws miss by 0.05 once in 20,000."""
    return np.mean([draw(detectable).worse(0.05) <= level for _ in range(times)])


def test_a_detectable_share_is_found_95_times_in_100(numpy_rng):
    n, share, level = 5000, 0.1, 0.001
    detectable = ShareFall(500, n, 500, n).detectable(0.05, level)

    def draw(fall):
        return ShareFall(int(numpy_rng.binomial(n, share)), n, int(numpy_rng.binomial(n, (1 - fall) * share)), n)

    assert found(draw, detectable, level) == pytest.approx(0.95, abs=0.05)


def test_a_detectable_rate_is_found_95_times_in_100(numpy_rng):
    n, share, level = 5000, 0.9, 0.001
    detectable = RateFall(4500, n, 4500, n).detectable(0.05, level)

    def draw(fall):
        return RateFall(int(numpy_rng.binomial(n, share)), n, int(numpy_rng.binomial(n, (1 - fall) * share)), n)

    assert found(draw, detectable, level) == pytest.approx(0.95, abs=0.05)


def test_a_detectable_fall_of_a_mean_is_found_95_times_in_100(numpy_rng):
    error, level = 0.02, 0.001
    detectable = LogFall(1.0, error, 1.0, error).detectable(0.05, level)

    def draw(fall):
        before, now = np.exp(error * numpy_rng.standard_normal(2))
        return LogFall(before, error, (1 - fall) * now, error)

    assert found(draw, detectable, level) == pytest.approx(0.95, abs=0.05)


def test_a_detectable_rise_of_copies_is_found_95_times_in_100(numpy_rng):
    n, level = 5000, 0.001
    detectable = RateRise(0.0, 0.0, 0.0, 0.0, n).detectable(0.05, level)

    def draw(rise):
        return RateRise(0.0, 0.0, 2 * numpy_rng.binomial(n // 2, rise) / n, 0.0, n)

    assert found(draw, detectable, level) == pytest.approx(0.95, abs=0.05)


def test_too_few_samples_detect_nothing():
    assert ShareFall(3, 30, 3, 30).detectable(0.05, 1e-4) == 1.0
    assert RateFall(0, 30, 0, 30).detectable(0.05, 1e-4) == 1.0
