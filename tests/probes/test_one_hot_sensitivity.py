"""One-hot sensitivity: against the definition, against theory, and where inputs have died."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics.probes import one_hot_sensitivity
from collapse_metrics.probes.one_hot_sensitivity import MOST_INPUTS


def latents(n=400, dim=8, seed=0):
    return torch.randn(n, dim, generator=torch.Generator().manual_seed(seed))


def spread(rows):
    rows = rows.double().numpy()
    return np.linalg.norm(rows[:, None] - rows, axis=2).sum() / (len(rows) * (len(rows) - 1))


@given(seed=st.integers(0, 10_000), n=st.integers(2, 20), dim=st.integers(3, 12))
def test_agrees_with_the_definition(seed, n, dim):
    z = latents(n, dim, seed)

    def respond(z):
        return torch.tanh(z) + z.square().sum(dim=1, keepdim=True)

    hot = torch.eye(dim) * z.norm(dim=1).mean()
    expected = spread(respond(hot)) / spread(respond(z))
    assert one_hot_sensitivity(respond=respond, latents=z) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("gain", [1e-3, 1.0, 1e3])
def test_a_linear_generator_scores_one_at_any_gain(gain):
    assert one_hot_sensitivity(respond=lambda z: gain * z, latents=latents()) == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("read", [1, 4, 8])
def test_dead_inputs_lower_it(read):
    # Of inputs that are not read, all one-hot latents give the same sample: by hand, pairs that still differ.
    def respond(z):
        return z[:, :read]

    dead = 8 - read
    pairs = (read * (read - 1) * 2**0.5 + 2 * read * dead) / (8 * 7)
    expected = pairs * latents().norm(dim=1).mean().item() / spread(respond(latents()))
    assert one_hot_sensitivity(respond=respond, latents=latents()) == pytest.approx(expected, rel=1e-4)


def test_a_generator_that_does_not_listen_scores_nothing():
    assert one_hot_sensitivity(respond=torch.zeros_like, latents=latents()) == 0.0


def test_a_generator_that_answers_usual_latents_alike_scores_nothing_whatever_one_hot_ones_do():
    assert one_hot_sensitivity(respond=lambda z: 1e-6 * z, latents=latents(), resolution=1e-3) == 0.0
    span = spread(latents())
    assert one_hot_sensitivity(respond=lambda z: z, latents=latents(), resolution=0.999 * span) > 0.5
    assert one_hot_sensitivity(respond=lambda z: z, latents=latents(), resolution=1.001 * span) == 0.0


def test_own_noise_of_the_generator_is_no_answer_to_the_latents():
    def noise(z):
        return torch.randn(z.shape, generator=torch.Generator().manual_seed(9))

    assert one_hot_sensitivity(respond=lambda z: 5 * noise(z), latents=latents()) == 0.0
    mixed = one_hot_sensitivity(respond=lambda z: z + 0.5 * noise(z), latents=latents())
    assert mixed == pytest.approx(1.0, abs=0.15)


def asked(z):
    """The batches that a generator is asked with, without those of one latent repeated."""
    seen = []
    one_hot_sensitivity(respond=lambda z: seen.append(z) or z.flatten(1), latents=z)
    return [z for z in seen if not (z == z[:1]).all()]


def test_each_input_is_switched_on_alone_at_the_usual_length():
    z = latents(50, 6)
    usual, hot = asked(z)
    assert torch.equal(usual, z)
    assert torch.equal(hot != 0, torch.eye(6, dtype=torch.bool))
    assert hot.diagonal().tolist() == pytest.approx([z.norm(dim=1).mean().item()] * 6)


@pytest.mark.parametrize("dim", [1, 2])
def test_one_or_two_inputs_are_judged_by_both_signs(dim):
    _, hot = asked(latents(50, dim))
    assert torch.equal(hot.sign(), torch.cat([torch.eye(dim), -torch.eye(dim)]))
    assert one_hot_sensitivity(respond=lambda z: z, latents=latents(50, dim)) > 0.9


def test_three_inputs_are_not_judged_by_their_signs():
    _, hot = asked(latents(50, 3))
    assert len(hot) == 3


def test_of_wide_latents_the_first_inputs_stand_for_all():
    _, hot = asked(latents(20, 300))
    assert hot.shape == (MOST_INPUTS, 300)


def test_latents_keep_their_shape_and_precision():
    _, hot = asked(latents(20, 6).reshape(20, 3, 2, 1).double())
    assert hot.shape == (6, 3, 2, 1)
    assert hot.dtype == torch.float64


def test_roles_are_not_interchangeable():
    with pytest.raises(TypeError):
        one_hot_sensitivity(torch.exp, latents())


@pytest.mark.bad_input
def test_bad_input_is_explained():
    with pytest.raises(ValueError, match="`latents` needs at least 2 rows, got 1"):
        one_hot_sensitivity(respond=torch.exp, latents=latents(1))
    with pytest.raises(ValueError, match="NaN or infinity in 5 of 5 rows"):
        one_hot_sensitivity(respond=lambda z: z * torch.nan, latents=latents(5))
