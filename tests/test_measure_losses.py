"""What a run's losses are asked: cycles, changes, chasing and balance, in the later half, where they can be judged."""

import numpy as np
import pytest

from collapse_metrics.evaluate import LOSS_WINDOW, measure_losses
from collapse_metrics.metrics import loss_balance, loss_change, loss_oscillation, loss_quadrature


def measured(g=None, d=None, **options):
    losses = {name: series for name, series in (("g_loss", g), ("d_loss", d)) if series is not None}
    return {m.name: m for m in measure_losses(losses, step=9, seed=3, **options)}


def test_the_later_half_is_judged_as_the_metrics_judge_it(numpy_rng):
    g, d = numpy_rng.standard_normal((2, 300))
    found = measured(g, d)
    assert found["loss_oscillation"].value == loss_oscillation(g_losses=g[150:], seed=3)
    assert found["loss_change"].value == loss_change(g_losses=g[150:], seed=3)
    assert found["loss_quadrature"].value == loss_quadrature(g_losses=g[150:], d_losses=d[150:], seed=3)
    assert all(found[name].expected == (0.01, 1.0) for name in ("loss_oscillation", "loss_change", "loss_quadrature"))
    assert all((m.step, m.n_fake) == (9, 150) for m in found.values())


def test_the_step_of_a_change_is_counted_from_the_first_logged_one(numpy_rng):
    found = measured(3.0 * (np.arange(400) >= 310) + 0.2 * numpy_rng.standard_normal(400))
    assert found["loss_change"].value == 0.002
    assert found["loss_change_step"].value == 310
    assert found["loss_change_size"].value == pytest.approx(3.0, abs=0.2)


def test_of_long_runs_the_newest_losses_are_judged(numpy_rng):
    steps = 2 * LOSS_WINDOW + 2000
    found = measured(3.0 * (np.arange(steps) >= steps - 500) + numpy_rng.standard_normal(steps))
    assert found["loss_change"].n_fake == LOSS_WINDOW
    assert found["loss_change_step"].value == steps - 500


@pytest.mark.parametrize("d", [None, np.zeros(299), np.full(300, np.nan)], ids=["none", "uneven", "nan"])
def test_without_a_loss_beside_it_nothing_is_said_of_both(d, numpy_rng):
    found = measured(numpy_rng.standard_normal(300), d)
    assert "loss_quadrature" not in found
    assert "loss_oscillation" in found


@pytest.mark.parametrize("g", [None, [], np.zeros(126), [0.0] * 299 + [None]], ids=["none", "empty", "short", "broken"])
def test_what_cannot_be_judged_is_left_out(g):
    assert measured(g) == {}


def test_a_loss_that_does_not_move_has_no_period():
    assert set(measured(np.ones(300))) == {"loss_oscillation", "loss_change", "loss_change_step", "loss_change_size"}


def test_the_balance_is_judged_where_the_kind_is_known(numpy_rng):
    d = 0.5 + 0.1 * numpy_rng.random(300)
    assert "loss_balance" not in measured(d=d)
    assert measured(d=d, loss_kind="hinge")["loss_balance"].value == loss_balance(d_losses=d, loss_kind="hinge")
    assert measured(d=-d, loss_kind="wasserstein") == {}


def test_cycles_of_the_epoch_can_be_left_out(numpy_rng):
    turns = 2 * np.pi * np.arange(1000) / 20
    g, d = (f(turns) + 0.5 * numpy_rng.standard_normal(1000) for f in (np.sin, np.cos))
    for name in ("loss_oscillation", "loss_quadrature"):
        assert measured(g, d)[name].value == 0.002
        assert measured(g, d, steps_per_epoch=40)[name].value > 0.01
