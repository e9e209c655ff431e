"""Objectives: the formulas in probabilities, and what the losses are at balance."""

import math

import pytest
import torch

from reference_gans.objectives import HINGE, NON_SATURATING, RELATIVISTIC, WASSERSTEIN

REAL, FAKE = torch.tensor([2.0, -1.0]), torch.tensor([0.5, -3.0])


def test_non_saturating_is_minus_log_probability():
    p_real, p_fake = REAL.sigmoid(), FAKE.sigmoid()
    d_loss = -p_real.log().mean() - (1 - p_fake).log().mean()
    assert NON_SATURATING.d_loss(REAL, FAKE).item() == pytest.approx(d_loss.item(), rel=1e-5)
    assert NON_SATURATING.g_loss(REAL, FAKE).item() == pytest.approx(-p_fake.log().mean().item(), rel=1e-5)


def test_relativistic_judges_pairs():
    d_loss = -(REAL - FAKE).sigmoid().log().mean()
    assert RELATIVISTIC.d_loss(REAL, FAKE).item() == pytest.approx(d_loss.item(), rel=1e-5)
    assert RELATIVISTIC.g_loss(REAL, FAKE).item() == RELATIVISTIC.d_loss(FAKE, REAL).item()


@pytest.mark.parametrize(("game", "d_balance"), [(NON_SATURATING, 2), (RELATIVISTIC, 1)])
def test_balance_is_where_the_docs_say(game, d_balance):
    even = torch.zeros(4)
    assert game.d_loss(even, even).item() == pytest.approx(d_balance * math.log(2))
    assert game.g_loss(even, even).item() == pytest.approx(math.log(2))


def test_wasserstein_is_a_difference_of_means():
    assert WASSERSTEIN.d_loss(REAL, FAKE).item() == pytest.approx(-1.25 - 0.5)
    assert WASSERSTEIN.g_loss(REAL, FAKE).item() == pytest.approx(1.25)
    assert WASSERSTEIN.d_loss(REAL, REAL).item() == 0


def test_hinge_asks_for_a_margin_of_one():
    # Real: 2 is beyond the margin, -1 lacks 2. Fake: .5 lacks 1.5, -3 is beyond it.
    assert HINGE.d_loss(REAL, FAKE).item() == pytest.approx((0 + 2) / 2 + (1.5 + 0) / 2)
    assert HINGE.g_loss(REAL, FAKE).item() == pytest.approx(1.25)
    assert HINGE.d_loss(torch.zeros(4), torch.zeros(4)).item() == 2


def test_large_logits_stay_finite():
    far = torch.tensor([1e4])
    for game in (NON_SATURATING, RELATIVISTIC, WASSERSTEIN, HINGE):
        assert torch.isfinite(game.d_loss(-far, far))
        assert torch.isfinite(game.g_loss(far, -far))
