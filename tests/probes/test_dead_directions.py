"""Dead directions: a hundredth is the line; the rest is tested beside its siblings in test_jacobian_participation."""

import torch

from collapse_metrics.probes import dead_directions


def test_a_hundredth_of_the_strongest_is_the_line(rng):
    z = torch.randn(4, 4, generator=rng, dtype=torch.double)
    scale = torch.tensor([1.0, 0.5, 0.011, 0.009], dtype=torch.double)
    assert dead_directions(jvp=lambda z, v: v * scale, latents=z, rng=rng) == 0.25
