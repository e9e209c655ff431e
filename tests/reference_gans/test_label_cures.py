"""Labels that are softened or flipped: against cross-entropy, and by exact odds."""

import math

import pytest
import torch
from scipy.stats import binom
from torch.nn.functional import binary_cross_entropy_with_logits as cross_entropy

from reference_gans.cures.label_flipping import LabelFlipping
from reference_gans.cures.label_smoothing import LabelSmoothing
from reference_gans.objectives import HINGE, NON_SATURATING, RELATIVISTIC, WASSERSTEIN

REAL, FAKE = torch.tensor([[2.0], [-1.0]]), torch.tensor([[0.5], [-3.0]])


def test_smoothing_is_cross_entropy_towards_a_softer_target():
    smoothed = LabelSmoothing(epsilon=0.1).game(NON_SATURATING)
    by_hand = cross_entropy(REAL, torch.full_like(REAL, 0.9)) + cross_entropy(FAKE, torch.zeros_like(FAKE))
    assert smoothed.d_loss(REAL, FAKE).item() == pytest.approx(by_hand.item(), rel=1e-6)
    assert smoothed.g_loss is NON_SATURATING.g_loss


def test_a_smoothed_discriminator_gains_nothing_beyond_its_target():
    best = torch.tensor([math.log(0.9 / 0.1)], requires_grad=True)
    LabelSmoothing(epsilon=0.1).game(NON_SATURATING).d_loss(best, torch.zeros(1)).backward()
    assert best.grad.item() == pytest.approx(0, abs=1e-6)


@pytest.mark.parametrize("game", [RELATIVISTIC, WASSERSTEIN, HINGE], ids=lambda g: g.name)
def test_smoothing_refuses_games_without_targets(game):
    with pytest.raises(ValueError, match=f"needs the non-saturating game.*'{game.name}'"):
        LabelSmoothing().game(game)


def test_smoothing_by_nothing_changes_nothing():
    assert torch.equal(
        LabelSmoothing(epsilon=0.0).game(NON_SATURATING).d_loss(REAL, FAKE), NON_SATURATING.d_loss(REAL, FAKE)
    )


def test_labels_are_flipped_at_their_rate(moment):
    n, rate = 20_000, 0.05
    real, fake = LabelFlipping(rate).labels(torch.ones(n, 1), torch.zeros(n, 1), moment)
    flipped = int((real == 0).sum())
    # Outside these two counts a right rate falls with probability below 1e-4.
    assert binom.ppf(4e-5, n, rate) <= flipped <= binom.isf(4e-5, n, rate)
    assert torch.equal(real + fake, torch.ones(n, 1))  # what is no longer real is now fake


def test_a_small_batch_has_its_share_of_flips_too(moment):
    n, rounds, rate = 8, 2_000, 0.05  # int(rate * n) would be none, ever
    flips = sum(
        int((LabelFlipping(rate).labels(torch.ones(n), torch.zeros(n), moment)[0] == 0).sum()) for _ in range(rounds)
    )
    assert binom.ppf(4e-5, n * rounds, rate) <= flips <= binom.isf(4e-5, n * rounds, rate)


def test_a_flipped_pair_costs_what_the_wrong_labels_cost(moment):
    class Always:  # a coin that always falls on "flip"
        labels = LabelFlipping.labels
        rate = 1.1

    flipped = NON_SATURATING.d_loss(*Always().labels(REAL, FAKE, moment))
    by_hand = cross_entropy(REAL, torch.zeros_like(REAL)) + cross_entropy(FAKE, torch.ones_like(FAKE))
    assert flipped.item() == pytest.approx(by_hand.item(), rel=1e-6)


def test_a_rate_of_none_flips_none_and_one_half_is_refused(moment):
    real, fake = LabelFlipping(0.0).labels(REAL, FAKE, moment)
    assert torch.equal(real, REAL)
    assert torch.equal(fake, FAKE)
    with pytest.raises(ValueError, match=r"must lie in \[0, 0.5\), got 0.5"):
        LabelFlipping(0.5)
