"""Loss change: steps, noise, drifts, and input that cannot be judged. Its numerics: tests/stats."""

import numpy as np
import pytest

from collapse_metrics.metrics import loss_change
from collapse_metrics.stats.change_point import level_change


def test_is_the_p_value_of_the_likeliest_change(numpy_rng):
    losses = numpy_rng.standard_normal(100).cumsum()
    assert loss_change(g_losses=losses, seed=7) == level_change(losses, rng=np.random.default_rng(7)).p_value


@pytest.mark.parametrize("size", [1.5, -3])
def test_a_step_is_found(size, numpy_rng):
    assert loss_change(g_losses=size * (np.arange(300) > 170) + numpy_rng.standard_normal(300)) == 0.002


def test_a_fall_within_a_dozen_steps_is_found(numpy_rng):
    fall = np.interp(np.arange(300), [150, 162], [2.0, 0.0])
    assert loss_change(g_losses=fall + 0.5 * numpy_rng.standard_normal(300)) == 0.002


def test_noise_and_drift_are_no_change(numpy_rng):
    noise = numpy_rng.standard_normal(300)
    assert loss_change(g_losses=noise) > 0.01
    assert loss_change(g_losses=noise + 0.02 * np.arange(300)) > 0.01


def test_the_unit_of_the_losses_does_not_matter(numpy_rng):
    losses = numpy_rng.standard_normal(128)
    assert loss_change(g_losses=losses) == loss_change(g_losses=-1000 * losses + 5)


@pytest.mark.bad_input  # taken although the annotations do not say so
def test_lists_are_taken_too_and_64_steps_are_enough(numpy_rng):
    assert 0 < loss_change(g_losses=list(numpy_rng.standard_normal(64))) <= 1


@pytest.mark.parametrize(
    ("losses", "message"),
    [
        (np.zeros(63), r"`g_losses` needs at least 64 steps, got 63: train longer, or log every step"),
        (np.array([np.inf] * 2 + [0.0] * 98), r"`g_losses` has NaN or infinity at 2 of 100 steps"),
        (np.zeros((100, 2)), r"`g_losses` must be one number a step, got shape \(100, 2\)"),
    ],
    ids=["short", "infinite", "two-dimensional"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(losses, message):
    with pytest.raises(ValueError, match=message):
        loss_change(g_losses=losses)
