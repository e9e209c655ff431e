"""Objectives: the formulas in probabilities, and what the losses are at balance."""

import math

import pytest
import torch

from reference_gans.objectives import NON_SATURATING, RELATIVISTIC

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


def test_large_logits_stay_finite():
    far = torch.tensor([1e4])
    for game in (NON_SATURATING, RELATIVISTIC):
        assert torch.isfinite(game.d_loss(-far, far))
        assert torch.isfinite(game.g_loss(far, -far))
