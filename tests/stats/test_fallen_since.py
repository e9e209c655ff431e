"""The place of a fall: against every split tried by hand, and on falls of known place."""

import numpy as np
import pytest
from scipy import stats

from collapse_metrics.stats.fallen_since import fallen_since


def by_hand(hits, totals, bound):
    """Every split, its two shares, and its likelihood by the binomial law."""
    likely = []
    for s in range(len(hits)):
        before = max(hits[:s].sum() / max(1, totals[:s].sum()), bound)
        after = min(hits[s:].sum() / max(1, totals[s:].sum()), bound)
        shares = np.where(np.arange(len(hits)) < s, before, after)
        likely.append(stats.binom.logpmf(hits, totals, shares).sum())
    return np.array(likely)


def test_it_is_the_likeliest_of_all_splits(numpy_rng):
    for _ in range(100):
        totals = numpy_rng.integers(1, 60, size=15)
        hits = numpy_rng.binomial(totals, numpy_rng.uniform(0.01, 0.3))
        likely = by_hand(hits, totals, 0.1)
        assert likely[fallen_since(hits, totals, 0.1)] == pytest.approx(likely.max())


def test_a_fall_to_a_fifth_is_placed_within_two_looks_nearly_always(numpy_rng):
    # Of 200 falls, 95 % in two looks or less: fewer than 176 have a probability below 1e-4, were it so.
    assert stats.binom.cdf(175, 200, 0.95) < 1e-4
    near = 0
    for _ in range(200):
        at = numpy_rng.integers(20, 100)
        hits = numpy_rng.binomial(64, np.where(np.arange(at + 20) < at, 0.1, 0.02))
        near += abs(fallen_since(hits, np.full(len(hits), 64), 0.05) - at) <= 2
    assert near >= 176


def test_what_was_fallen_from_the_start_has_fallen_at_the_start():
    assert fallen_since(np.array([1, 0, 2, 1]), np.full(4, 100), 0.05) == 0


def test_looks_without_samples_say_nothing():
    assert fallen_since(np.array([10, 0, 10, 0, 0]), np.array([100, 0, 100, 0, 100]), 0.05) == 4


def test_sums_of_fractions_are_dated_too():
    assert fallen_since(np.array([9.5, 9.7, 0.3, 0.2]), np.full(4, 10.0), 0.5) == 2
