"""What the generator's turn can gain: matched features, modes sought, an opponent that answers."""

import math

import pytest
import torch
from torch import nn

from reference_gans.cures.feature_matching import FeatureMatching
from reference_gans.cures.mode_seeking import EPSILON, ModeSeeking
from reference_gans.cures.unrolled import Unrolled
from reference_gans.data import Ring
from reference_gans.objectives import NON_SATURATING
from reference_gans.trainer import Run, generator_step


def test_equal_batches_have_equal_features(moment, rng):
    moment.discriminator = nn.Sequential(nn.Linear(2, 5), nn.ReLU(), nn.Linear(5, 1))
    x = torch.randn(6, 2, generator=rng)
    assert FeatureMatching().g_penalty(moment.discriminator, None, x, x.flip(0), moment).item() == pytest.approx(
        0, abs=1e-12
    )


def test_matching_compares_what_goes_into_the_last_layer(moment):
    moment.discriminator = nn.Sequential(nn.Identity(), nn.Linear(2, 1))  # so the features are the samples
    real, fake = torch.tensor([[1.0, 0.0], [3.0, 0.0]]), torch.tensor([[0.0, 1.0], [0.0, 0.0]], requires_grad=True)
    penalty = FeatureMatching(weight=2.0).g_penalty(moment.discriminator, None, real, fake, moment)
    assert penalty.item() == pytest.approx(2 * ((2 - 0) ** 2 + (0 - 0.5) ** 2))
    penalty.backward()
    assert torch.allclose(fake.grad, torch.tensor([[-4.0, 1.0], [-4.0, 1.0]]))
    assert not moment.discriminator[1]._forward_pre_hooks  # nothing is left behind


def test_matching_replaces_the_generators_loss_or_adds_to_it():
    logits = torch.ones(3)
    alone = FeatureMatching().game(NON_SATURATING)
    assert alone.g_loss(logits, logits).item() == 0
    assert alone.d_loss is NON_SATURATING.d_loss
    assert FeatureMatching(alone=False).game(NON_SATURATING) is NON_SATURATING


def test_mode_seeking_of_a_stretching_generator_is_the_inverse_of_its_stretch(moment, rng):
    z = torch.randn(8, 3, generator=rng)
    assert ModeSeeking(weight=2.0).g_penalty(None, z, None, 4 * z, moment).item() == pytest.approx(2 / 4, rel=1e-4)


def test_mode_seeking_pairs_the_halves_of_the_batch(moment):
    z, fake = torch.tensor([[0.0], [0.0], [1.0], [2.0]]), torch.tensor([[0.0], [5.0], [3.0], [5.0]])
    # Pairs (0, 2) and (1, 3): noise 1 and 2 apart, samples 3 and 0.
    for extra in (0, 1):  # of an odd batch the last sample has no partner
        last = torch.full((extra, 1), 99.0)
        penalty = ModeSeeking().g_penalty(None, torch.cat([z, last]), None, torch.cat([fake, last]), moment)
        assert penalty.item() == pytest.approx(1 / (3 / 3 + EPSILON))


def test_a_generator_that_hears_nothing_pays_much_but_not_without_end(moment, rng):
    z, fake = torch.randn(8, 3, generator=rng), torch.zeros(8, 3, requires_grad=True)
    penalty = ModeSeeking().g_penalty(None, z, None, fake, moment)
    penalty.backward()
    assert penalty.item() == pytest.approx(1 / EPSILON)
    assert torch.equal(fake.grad, torch.zeros(8, 3))  # the trap that the docs name


class Dirac(nn.Module):
    """A generator that is one point, whatever the noise."""

    def __init__(self, theta):
        super().__init__()
        self.theta = nn.Parameter(torch.tensor([[theta]]))

    def forward(self, z):
        return self.theta.expand(len(z), 1)


def dirac_gan(theta, psi, cures=()):
    """The Dirac GAN of Mescheder et al. 2018: the data are the point 0, the discriminator is psi * x."""
    generator, discriminator = Dirac(theta), nn.Linear(1, 1, bias=False)
    nn.init.constant_(discriminator.weight, psi)
    return Run(
        generator=generator,
        discriminator=discriminator,
        g_optimizer=torch.optim.SGD(generator.parameters(), lr=1.0),
        d_optimizer=torch.optim.SGD(discriminator.parameters(), lr=1.0),
        data=Ring(),
        latent=1,
        game=NON_SATURATING,
        rng=torch.Generator().manual_seed(0),
        steps=1,
        g_lr=1.0,
        d_lr=1.0,
        batch=3,
        cures=cures,
    )


def sigmoid(x):
    return 1 / (1 + math.exp(-x))


THETA, PSI, RATE = 0.7, -0.4, 0.3


def slope_after(*cures):
    run = dirac_gan(THETA, PSI, cures)
    generator_step(run, torch.zeros(3, 1))
    assert run.discriminator.weight.item() == pytest.approx(PSI)  # it only answers in thought
    assert run.discriminator.weight.grad is None
    return run.generator.theta.grad.item(), run.g_loss


def test_no_inner_step_is_the_plain_step_bit_for_bit():
    assert slope_after(Unrolled(k=0)) == slope_after()
    assert slope_after()[0] == pytest.approx(-sigmoid(-PSI * THETA) * PSI)


def test_one_inner_step_on_the_dirac_gan_has_the_slope_derived_by_hand():
    # L_D = softplus(-psi * 0) + softplus(psi * theta), so psi_1 = psi - rate * theta * s, s = sigmoid(psi * theta).
    s = sigmoid(PSI * THETA)
    answer = PSI - RATE * THETA * s
    answer_moves = -RATE * (s + THETA * s * (1 - s) * PSI)  # d psi_1 / d theta
    by_hand = -sigmoid(-answer * THETA) * (answer + THETA * answer_moves)
    slope, loss = slope_after(Unrolled(k=1, rate=RATE))
    assert slope == pytest.approx(by_hand, rel=1e-5)
    assert loss == pytest.approx(math.log(1 + math.exp(-answer * THETA)), rel=1e-5)


def loss_against_the_answer(theta, k):
    psi = PSI
    for _ in range(k):
        psi -= RATE * theta * sigmoid(psi * theta)
    return math.log(1 + math.exp(-psi * theta))


@pytest.mark.parametrize("k", [2, 5])
def test_several_inner_steps_have_the_slope_that_differences_show(k):
    h = 1e-5
    by_differences = (loss_against_the_answer(THETA + h, k) - loss_against_the_answer(THETA - h, k)) / (2 * h)
    assert slope_after(Unrolled(k=k, rate=RATE))[0] == pytest.approx(by_differences, rel=1e-4)
