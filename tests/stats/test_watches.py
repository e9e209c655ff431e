"""Alarms that hold however often one looks: false alarms at the edge of health, losses found, named and dated."""

import json

import numpy as np
import pytest
from scipy import stats

from collapse_metrics.stats.watches import (
    DATED,
    LARGEST_LOG,
    REFERENCE_ERROR,
    BoundedMean,
    FallenShares,
    Raised,
    least_called_shares,
)

TEN = np.full(10, 0.05)


def alarms_of(watch, looks, first=1):
    """Every alarm, whatever was raised before."""
    return [a for step, seen in enumerate(looks, first) if (a := watch.update(seen, step=step))]


def test_a_run_at_the_very_edge_of_health_is_seldom_accused(numpy_rng):
    # 60 runs of 60 looks at 5 %: more than 12 accused have a probability below 1e-4 (binomial tail).
    assert stats.binom.sf(12, 60, 0.05) < 1e-4
    shares = np.array([0.05, *np.full(9, 0.95 / 9)])
    accused = 0
    for _ in range(60):
        watch = FallenShares(TEN, alpha=0.05)
        accused += bool(alarms_of(watch, numpy_rng.multinomial(64, shares, size=60)))
    assert accused <= 12


def test_a_mean_at_the_very_edge_of_health_is_seldom_accused(numpy_rng):
    assert stats.binom.sf(12, 60, 0.05) < 1e-4
    accused = 0
    for _ in range(60):
        accused += bool(alarms_of(BoundedMean(0.1, alpha=0.05), numpy_rng.random((60, 32)) < 0.1))
    assert accused <= 12


def test_a_class_that_is_lost_late_is_named_and_dated(numpy_rng):
    shares = np.full((220, 10), 0.1)
    shares[200:] = np.where(np.arange(10) == 7, 0, 1 / 9)
    alarm = alarms_of(FallenShares(TEN, alpha=0.01), numpy_rng.multinomial(64, shares))[0]
    assert alarm.mode == 7
    assert 201 <= alarm.step <= 208
    assert abs(alarm.since - 201) <= 1
    assert alarm.e_value >= 100


def test_the_alarm_is_raised_at_one_over_alpha_and_not_before():
    # One look of 100 samples without the mode wins (1 + b / 19) ** 100 for each bet; the first look is staked 1/zeta.
    from scipy.special import zeta

    bets = np.mean([(1 + b * 0.05 / 0.95) ** 100 for b in (0.25, 0.5, 0.75, 0.95)])
    e_value = bets / zeta(1.2) + 1 - 1 / zeta(1.2)
    for alpha, raised in ((1 / e_value * 1.001, True), (1 / e_value * 0.999, False)):
        watch = FallenShares(np.array([0.05, 0.0]), alpha=alpha)
        alarm = watch.update(np.array([0, 100]), step=3)
        assert (alarm is not None) == raised
        assert watch.e_value == pytest.approx(e_value)
        if alarm:
            assert (alarm.step, alarm.mode, alarm.since) == (3, 0, 3)
            assert alarm.e_value == pytest.approx(e_value)


def test_modes_keep_their_numbers_where_others_are_not_watched():
    watch = FallenShares(np.array([0.0, 0.05, 0.0, 0.05]), alpha=0.01)
    alarm = alarms_of(watch, [np.array([90, 10, 0, 0])] * 5)[0]
    assert alarm.mode == 3


def test_an_e_value_beyond_all_numbers_is_capped():
    alarm = BoundedMean(0.01, alpha=0.01).update(np.ones(2000), step=1)
    assert alarm == Raised(1, 0, float(np.exp(LARGEST_LOG)), 1)


def test_a_detector_is_quicker_than_the_promise_of_a_run(numpy_rng):
    shares = np.full((220, 10), 0.1)
    shares[200:] = np.where(np.arange(10) == 7, 0, 1 / 9)
    looks = numpy_rng.multinomial(64, shares)
    run, look = (
        [a.step for a in alarms_of(FallenShares(TEN, alpha=1e-4, promise=p), looks) if a.step > 200]
        for p in ("run", "look")
    )
    assert look[0] < run[0]


def test_a_watch_can_be_put_away_and_taken_up_again(numpy_rng):
    looks = numpy_rng.multinomial(64, np.full(10, 0.1), size=20)
    watch, resumed = FallenShares(TEN, alpha=0.01), FallenShares(TEN, alpha=0.01)
    alarms_of(watch, looks[:9])
    resumed.load_state_dict(json.loads(json.dumps(watch.state_dict())))
    alarms_of(watch, looks[9:], 10)
    alarms_of(resumed, looks[9:], 10)
    assert resumed.e_value == watch.e_value
    assert resumed.state_dict() == watch.state_dict()


@pytest.mark.parametrize("alpha", [0.0, 1.0, -1])
@pytest.mark.bad_input
def test_an_alpha_that_is_no_probability_is_refused(alpha):
    with pytest.raises(ValueError, match="probability between 0 and 1"):
        FallenShares(TEN, alpha=alpha)


def test_a_reference_that_knows_no_mode_cannot_be_watched():
    with pytest.raises(ValueError, match="at least one mode with a bound above 0"):
        FallenShares(np.zeros(3), alpha=0.01)


@pytest.mark.parametrize("bound", [0.0, 1.0])
def test_a_mean_without_room_is_refused(bound):
    with pytest.raises(ValueError, match="between 0 and 1, got"):
        BoundedMean(bound, alpha=0.01)


def test_a_mean_that_rises_is_dated(numpy_rng):
    looks = numpy_rng.random((60, 32)) < np.where(np.arange(60) < 50, 0.05, 0.9)[:, None]
    alarm = alarms_of(BoundedMean(0.3, alpha=0.01), looks, 1)[0]
    assert alarm.since == 51
    assert alarm.step <= 53


def test_a_date_is_looked_for_among_the_newest_looks_only():
    watch = FallenShares(np.array([0.05, 0.0]), alpha=1e-300)
    alarms = alarms_of(watch, [np.array([1, 99])] * (DATED + 100))
    assert alarms[0].step > DATED
    assert alarms[0].since == alarms[0].step - DATED + 1


def test_bounds_are_half_of_what_is_called_of_a_modes_own_samples():
    confusion = np.array([[0.9, 0.1], [0.0, 1.0]])
    bounds = least_called_shares(np.array([0.4, 0.6]), confusion, below=0.5, n_real=5000)
    assert bounds == pytest.approx([0.18, 0.3])


def test_a_generator_that_keeps_half_of_each_mode_keeps_every_bound(numpy_rng):
    shares, below = numpy_rng.dirichlet(np.ones(6)), 0.5
    confusion = 0.8 * np.eye(6) + 0.2 * numpy_rng.dirichlet(np.ones(6), size=6)
    bounds = least_called_shares(shares, confusion, below=below, n_real=10**6)
    for _ in range(100):
        healthy = below * shares + (1 - below) * numpy_rng.dirichlet(np.full(6, 0.1))
        assert (healthy @ confusion >= bounds).all()


def test_a_mode_seen_seldom_is_bet_on_at_its_proven_share_only():
    shares = np.array([0.003, 0.997])
    low = least_called_shares(shares, np.eye(2), below=0.5, n_real=1000)[0]
    assert low == pytest.approx(stats.beta.ppf(REFERENCE_ERROR / 2, 3, 998))
    assert 0 < low < 0.0015
    assert least_called_shares(np.array([0.0, 1.0]), np.eye(2), below=0.5, n_real=1000)[0] == 0
