"""Games begun anew at every look: against the definition, written out, and their two promises in the mean."""

import itertools
import json

import numpy as np
import pytest
from scipy import special

from collapse_metrics.stats.restarts import SLOWLY, Restarts


def written_out(bets, promise):
    """E-value of each mode after all looks, as a sum over beginnings; ``bets``: (looks, modes, bets)."""
    looks = len(bets)
    zeta = special.zeta(SLOWLY)
    stakes = [1.0 if promise == "look" else s**-SLOWLY / zeta for s in range(1, looks + 1)]
    played = sum(stake * np.exp(bets[s:].sum(axis=0)) for s, stake in enumerate(stakes))
    kept = 0.0 if promise == "look" else 1 - sum(stakes)
    return played.mean(axis=1) + kept


def played(bets, promise="run"):
    game = Restarts(bets.shape[1:], promise=promise)
    for won in bets:
        game.update(won)
    return game


@pytest.mark.parametrize("promise", ["run", "look"])
@pytest.mark.parametrize("looks", [1, 2, 30])
def test_the_sum_over_all_beginnings(promise, looks, numpy_rng):
    bets = numpy_rng.normal(-0.1, 1, size=(looks, 3, 2))
    game = played(bets, promise)
    assert np.exp(game.log_wealth) == pytest.approx(written_out(bets, promise))
    assert np.exp(game.log_total) == pytest.approx(written_out(bets, promise).mean())


def fair(looks):
    """All courses of a fair bet that wins or loses a half, each as likely."""
    return np.log(np.array(list(itertools.product([0.5, 1.5], repeat=looks))))


def test_in_health_the_money_of_a_run_stays_one_in_the_mean():
    ends = [np.exp(played(course[:, None, None], "run").log_total) for course in fair(6)]
    assert np.mean(ends) == pytest.approx(1.0)


def test_in_health_the_detector_gains_one_a_look_in_the_mean():
    ends = [np.exp(played(course[:, None, None], "look").log_total) for course in fair(6)]
    assert np.mean(ends) == pytest.approx(6.0)


def test_before_the_first_look_there_is_one_stake():
    assert Restarts((2, 3)).log_total == pytest.approx(0.0)


def test_a_late_change_is_seen_although_all_was_lost_before():
    bets = np.concatenate([np.full(2000, -3.0), np.full(10, 3.0)])
    game = played(bets[:, None, None])
    assert game.log_total > np.log(1000)


def test_games_beside_each_other_do_not_mix(numpy_rng):
    bets = numpy_rng.normal(size=(9, 4, 3, 2))
    together = played(bets)
    for game in range(4):
        alone = played(bets[:, game])
        assert together.log_total[game] == alone.log_total


@pytest.mark.parametrize("promise", ["run", "look"])
def test_a_resumed_game_goes_on_exactly(promise, numpy_rng):
    bets = numpy_rng.normal(size=(20, 3, 2))
    game, resumed = played(bets[:11], promise), Restarts((3, 2), promise=promise)
    resumed.load_state_dict(json.loads(json.dumps(game.state_dict(), allow_nan=False)))
    for won in bets[11:]:
        game.update(won)
        resumed.update(won)
    assert (resumed.log_wealth == game.log_wealth).all()
    assert resumed.state_dict() == game.state_dict()


def test_a_new_game_can_be_kept_too():
    state = json.loads(json.dumps(Restarts((1, 2)).state_dict(), allow_nan=False))
    game = Restarts((1, 2))
    game.load_state_dict(state)
    game.update(np.array([[1.0, 2.0]]))
    assert np.exp(game.log_wealth) == pytest.approx(written_out(np.array([[[1.0, 2.0]]]), "run"))


def test_another_game_is_not_resumed():
    with pytest.raises(ValueError, match=r"shape \(1, 2\) with promise 'run' is needed, got \(1, 3\)"):
        Restarts((1, 2)).load_state_dict(Restarts((1, 3)).state_dict())
    with pytest.raises(ValueError, match=r"got .* with 'look'"):
        Restarts((1, 2)).load_state_dict(Restarts((1, 2), promise="look").state_dict())


@pytest.mark.bad_input
def test_wrong_shapes_and_promises_are_explained():
    with pytest.raises(ValueError, match="at least one mode and one bet"):
        Restarts((3,))
    with pytest.raises(ValueError, match="'run' or 'look'"):
        Restarts((1, 1), promise="month")
    with pytest.raises(ValueError, match=r"shape \(1, 2\) are needed"):
        Restarts((1, 2)).update(np.zeros(2))
