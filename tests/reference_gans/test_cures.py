"""Cures: each formula on a case with a known answer."""

import pytest
import torch
from torch import nn

from reference_gans.cures._base import Cure
from reference_gans.cures.r1 import R1
from reference_gans.cures.r2 import R2


@pytest.mark.parametrize("cure", [R1(gamma=2.0), R2(gamma=2.0)])
def test_a_linear_discriminator_has_a_known_penalty(cure, rng):
    d = nn.Linear(3, 1)
    x = torch.randn(5, 3, generator=rng)
    assert cure.d_penalty(d, x, x, None).item() == pytest.approx(d.weight.square().sum().item())


def test_r1_looks_at_the_real_and_r2_at_the_fake():
    def bowl(x):  # the slope at x is x itself
        return x.square().sum(dim=1) / 2

    real, fake = torch.full((2, 3), 1.0), torch.full((2, 3), 2.0)
    assert R1(gamma=1.0).d_penalty(bowl, real, fake, None).item() == pytest.approx(3 / 2)
    assert R2(gamma=1.0).d_penalty(bowl, real, fake, None).item() == pytest.approx(12 / 2)


def test_penalty_flattens_the_discriminator(rng):
    d = nn.Linear(3, 1)
    R1(gamma=2.0).d_penalty(d, torch.randn(5, 3, generator=rng), torch.zeros(5, 3), None).backward()
    assert torch.allclose(d.weight.grad, 2 * d.weight)


def test_a_cure_that_overrides_nothing_changes_nothing(rng):
    none, d, x = Cure(), nn.Linear(3, 1), torch.randn(5, 3, generator=rng)
    assert none.discriminator(d) is d
    assert none.seen(x, None) is x
    assert none.d_penalty(d, x, x, None).item() == 0
