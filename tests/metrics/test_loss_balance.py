"""Loss balance: levels of each kind, the later half only, and losses that have no level."""

import numpy as np
import pytest

from collapse_metrics.metrics import loss_balance
from collapse_metrics.stats.loss_kinds import KINDS


@pytest.mark.parametrize("kind", [k.name for k in KINDS.values() if k.at_chance])
def test_chance_is_one_and_winning_is_zero(kind):
    chance = np.full(50, KINDS[kind].at_chance)
    assert loss_balance(d_losses=chance, loss_kind=kind) == pytest.approx(1.0)
    assert loss_balance(d_losses=chance / 4, loss_kind=kind) == pytest.approx(0.25)
    assert loss_balance(d_losses=0 * chance, loss_kind=kind) == 0.0


def test_the_start_of_a_run_does_not_count():
    d_losses = np.concatenate([np.full(50, 9.0), np.full(51, np.log(2))])
    assert loss_balance(d_losses=d_losses) == pytest.approx(0.5)


def test_worse_than_guessing_is_above_one():
    assert loss_balance(d_losses=np.full(3, 5.0)) > 3


@pytest.mark.bad_input
class TestBadInput:
    def test_wasserstein_losses_have_no_level(self):
        with pytest.raises(ValueError, match=r"no level at chance.*negative losses are normal"):
            loss_balance(d_losses=np.ones(5), loss_kind="wasserstein")

    def test_negative_losses_are_of_another_kind(self):
        with pytest.raises(ValueError, match="never negative, got a mean of -3"):
            loss_balance(d_losses=np.full(5, -3.0))

    def test_empty_broken_or_unknown(self):
        with pytest.raises(ValueError, match="needs at least 1 step"):
            loss_balance(d_losses=np.array([]))
        with pytest.raises(ValueError, match="NaN or infinity at 1 of 2 steps"):
            loss_balance(d_losses=np.array([1.0, np.nan]))
        with pytest.raises(ValueError, match="must be one of"):
            loss_balance(d_losses=np.ones(3), loss_kind="bce")
