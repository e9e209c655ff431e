"""Loss oscillation: cycles, noise, wandering, and input that cannot be judged. Its numerics: tests/stats."""

import numpy as np
import pytest

from collapse_metrics.metrics import loss_oscillation
from collapse_metrics.stats.red_noise import strongest_cycle


def test_is_the_p_value_of_the_strongest_cycle(numpy_rng):
    losses = numpy_rng.standard_normal(100).cumsum()
    cycle = strongest_cycle(losses, rng=np.random.default_rng(7))
    assert loss_oscillation(g_losses=losses, seed=7) == cycle.p_value


@pytest.mark.parametrize("period", [4, 11, 30])
def test_a_cycle_is_found(period, numpy_rng):
    losses = 1 + np.sin(2 * np.pi * np.arange(240) / period) + 0.5 * numpy_rng.standard_normal(240)
    assert loss_oscillation(g_losses=losses) == 0.002


def test_a_cycle_on_wandering_losses_is_found(numpy_rng):
    losses = 0.05 * numpy_rng.standard_normal(240).cumsum() + np.sin(np.arange(240))
    assert loss_oscillation(g_losses=losses) == 0.002


def test_wandering_losses_are_no_cycle(numpy_rng):
    assert loss_oscillation(g_losses=0.1 * numpy_rng.standard_normal(240).cumsum()) > 0.01


def test_the_unit_of_the_losses_does_not_matter(numpy_rng):
    losses = numpy_rng.standard_normal(128)
    assert loss_oscillation(g_losses=losses) == loss_oscillation(g_losses=1000 * losses + 5)


def test_lists_are_taken_too_and_64_steps_are_enough(numpy_rng):
    assert loss_oscillation(g_losses=numpy_rng.standard_normal(64)) > 0


def test_takes_its_data_by_name_only():
    with pytest.raises(TypeError):
        loss_oscillation(np.zeros(100))


@pytest.mark.parametrize(
    ("losses", "message"),
    [
        (np.zeros(63), r"`g_losses` needs at least 64 steps, got 63: train longer, or log every step"),
        (np.array([np.nan] * 3 + [0.0] * 97), r"`g_losses` has NaN or infinity at 3 of 100 steps"),
        (np.zeros((100, 2)), r"`g_losses` must be one number a step, got shape \(100, 2\)"),
    ],
    ids=["short", "nan", "two-dimensional"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(losses, message):
    with pytest.raises(ValueError, match=message):
        loss_oscillation(g_losses=losses)
