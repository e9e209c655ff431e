"""Chance, for all tests: seeded, so that a failure comes back when it is looked for."""

import os

import numpy as np
import pytest
import torch
from hypothesis import settings

settings.register_profile("repeatable", deadline=None, derandomize=True, max_examples=40)
settings.load_profile("repeatable")

if "PYTEST_XDIST_WORKER" in os.environ:  # a worker a core: threads of each would only wait for the others'
    torch.set_num_threads(1)


@pytest.fixture(autouse=True, scope="module")
def _modules_begin_anew():
    """What a module builds once for all its tests is the same whichever tests ran before."""
    torch.manual_seed(0)


@pytest.fixture(autouse=True)
def _tests_begin_anew(_modules_begin_anew):
    """Networks made by hand start from torch's global numbers: so they are the same in any order of the tests."""
    torch.manual_seed(0)


@pytest.fixture
def rng():
    return torch.Generator().manual_seed(0)


@pytest.fixture
def numpy_rng():
    return np.random.default_rng(0)
