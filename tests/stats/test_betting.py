"""Bets against health: what they win by hand, and that health never pays them in the mean."""

import numpy as np
import pytest
from scipy import stats

from collapse_metrics.stats.betting import BETS, log_bets_on_mean, log_bets_on_shares


def one_by_one(calls, mode, bound, bet):
    """The product over samples, as the definition has it."""
    lam, stake = bet / (1 - bound), 1.0
    for call in calls:
        stake *= 1 + lam * (bound - (call == mode))
    return stake


def test_counts_win_what_their_samples_win_one_by_one(numpy_rng):
    calls, bounds = numpy_rng.integers(3, size=40), np.array([0.1, 0.3, 0.45])
    won = np.exp(log_bets_on_shares(np.bincount(calls, minlength=3), bounds))
    for mode, bound in enumerate(bounds):
        for place, bet in enumerate(BETS):
            assert won[mode, place] == pytest.approx(one_by_one(calls, mode, bound, bet))


def mean_won(share, bound, n):
    """Exact mean of every bet when a mode has this share."""
    counts = np.arange(n + 1)
    won = np.exp(log_bets_on_shares(np.stack([counts, n - counts], axis=1), np.array([bound, 0.0])))[:, 0]
    return stats.binom.pmf(counts, n, share) @ won


def test_at_the_bound_nothing_is_won_in_the_mean_and_above_it_something_is_lost():
    assert mean_won(0.05, 0.05, 30) == pytest.approx(np.ones(len(BETS)))
    assert (mean_won(0.051, 0.05, 30) < 1).all()
    assert (mean_won(0.049, 0.05, 30) > 1).all()


def test_no_stake_is_ever_negative_or_gone():
    won = log_bets_on_shares(np.array([50, 0]), np.array([0.99, 1e-6]))
    assert np.isfinite(won).all()
    assert np.exp(won[0]) == pytest.approx((1 - np.array(BETS)) ** 50)


def test_a_mode_without_a_bound_is_not_bet_on():
    assert (log_bets_on_shares(np.array([[7, 3], [0, 9]]), np.array([0.0, 0.2]))[:, 0] == 0).all()


def test_no_samples_change_nothing():
    assert (log_bets_on_shares(np.zeros((2, 3), dtype=int), np.array([0.1, 0.2, 0.3])) == 0).all()
    assert (log_bets_on_mean(np.zeros(0), 0.3) == 0).all()


def test_a_bet_on_a_share_is_a_bet_on_the_mean_of_all_others():
    missed = np.array([1.0, 1.0, 0.0, 1.0])
    shares = log_bets_on_shares(np.array([1, 3]), np.array([0.2, 0.0]))[0]
    assert log_bets_on_mean(missed, 0.8) == pytest.approx(shares)


@pytest.mark.parametrize("bound", [0.05, 0.5, 0.97])
def test_a_mean_at_its_bound_wins_nothing_whatever_its_law(bound):
    # Any law on a few points with this mean: nine points, and the bound put right by the two ends.
    points = np.linspace(0, 1, 9)
    weights = np.full(9, 0.05)
    rest, mean = 1 - weights.sum(), points @ weights
    high = (bound - mean) / rest
    if not 0 <= high <= 1:
        points, weights = np.array([0.0, 1.0]), np.array([1 - bound, bound])
    else:
        weights[-1] += rest * high
        weights[0] += rest * (1 - high)
    won = np.exp(log_bets_on_mean(points[:, None], bound))
    assert weights @ won == pytest.approx(np.ones(len(BETS)))
    assert (won > 0).all()


def test_a_higher_mean_wins_more():
    low, high = (log_bets_on_mean(np.full(20, mean), 0.2) for mean in (0.1, 0.4))
    assert (low < 0).all()
    assert (high > 0).all()


def test_a_bound_of_one_cannot_be_broken():
    assert (log_bets_on_mean(np.ones(5), 1.0) == 0).all()


@pytest.mark.parametrize(
    ("counts", "bounds", "message"),
    [
        ([1, 2], [0.1], "one bound a mode"),
        ([1, 2], [0.1, 1.0], "from 0 to below 1"),
        ([1, 2], [0.1, -0.1], "from 0 to below 1"),
    ],
)
@pytest.mark.bad_input
def test_wrong_bounds_are_explained(counts, bounds, message):
    with pytest.raises(ValueError, match=message):
        log_bets_on_shares(np.array(counts), np.array(bounds))


@pytest.mark.parametrize(
    ("values", "bound", "message"), [([0.5], 0.0, "above 0, got 0"), ([0.5, 1.01], 0.5, "0.5 to 1.01: clip")]
)
def test_wrong_observations_are_explained(values, bound, message):
    with pytest.raises(ValueError, match=message):
        log_bets_on_mean(np.array(values), bound)
