"""Jacobian condition: known stretches; the rest is tested beside its siblings in test_jacobian_participation."""

import pytest
import torch

from collapse_metrics.probes import jacobian_condition


@pytest.mark.parametrize("stretch", [1.0, 10.0, 1e4])
def test_reads_the_logarithm_of_the_stretch(stretch, rng):
    scale = torch.tensor([stretch, 1.0, 1.0], dtype=torch.double)
    z = torch.randn(4, 3, generator=rng, dtype=torch.double)
    found = jacobian_condition(jvp=lambda z, v: v * scale, latents=z, rng=rng)
    assert 10**found == pytest.approx(stretch, rel=1e-4)


def test_the_scale_ends_where_single_precision_does(rng):
    z = torch.randn(4, 2, generator=rng)
    scale = torch.tensor([1.0, 1e-9])
    assert jacobian_condition(jvp=lambda z, v: v * scale, latents=z, rng=rng) == 7.0
