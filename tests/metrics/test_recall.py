"""Recall: a lost mode costs its share, copies recall nothing, and one outlier may recall lost modes."""

import pytest
import torch

from collapse_metrics.metrics import clipped_coverage, recall


def test_each_lost_mode_costs_its_share(ring):
    real, fake = ring(8, 40), ring(8, 40)
    whole = recall(real=real, fake=fake)
    for kept in (6, 4, 1):
        lost = recall(real=real, fake=fake[: 40 * kept])
        assert lost == pytest.approx(whole * kept / 8, abs=0.05)


def test_copies_recall_only_themselves(rng):
    real = torch.randn(100, 3, generator=rng)
    assert recall(real=real, fake=real[:1].expand(50, 3)) == 0.01


def test_one_outlier_may_recall_lost_modes(ring):
    # Four of eight modes, and one stray sample far away: its ball reaches over the lost ones.
    real, half = ring(8, 40), ring(8, 40)[:160]
    stray = torch.tensor([[0.0, -1000.0]])
    fake = torch.cat([half, stray])
    assert recall(real=real, fake=half) < 0.6
    assert recall(real=real, fake=fake) > 0.8
    with_stray = clipped_coverage(real=real, fake=fake)
    assert with_stray == pytest.approx(clipped_coverage(real=real, fake=half), abs=0.01), "it does not fall for it"
