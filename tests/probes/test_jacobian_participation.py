"""Jacobian probes: against the whole Jacobian by autograd, for derivatives of any kind, and at their ends."""

import math

import numpy as np
import pytest
import torch
from torch import nn

from collapse_metrics.probes import Sampler, dead_directions, jacobian_condition, jacobian_participation
from collapse_metrics.probes._jacobian import MOST_DIRECTIONS, MOST_LATENTS, singular_values


def network(size=6, seed=0, last=20):
    with torch.random.fork_rng():
        torch.manual_seed(seed)
        return nn.Sequential(nn.Linear(size, 30), nn.BatchNorm1d(30), nn.Tanh(), nn.Linear(30, last)).eval()


def by_definition(generator, latents):
    """Singular values of the whole Jacobian, place by place, by reverse-mode autograd."""
    jacobians = [torch.autograd.functional.jacobian(lambda z: generator(z[None])[0], z) for z in latents[:MOST_LATENTS]]
    return np.array([np.linalg.svd(j.numpy().astype(float), compute_uv=False) for j in jacobians])


def asked(generator, latents, rng):
    return {"jvp": Sampler(generator, latent=latents.shape[1]).jvp, "latents": latents, "rng": rng}


def test_singular_values_are_those_of_the_whole_jacobian(rng):
    generator, latents = network(), torch.randn(10, 6, generator=rng)
    found = singular_values(latents, jvp=Sampler(generator, latent=6).jvp, rng=rng, resolution=0.0)
    assert found.numpy() == pytest.approx(by_definition(generator, latents), rel=1e-3)


def test_the_three_probes_read_them_as_they_say(rng):
    generator, latents = network(), torch.randn(10, 6, generator=rng)
    values = by_definition(generator, latents)
    squares = values**2
    participation = (squares.sum(axis=1) ** 2 / (squares**2).sum(axis=1) / 6).mean()
    assert jacobian_participation(**asked(generator, latents, rng)) == pytest.approx(participation, rel=1e-3)
    condition = np.log10(values[:, 0] / values[:, -1]).mean()
    assert jacobian_condition(**asked(generator, latents, rng)) == pytest.approx(condition, rel=1e-3)
    assert dead_directions(**asked(generator, latents, rng)) == (values < 0.01 * values[:, :1]).mean()


def test_a_lost_direction_is_one_less(rng):
    generator = network()
    latents = torch.randn(10, 6, generator=rng)
    with torch.no_grad():
        generator[0].weight[:, 2] = 0
    assert dead_directions(**asked(generator, latents, rng)) >= 1 / 6
    assert jacobian_condition(**asked(generator, latents, rng)) == 7.0


def test_one_direction_left_is_one_of_six(rng):
    generator, latents = nn.Linear(6, 4), torch.randn(10, 6, generator=rng)
    with torch.no_grad():
        generator.weight[:, 1:] = 0
    assert jacobian_participation(**asked(generator, latents, rng)) == pytest.approx(1 / 6)
    assert dead_directions(**asked(generator, latents, rng)) == pytest.approx(5 / 6)


def test_a_rotation_uses_all_directions_alike(rng):
    turn, _ = torch.linalg.qr(torch.randn(6, 6, generator=rng))
    latents = torch.randn(10, 6, generator=rng)
    scene = asked(lambda z: 7 * z @ turn, latents, rng)
    assert jacobian_participation(**scene) == pytest.approx(1.0, rel=1e-6)
    assert jacobian_condition(**scene) == pytest.approx(0.0, abs=1e-5)
    assert dead_directions(**scene) == 0.0


def test_wide_latents_are_cut_by_random_directions(rng):
    latents = torch.randn(3, 300, generator=rng)
    seen = []
    scene = {"jvp": lambda z, v: seen.append(v) or v, "latents": latents, "rng": rng}
    assert jacobian_participation(**scene) == pytest.approx(1.0, rel=1e-5)
    directions = seen[0].double()
    assert [len(v) for v in seen] == [MOST_DIRECTIONS] * 3  # one place at a time
    assert torch.allclose(directions @ directions.T, torch.eye(MOST_DIRECTIONS, dtype=torch.double), atol=1e-5)


def test_what_cannot_be_seen_does_not_move(rng):
    latents = torch.randn(4, 6, generator=rng)
    scene = {"jvp": lambda z, v: 1e-6 * v, "latents": latents, "rng": rng, "resolution": 0.1}
    assert (jacobian_participation(**scene), jacobian_condition(**scene), dead_directions(**scene)) == (0.0, 7.0, 1.0)


class TestDerivatives:
    @pytest.mark.parametrize(
        "wrapped",
        [
            lambda g: g,
            lambda g: lambda z: torch.from_numpy(g(z).numpy()),  # NumPy on the way: no derivative of any kind
            lambda g: lambda z: g(z.clone().mul_(1.0)),
            lambda g: lambda z: g(z).detach(),  # forward mode answers zeros, without a word
            torch.inference_mode(),
        ],
        ids=["forward mode", "differences", "in place", "detached", "inference mode"],
    )
    def test_of_any_generator_are_those_of_autograd(self, wrapped, rng):
        generator = network()
        z, v = torch.randn(5, 6, generator=rng), torch.randn(5, 6, generator=rng)
        expected = torch.autograd.functional.jvp(generator, z, v)[1]
        change = Sampler(wrapped(generator), latent=6).jvp(z, v)
        assert change.shape == (5, 20)
        assert torch.allclose(change, expected, atol=1e-3)

    def test_own_noise_of_the_generator_is_no_change(self, rng):
        def noisy(z):
            return torch.from_numpy((z + torch.randn(z.shape)).numpy())

        z, v = torch.randn(5, 6, generator=rng), torch.randn(5, 6, generator=rng)
        assert torch.allclose(Sampler(noisy, latent=6).jvp(z, v), v, atol=1e-4)

    def test_leave_no_trace(self, rng):
        generator = network().train()
        before = {name: x.clone() for name, x in generator.state_dict().items()}
        state = torch.get_rng_state()
        Sampler(generator, latent=6).jvp(torch.randn(5, 6, generator=rng), torch.randn(5, 6, generator=rng))
        Sampler(generator, latent=6).with_batch_statistics(torch.randn(5, 6, generator=rng))
        assert all(torch.equal(x, before[name]) for name, x in generator.state_dict().items())
        assert generator.training
        assert all(part.training for part in generator.modules())
        assert torch.equal(torch.get_rng_state(), state)
        assert all(p.grad is None and p.requires_grad for p in generator.parameters())


@pytest.mark.bad_input
@pytest.mark.parametrize("probe", [jacobian_participation, jacobian_condition, dead_directions])
def test_needs_two_latents(probe, rng):
    with pytest.raises(ValueError, match="`latents` needs at least 2 rows, got 1"):
        probe(jvp=lambda z, v: v, latents=torch.zeros(1, 3), rng=rng)
    assert math.isfinite(probe(jvp=lambda z, v: v, latents=torch.zeros(2, 3), rng=rng))
