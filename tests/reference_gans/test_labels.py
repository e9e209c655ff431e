"""Labels and noise: what is the loss when labels are soft, flipped or noisy, and what does the generator hear?"""

from dataclasses import replace
from functools import partial

import pytest
import torch

from reference_gans.fading_labels import FadingLabels
from reference_gans.labels import flipped, flips, labelled, squared_error
from reference_gans.noise import Moved, constant, normal, uniform
from reference_gans.objectives import NON_SATURATING, SQUARED_ERROR
from reference_gans.recipes import RECIPES, build
from reference_gans.trainer import train

REAL, FAKE = torch.tensor([[2.0], [-1.0]]), torch.tensor([[0.5], [-3.0]])


@pytest.mark.parametrize(
    ("game", "again"), [(SQUARED_ERROR, labelled(1, 0, squared_error)), (NON_SATURATING, labelled(1, 0))]
)
def test_labels_one_and_zero_change_nothing(game, again):
    assert torch.allclose(again.d_loss(REAL, FAKE), game.d_loss(REAL, FAKE))
    assert torch.allclose(again.g_loss(REAL, FAKE), game.g_loss(REAL, FAKE))


def test_squared_error_is_of_probabilities():
    p_real, p_fake = REAL.sigmoid(), FAKE.sigmoid()
    assert torch.allclose(SQUARED_ERROR.d_loss(REAL, FAKE), ((p_real - 1) ** 2).mean() + (p_fake**2).mean())
    assert torch.allclose(SQUARED_ERROR.g_loss(REAL, FAKE), ((p_fake - 1) ** 2).mean())
    even = torch.zeros(4)
    assert (SQUARED_ERROR.d_loss(even, even), SQUARED_ERROR.g_loss(even, even)) == (0.5, 0.25)


def test_a_discriminator_that_meets_soft_labels_is_done():
    """Nothing is left to gain at the labels themselves, and the generator's aim stays 1."""
    real, fake = (torch.full((4, 1), p).logit().requires_grad_() for p in (0.9, 0.1))
    for error in ({}, {"error": squared_error}):
        game = labelled(0.9, 0.1, **error)
        slopes = torch.autograd.grad(game.d_loss(real, fake), (real, fake))
        assert torch.cat(slopes).abs().max() < 1e-7
        assert torch.autograd.grad(game.g_loss(real, fake), fake)[0].max() < 0


@pytest.mark.parametrize(("percent", "count"), [(1, 0), (2, 1), (5, 3), (10, 6), (15, 9), (20, 12)])
def test_a_share_of_the_labels_is_rounded_down(percent, count):
    assert flips(percent / 100, 64) == count


def test_one_per_cent_of_sixty_four_flips_nothing(rng):
    real, fake = torch.randn(2, 64, 1, generator=rng)
    assert torch.equal(flipped(0.01).d_loss(real, fake), flipped(0.0).d_loss(real, fake))
    assert torch.allclose(flipped(0.0).d_loss(real, fake), NON_SATURATING.d_loss(real, fake))
    assert not torch.equal(flipped(0.02).d_loss(real, fake), flipped(0.0).d_loss(real, fake))


def test_a_row_of_one_per_cent_is_the_row_without_flips():
    """The recipe of the 1 % row trains exactly as one whose labels are all right."""
    recipe = replace(
        RECIPES["student_dcgan_small_as_coded_flip_01"], generator=small_generator, discriminator=small_judge
    )
    flipless, other = (replace(recipe, game=flipped(share)) for share in (0.0, 0.05))
    one, none, five = (train(build(r, 0), 2).generator.state_dict() for r in (recipe, flipless, other))
    assert all(torch.equal(one[key], none[key]) for key in one)
    assert not all(torch.equal(one[key], five[key]) for key in one)


def small_generator(latent):
    return partial(RECIPES["student_dcgan_small_as_coded"].generator, width=2)(latent)


def small_judge():
    return partial(RECIPES["student_dcgan_small_as_coded"].discriminator, width=2)()


def test_flips_count_on_both_sides():
    real, fake = torch.tensor([[9.0], [0.0]]), torch.tensor([[9.0], [0.0]])
    by_hand = squared_error(real, torch.tensor([[0.0], [1.0]])) + squared_error(fake, torch.tensor([[1.0], [0.0]]))
    assert torch.allclose(flipped(0.5, squared_error).d_loss(real, fake), by_hand)


def test_kinds_of_noise(rng):
    z = uniform(4000, 2, rng)
    assert z.shape == (4000, 2)
    assert (z.min() >= 0, z.max() < 1) == (True, True)
    assert z.mean().item() == pytest.approx(0.5, abs=0.02)
    assert normal(4000, 2, rng).std().item() == pytest.approx(1, abs=0.03)
    assert constant(3, 1, rng).tolist() == [[0.5]] * 3
    assert Moved(normal, torch.device("meta"))(3, 2, rng).device.type == "meta"


def test_noise_on_labels_falls_in_a_straight_line_to_none():
    recipe = replace(RECIPES["ring8_healthy"], batch=8, steps=10, every_step=FadingLabels(0.5))
    real, fake = REAL.repeat(4, 1), FAKE.repeat(4, 1)
    off = []
    run = train(build(recipe, 0), observers=[lambda run: off.append(run.game.d_loss(real, fake).item())])
    plain = NON_SATURATING.d_loss(real, fake).item()
    assert off[0] != pytest.approx(plain)
    assert off[-1] == pytest.approx(plain)
    assert torch.allclose(run.game.d_loss(real, fake), NON_SATURATING.d_loss(real, fake))


def test_a_push_and_a_change_at_every_step_do_not_go_together():
    both = replace(RECIPES["mnist_slides"], every_step=FadingLabels(0.1))
    with pytest.raises(ValueError, match="'mnist_slides' needs `push` or `every_step`, got both"):
        build(both, 0)
