"""Batch-norm gap: nothing where statistics agree, one or more where they are stale."""

import pytest
import torch
from torch import nn

from collapse_metrics.probes import Sampler, batch_norm_gap


def generator(momentum):
    with torch.random.fork_rng():
        torch.manual_seed(0)
        return nn.Sequential(nn.Linear(8, 16), nn.BatchNorm1d(16, momentum=momentum), nn.ReLU(), nn.Linear(16, 10))


def gap_of(module, latents):
    sampler = Sampler(module, latent=8)
    return batch_norm_gap(respond=sampler.respond, respond_batch=sampler.with_batch_statistics, latents=latents)


def test_statistics_of_the_same_batches_leave_a_small_gap(rng):
    module = generator(momentum=0.1)
    with torch.no_grad():
        module[0].weight *= 3
        for _ in range(200):
            module(torch.randn(64, 8, generator=rng))
    assert gap_of(module, torch.randn(64, 8, generator=rng)) < 0.4


def test_statistics_that_were_never_updated_leave_a_large_one(rng):
    module = generator(momentum=0.0)
    with torch.no_grad():
        module[0].weight *= 30
        module[0].bias += 50
        module(torch.randn(64, 8, generator=rng))
    assert gap_of(module, torch.randn(64, 8, generator=rng)) > 1


def test_without_batch_norm_there_is_no_gap(rng):
    module = nn.Sequential(nn.Linear(8, 5), nn.Dropout(0.5))
    assert gap_of(module, torch.randn(30, 8, generator=rng)) == 0.0
    assert not Sampler(module, latent=8).has_batch_norm
    assert Sampler(generator(0.1), latent=8).has_batch_norm


def test_is_the_mean_gap_over_the_larger_spread(rng):
    z = torch.randn(20, 3, generator=rng)
    found = batch_norm_gap(respond=lambda z: 2 * z, respond_batch=lambda z: z + 1, latents=z)
    expected = (z - 1).norm(dim=1).mean() / torch.nn.functional.pdist(2 * z).mean()
    assert found == pytest.approx(expected.item(), rel=1e-5)
    assert batch_norm_gap(respond=lambda z: 0 * z, respond_batch=lambda z: 0 * z + 1, latents=z) == pytest.approx(10.0)
