"""Penalties on slopes: a linear critic's slope is its weight, everywhere."""

import pytest
import torch
from torch import nn

from reference_gans.cures._base import squared_slopes
from reference_gans.cures.dragan import Dragan
from reference_gans.cures.gradient_penalty import GradientPenalty
from reference_gans.cures.pac_gan import PacGan
from reference_gans.cures.r1 import R1

ONE = [GradientPenalty(weight=7.0), Dragan(weight=7.0)]


@pytest.mark.parametrize("cure", ONE)
def test_a_linear_critic_pays_for_the_distance_of_its_slope_from_one(cure, moment, rng):
    d = nn.Linear(3, 1)
    real, fake = torch.randn(2, 5, 3, generator=rng)
    by_hand = 7.0 * (d.weight.norm() - 1) ** 2
    assert cure.d_penalty(d, real, fake, moment).item() == pytest.approx(by_hand.item(), rel=1e-5)


@pytest.mark.parametrize("cure", ONE)
def test_a_critic_of_slope_one_pays_nothing(cure, moment, rng):
    def d(x):
        return x[:, 0]

    real, fake = torch.randn(2, 5, 3, generator=rng)
    assert cure.d_penalty(d, real, fake, moment).item() == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("cure", ONE)
def test_a_flat_critic_pays_in_full_and_its_slope_is_finite(cure, moment):
    d = nn.Linear(3, 1)
    nn.init.zeros_(d.weight)
    penalty = cure.d_penalty(d, torch.zeros(5, 3), torch.ones(5, 3), moment)
    penalty.backward()
    assert penalty.item() == 7.0
    assert torch.isfinite(d.weight.grad).all()


def judged_points(cure, real, fake, moment):
    seen = []

    def d(x):
        seen.append(x.detach())
        return x.square().sum(dim=1)

    cure.d_penalty(d, real, fake, moment)
    return seen[0]


def test_the_gradient_penalty_looks_between_real_and_fake(moment):
    real, fake = torch.zeros(1000, 2), torch.tensor([2.0, -4.0]).expand(1000, 2)
    points = judged_points(GradientPenalty(), real, fake, moment)
    share = points[:, 0] / 2
    assert torch.allclose(points[:, 1], -4 * share)  # on the line, one share for the whole sample
    # Uniform: the mean of 1,000 shares is off by 0.04 with probability below 1e-4 (4.4 standard errors).
    assert share.mean().item() == pytest.approx(0.5, abs=0.04)
    assert 0 <= share.min() < 0.05
    assert 0.95 < share.max() <= 1


def test_dragan_looks_around_the_real_samples_only(moment):
    real = torch.tensor([[-3.0], [3.0]]).repeat(500, 1)  # standard deviation 3
    noise = judged_points(Dragan(spread=0.5), real, torch.full((1000, 1), 99.0), moment) - real
    assert 0 <= noise.min() < 0.075
    assert 1.425 < noise.max() <= 1.5
    assert noise.mean().item() == pytest.approx(0.75, abs=0.06)


@pytest.mark.parametrize("cure", ONE)
@pytest.mark.parametrize("norm", [nn.BatchNorm1d(3), nn.BatchNorm2d(3)])
def test_batch_norm_is_refused(cure, norm):
    with pytest.raises(ValueError, match="batch norm ties the samples of a batch together"):
        cure.discriminator(nn.Sequential(nn.Linear(3, 3), norm, nn.Linear(3, 1)))


def test_layer_norm_is_welcome():
    d = nn.Sequential(nn.LayerNorm(3), nn.Linear(3, 1))
    assert GradientPenalty().discriminator(d) is d


def test_the_slope_of_a_pack_is_that_of_all_its_samples(rng):
    d = PacGan(size=2).discriminator(nn.Sequential(nn.Linear(3, 1)))
    (weight, _) = d.parameters()
    x = torch.randn(8, 3, generator=rng)
    assert torch.allclose(squared_slopes(d, x), weight.square().sum().expand(4))
    assert R1(gamma=2.0).d_penalty(d, x, x, None).item() == pytest.approx(weight.square().sum().item())
