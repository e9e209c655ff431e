"""Loss quadrature: chasing, swinging against each other, and input that cannot be judged. Numerics: tests/stats."""

import numpy as np
import pytest

from collapse_metrics.metrics import loss_quadrature
from collapse_metrics.stats.coherence import quadrature


def rotation(rng, steps=300):
    """Two players that chase each other and are pushed about; each logs its own place."""
    place, turn = np.array([1.0, 0.0]), np.array([[np.cos(0.4), -np.sin(0.4)], [np.sin(0.4), np.cos(0.4)]])
    seen = []
    for _ in range(steps):
        place = 0.98 * turn @ place + 0.2 * rng.standard_normal(2)
        seen.append(place)
    return np.array(seen).T + 0.3 * rng.standard_normal((2, steps))


def dirac_gan(rng, steps=400, rate=0.3):
    """Mescheder et al. 2018: one number each, data at zero. Both losses read the same product."""
    theta, psi, seen = 1.0, 0.0, []
    for _ in range(steps):
        psi -= rate * theta / (1 + np.exp(-theta * psi)) + 0.02 * psi
        theta += rate * psi / (1 + np.exp(theta * psi))
        theta += 0.1 * rng.standard_normal()
        seen.append((np.log1p(np.exp(-theta * psi)), np.log(2) + np.log1p(np.exp(theta * psi))))
    return np.array(seen).T


def test_is_the_p_value_of_the_strongest_cycle_in_quadrature(numpy_rng):
    g, d = numpy_rng.standard_normal((2, 100)).cumsum(axis=1)
    assert loss_quadrature(g_losses=g, d_losses=d, seed=7) == quadrature(g, d, rng=np.random.default_rng(7)).p_value


def test_players_that_chase_each_other_are_found(numpy_rng):
    g, d = rotation(numpy_rng)
    assert loss_quadrature(g_losses=g, d_losses=d) <= 0.004
    assert loss_quadrature(g_losses=d, d_losses=g) <= 0.004


def test_losses_that_read_one_score_swing_against_each_other(numpy_rng):
    # The game rotates, the losses do not: the docstring says so.
    g, d = dirac_gan(numpy_rng)
    assert np.corrcoef(g, d)[0, 1] < -0.9
    assert loss_quadrature(g_losses=g, d_losses=d) > 0.01


def test_one_loss_twice_is_no_rotation(numpy_rng):
    g, _ = rotation(numpy_rng)
    assert loss_quadrature(g_losses=g, d_losses=g) == 1.0
    assert loss_quadrature(g_losses=g, d_losses=-g) == 1.0


def test_the_units_of_the_losses_do_not_matter(numpy_rng):
    g, d = numpy_rng.standard_normal((2, 128))
    assert loss_quadrature(g_losses=g, d_losses=d) == loss_quadrature(g_losses=100 * g + 5, d_losses=d / 7 - 1)


def test_cycles_of_the_epoch_can_be_left_out(numpy_rng):
    steps = np.arange(480)
    g, d = (f(2 * np.pi * steps / 16) + 0.5 * numpy_rng.standard_normal(480) for f in (np.sin, np.cos))
    assert loss_quadrature(g_losses=g, d_losses=d) == 0.002
    assert loss_quadrature(g_losses=g, d_losses=d, steps_per_epoch=32.0) > 0.01


@pytest.mark.parametrize(
    ("g", "d", "message"),
    [
        (np.zeros(63), np.zeros(63), r"`g_losses` needs at least 64 steps, got 63"),
        (np.zeros(100), np.zeros(99), r"must be of the same steps, got 100 and 99: keep the steps that have both"),
        (np.zeros(100), np.full(100, np.nan), r"`d_losses` has NaN or infinity at 100 of 100 steps"),
        (np.zeros((100, 2)), np.zeros(100), r"`g_losses` must be one number a step, got shape \(100, 2\)"),
    ],
    ids=["short", "uneven", "nan", "two-dimensional"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(g, d, message):
    with pytest.raises(ValueError, match=message):
        loss_quadrature(g_losses=g, d_losses=d)
