"""What every adapter is tested with: a small world, chance that is set, and all that a training leaves behind."""

import logging
import os
import random

import numpy as np
import pytest
import torch
from torch import nn

import collapse_metrics as cm

os.environ.setdefault("KERAS_BACKEND", "torch")  # read by Keras when it is first imported


LOGGERS = ("lightning", "lightning.pytorch", "lightning.fabric")
"""Loggers that write to the standard error of the moment in which they were imported: of a test that is over."""


@pytest.fixture(autouse=True)
def no_late_words():
    """Take from them what they write to."""
    yield
    for name in LOGGERS:
        logging.getLogger(name).handlers.clear()


@pytest.fixture(scope="session")
def plane():
    """A reference of points in the plane: a look costs half a second."""
    return cm.Reference.fit(real=torch.randn(400, 2, generator=torch.Generator().manual_seed(1)), name="plane")


@pytest.fixture
def quick(plane):
    """Options of a monitor that looks at every second step, with its alarms on, and hides no error."""
    return {"reference": plane, "every": 2, "n": 100, "alarms_from": 0, "print_to": None, "strict": True}


@pytest.fixture
def left_behind():
    """Runs a training, and gives all that it leaves: states, flags, gradients, random numbers."""

    def run(train, *args, **options):
        torch.manual_seed(3)
        np.random.seed(3)
        random.seed(3)
        things = train(*args, **options)
        numpy_state = np.random.get_state()
        return {
            "states": [_state(thing) for thing in things],
            "flags": [[part.training for part in thing.modules()] for thing in things if isinstance(thing, nn.Module)],
            "torch": torch.get_rng_state(),
            "numpy": (numpy_state[1].tolist(), numpy_state[2:]),
            "python": random.getstate(),
        }

    return run


def _state(thing):
    """Of Keras' objects the variables, under torch's hood or not; of torch's the ``state_dict``."""
    if hasattr(thing, "variables"):
        variables = thing.variables() if callable(thing.variables) else thing.variables
        return [np.asarray(v.value.detach()) for v in variables]
    return thing.state_dict()


@pytest.fixture
def differences():
    """Names of what is not the same bit for bit in two trainings."""

    def compare(one, other):
        assert one.keys() == other.keys()
        return [name for name in one if not _equal(one[name], other[name])]

    return compare


def _equal(a, b):
    if isinstance(a, torch.Tensor):
        return a.dtype == b.dtype and torch.equal(a, b)
    if isinstance(a, np.ndarray):
        return a.dtype == b.dtype and np.array_equal(a, b)
    if isinstance(a, dict):
        return a.keys() == b.keys() and all(_equal(a[k], b[k]) for k in a)
    if isinstance(a, list | tuple):
        return len(a) == len(b) and all(map(_equal, a, b))
    return a == b
