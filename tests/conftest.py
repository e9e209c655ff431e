"""Chance, for all tests: seeded, so that a failure comes back when it is looked for."""

import numpy as np
import pytest
import torch
from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("repeatable")


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def numpy_rng():
    return np.random.default_rng(0)
