"""Latent sensitivity: against the definition, against theory, and in a generator that does not listen."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics.probes import latent_sensitivity
from collapse_metrics.probes.latent_sensitivity import _derangement


def latents(n=400, dim=8, seed=0):
    return torch.randn(n, dim, generator=torch.Generator().manual_seed(seed))


def sensitivity(respond, z, **options):
    return latent_sensitivity(respond=respond, latents=z, rng=torch.Generator().manual_seed(1), **options)


def spread(rows):
    rows = rows.double().numpy()
    between = np.linalg.norm(rows[:, None] - rows, axis=2)
    return between.sum() / (len(rows) * (len(rows) - 1))


@pytest.mark.parametrize("step", [0.1, 0.5])
@given(seed=st.integers(0, 10_000), n=st.integers(2, 30))
def test_agrees_with_the_definition(step, seed, n):
    z = latents(n, 4, seed)

    def respond(z):
        return torch.tanh(3 * z) + z.square().sum(dim=1, keepdim=True)

    partner = z[_derangement(n, torch.Generator().manual_seed(1))]
    moved = (z + step * partner) / np.sqrt(1 + step**2)
    near = (respond(moved) - respond(z)).double().norm(dim=1).mean() / spread(respond(z))
    expected = near / ((moved - z).double().norm(dim=1).mean() / spread(z))
    assert sensitivity(respond, z, step=step) == pytest.approx(expected.item(), rel=1e-4)


@pytest.mark.parametrize("gain", [1e-3, 1.0, 1e3])
def test_a_linear_generator_scores_one_at_any_gain(gain):
    turn, _ = torch.linalg.qr(latents(8, 8, seed=5))
    assert sensitivity(lambda z: gain * z @ turn, latents()) == pytest.approx(1.0, abs=1e-4)


def test_a_random_linear_generator_scores_about_one():
    weights = latents(8, 50, seed=5)
    assert sensitivity(lambda z: z @ weights + 7, latents()) == pytest.approx(1.0, abs=0.1)


def test_moving_keeps_the_law_of_the_latents():
    seen = []
    sensitivity(lambda z: seen.append(z) or z, latents(4000))
    usual, moved = seen[0], seen[-1]
    assert moved.std().item() == pytest.approx(1.0, abs=0.02)
    assert not torch.equal(usual, moved)


def test_a_generator_that_does_not_listen_scores_nothing():
    assert sensitivity(torch.zeros_like, latents()) == 0.0
    assert sensitivity(lambda z: z.sign().clamp(min=1), latents()) == 0.0


def test_plateaus_with_one_sharp_border_score_what_theory_predicts():
    # A move turns a latent by atan(step); it crosses the border with that angle over pi, and then jumps by 2,
    # where two unrelated ones lie 1 apart. In many dimensions a move is step / sqrt(2) of the usual distance.
    expected = 2 * np.arctan(0.1) / np.pi / (0.1 / np.sqrt(2))
    assert sensitivity(lambda z: z[:, :1].sign(), latents(8000, 64)[:4000]) == pytest.approx(expected, abs=0.25)


def test_a_jumpy_generator_scores_more_than_one():
    assert sensitivity(lambda z: torch.sin(50 * z), latents()) > 3


def own_noise(size):
    """Noise of the generator's own, drawn anew from one seed at every look."""
    return lambda z: size * torch.randn(z.shape, generator=torch.Generator().manual_seed(9))


def test_own_noise_of_the_generator_is_no_answer_to_the_latents():
    assert sensitivity(own_noise(5.0), latents()) == 0.0


@pytest.mark.parametrize("size", [0.5, 1.0])
def test_own_noise_beside_an_answer_does_not_dilute_it(size):
    noise = own_noise(size)
    assert sensitivity(lambda z: z + noise(z), latents()) == pytest.approx(1.0, abs=0.1)


def test_differences_below_the_resolution_are_none():
    assert sensitivity(lambda z: 1e-6 * z, latents()) == pytest.approx(1.0, abs=0.01)
    assert sensitivity(lambda z: 1e-6 * z, latents(), resolution=1e-3) == 0.0
    span = spread(latents())
    assert sensitivity(lambda z: z, latents(), resolution=span * 0.999) > 0.9
    assert sensitivity(lambda z: z, latents(), resolution=span * 1.001) == 0.0


@given(n=st.integers(2, 50), seed=st.integers(0, 1000))
def test_everybody_has_a_partner_and_nobody_is_his_own(n, seed):
    partner = _derangement(n, torch.Generator().manual_seed(seed))
    assert sorted(partner.tolist()) == list(range(n))
    assert (partner != torch.arange(n)).all()


def test_the_source_of_chance_decides_the_pairs():
    z = latents(30)
    scores = [
        latent_sensitivity(respond=torch.exp, latents=z, rng=torch.Generator().manual_seed(seed)) for seed in (1, 1, 2)
    ]
    assert scores[0] == scores[1] != scores[2]


def test_roles_are_not_interchangeable():
    with pytest.raises(TypeError):
        latent_sensitivity(torch.exp, latents(), torch.Generator())


@pytest.mark.bad_input
def test_bad_input_is_explained():
    with pytest.raises(ValueError, match="`latents` needs at least 2 rows, got 1"):
        sensitivity(torch.exp, latents(1))
    with pytest.raises(ValueError, match="`latents` must differ, got the same row throughout"):
        sensitivity(lambda z: torch.randn(z.shape), torch.ones(5, 3))
    with pytest.raises(ValueError, match="NaN or infinity in 5 of 5 rows"):
        sensitivity(lambda z: z * torch.nan, latents(5))
