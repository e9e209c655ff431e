"""Interpolation evenness: even movement is one, a single jump is zero, and nobody walks to himself."""

import pytest
import torch

from collapse_metrics.probes import interpolation_evenness
from collapse_metrics.probes.interpolation_evenness import STEPS


def test_an_arc_walked_evenly_scores_nearly_one(rng):
    # For latents of one length at right angles the arc has equal steps exactly.
    z = torch.eye(8, dtype=torch.double)
    assert interpolation_evenness(respond=lambda z: z, latents=z, rng=rng) == pytest.approx(1.0)


def test_a_single_jump_scores_nothing(rng):
    z = torch.randn(16, 4, generator=rng)
    places = torch.randn(2, 30, generator=rng)

    def snaps(z):
        return places[(z[:, 0] > 0).long()]

    assert interpolation_evenness(respond=snaps, latents=z, rng=rng) == 0.0


def test_between_jump_and_evenness_lies_the_mean_step_over_the_largest(rng):
    z = torch.eye(2, dtype=torch.double)

    def twice(z):  # two equal jumps on a path of sixteen steps
        return (z.atan2(z.flip(1))[:, :1] * 3 / (torch.pi / 2)).floor().clamp(0, 2)

    expected = (2 / STEPS - 1 / STEPS) / (1 - 1 / STEPS)
    assert interpolation_evenness(respond=twice, latents=z, rng=rng) == pytest.approx(expected)


def test_every_latent_begins_one_path_and_ends_another(rng):
    z = torch.randn(5, 3, generator=rng, dtype=torch.double)
    seen = []
    interpolation_evenness(respond=lambda z: seen.append(z) or z, latents=z, rng=rng)
    path = seen[0].view(STEPS + 1, 5, 3)
    assert torch.allclose(path[0], z)
    assert torch.allclose(path[-1].sort(dim=0).values, z.sort(dim=0).values, atol=1e-9)
    assert not torch.isclose(path[-1], z).all(dim=1).any()
