"""Chance and a stand-in for a run, for the tests of the reference GANs."""

from types import SimpleNamespace

import pytest
import torch


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def moment(rng):
    """What a cure may ask of a run: chance, the step, the networks, what it kept."""
    return SimpleNamespace(rng=rng, step=1, steps=100, generator=None, discriminator=None, kept={})
