"""Precision: what held-out real data score, what breaks it, and what it cannot see."""

import pytest
import torch

from collapse_metrics.metrics import coverage, precision, recall


def test_a_perfect_generator_scores_what_held_out_data_score(rng):
    # In one dimension nearly everything lies in some ball; in 64 hardly two thirds do.
    low = [torch.randn(500, 1, generator=rng) for _ in range(2)]
    high = [torch.randn(500, 64, generator=rng) for _ in range(2)]
    assert precision(real=low[0], fake=low[1]) > 0.97
    assert precision(real=high[0], fake=high[1]) < 0.9


def test_rubbish_costs_its_share(rng):
    real, good = torch.randn(200, 2, generator=rng), torch.randn(200, 2, generator=rng)
    fake = torch.cat([good, good[:100] + 1000])
    assert precision(real=real, fake=fake) == pytest.approx(precision(real=real, fake=good) * 200 / 300)


def test_is_blind_to_collapse(rng):
    real = torch.randn(200, 2, generator=rng)
    fake = real[:1].expand(200, 2)
    assert precision(real=real, fake=fake) == 1.0
    assert coverage(real=real, fake=fake) < 0.1


def test_is_recall_with_the_roles_exchanged(rng):
    x, y = torch.randn(60, 3, generator=rng), torch.randn(50, 3, generator=rng)
    assert precision(real=x, fake=y, k=4) == recall(real=y, fake=x, k=4)
    assert precision(real=x, fake=y, k=4) != precision(real=y, fake=x, k=4)
