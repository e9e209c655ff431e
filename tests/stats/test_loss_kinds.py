"""Levels at chance, from the losses themselves."""

import pytest
import torch
from torch.nn import functional

from collapse_metrics.stats.loss_kinds import KINDS, loss_kind


def test_levels_are_those_of_a_discriminator_that_cannot_tell():
    undecided, real, fake = torch.zeros(8), torch.ones(8), torch.zeros(8)
    bce = functional.binary_cross_entropy_with_logits
    cross_entropy = bce(undecided, real) + bce(undecided, fake)
    assert KINDS["non_saturating"].at_chance == pytest.approx(cross_entropy.item())
    assert KINDS["saturating"].at_chance == pytest.approx(cross_entropy.item())
    half = torch.full((8,), 0.5)
    assert (
        KINDS["least_squares"].at_chance == (functional.mse_loss(half, real) + functional.mse_loss(half, fake)).item()
    )
    assert KINDS["hinge"].at_chance == ((1 - undecided).relu() + (1 + undecided).relu()).mean().item()
    assert KINDS["wasserstein"].at_chance is None


def test_every_kind_says_how_it_is_read():
    assert all(len(kind.reading) > 60 and kind.name == name for name, kind in KINDS.items())


@pytest.mark.bad_input
def test_an_unknown_kind_lists_the_known_ones():
    with pytest.raises(
        ValueError, match="must be one of non_saturating, saturating, least_squares, hinge, wasserstein"
    ):
        loss_kind("wgan")
