"""What goes into somebody else's log: plain numbers, each look once, and nothing that would be misread."""

import math

import pytest
import torch
from torch import nn

import collapse_metrics as cm
from collapse_metrics.monitor.beside import Beside, losses_in, optimizer_of, scalars
from collapse_metrics.records import Finding, Measurement, Scorecard, Status, Verdict


def card(verdict=Verdict.HEALTHY, findings=()):
    measured = [Measurement("coverage", 0.5), Measurement("mode_share[3]", 0.1), Measurement("density", math.nan)]
    return Scorecard(verdict, tuple(findings), tuple(measured))


def test_numbers_have_the_names_that_loggers_see_and_no_step_of_their_own():
    values = {
        "collapse/coverage": 0.5,
        "collapse/mode_share/3": 0.1,
        "collapse/severity": 0.0,
        "collapse/not_finite": 1,
    }
    assert scalars(card()) == values


def test_severity_is_that_of_the_scorecard():
    found = Finding("low_rank", Status.FOUND, "", "", severity=0.25)
    assert scalars(card(Verdict.PARTIAL_COLLAPSE, [found]))["collapse/severity"] == 0.25


def test_an_inconclusive_look_has_no_severity():
    """Nothing found in too few samples would be 0, the best there is."""
    assert "collapse/severity" not in scalars(card(Verdict.INCONCLUSIVE))


@pytest.mark.parametrize(
    "logged",
    [{"d_loss": 1, "g_loss": 2, "lr": 3}, {"errD": 1, "errG": 2}, {"critic_loss": 1, "gen_loss": 2}],
)
def test_losses_are_known_by_their_usual_names(logged):
    assert losses_in(logged) == {"d_loss": 1, "g_loss": 2}


def test_other_numbers_are_no_losses():
    assert losses_in({"accuracy": 1.0, "loss": 2.0}) == {}


def test_the_optimizer_of_the_generator_is_found_by_its_weights():
    g, d = nn.Linear(2, 2), nn.Linear(2, 2)
    of_g, of_d = torch.optim.SGD(g.parameters()), torch.optim.SGD(d.parameters())
    of_both = torch.optim.SGD([*g.parameters(), *d.parameters()])
    assert optimizer_of(g, [of_d, of_g]) is of_g
    assert optimizer_of(g, [of_both]) is of_both
    assert optimizer_of(g, [of_d]) is None
    assert optimizer_of(g, [of_g, of_both]) is None, "two move it: neither counts its steps alone"


class Still(nn.Module):
    """Hands its noise on."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))

    def forward(self, z):
        return z * self.weight


def beside_of(quick):
    g = Still()
    return Beside(g, latent=2, **quick), torch.optim.SGD(g.parameters(), lr=0.0)


def test_each_look_is_told_once(quick):
    beside, optimizer = beside_of(quick)
    beside.count(optimizer)
    told = []
    for _ in range(4):
        optimizer.step()
        told.append(beside.turn({}))
    assert [bool(values) for values in told] == [False, True, False, True]
    assert told[1]["collapse/finite_share"] == 1.0


def test_without_an_optimizer_turns_are_counted(quick):
    beside, _ = beside_of(quick)
    assert [bool(beside.turn({})) for _ in range(4)] == [False, True, False, True]


def test_losses_are_noted_once_a_generator_step(quick):
    """Where the critic steps five times as often, the generator's loss stands in the log until its next one."""
    beside, optimizer = beside_of(quick)
    beside.count(optimizer)
    for turn in range(6):
        if turn % 3 == 2:
            optimizer.step()
        beside.turn({"g_loss": turn})
    beside.rest()
    assert beside.monitor.history.losses["g_loss"] == [(1, 2.0), (2, 5.0)]


def test_resting_ends_the_count_and_another_optimizer_goes_on(quick):
    beside, first = beside_of(quick)
    second = torch.optim.SGD([torch.zeros(1)], lr=0.0)
    beside.count(first)
    first.step()
    beside.rest()
    first.step()
    beside.count(second)
    second.step()
    first.step()
    assert beside.monitor.steps == 2


@pytest.mark.parametrize("form", [lambda rows: rows, lambda rows: rows.numpy()], ids=["tensor", "array"])
def test_real_samples_stand_for_a_reference_fitted_to_them(form, quick):
    real = torch.randn(400, 2, generator=torch.Generator().manual_seed(1))
    given, fitted = (
        cm.Monitor(Still(), latent=2, **quick | {"reference": reference}).check()
        for reference in (form(real), cm.Reference.fit(real=real))
    )
    assert given.measurements == fitted.measurements


@pytest.mark.parametrize("part", ["alarms", "hopping"])
def test_a_state_that_fits_in_part_is_not_taken_in_part(quick, part):
    """Both begin anew, and the steps go on."""
    beside = Beside(nn.Linear(2, 2), latent=2, **quick)
    for _ in range(4):
        beside.turn({})
    fresh = Beside(nn.Linear(2, 2), latent=2, **quick)
    begun, state = fresh.monitor.state_dict(), beside.monitor.state_dict()
    with pytest.warns(UserWarning, match="alarms begin anew"):
        fresh.go_on({**state, part: {**state[part], "games": {}, "before": 3}})
    assert fresh.monitor.state_dict() == {**begun, "steps": 4}


def test_processes_that_cannot_look_together_train_on(quick, monkeypatch):
    """A torch without gloo: the first process looks alone, and its values stay out of the framework's log."""

    def no_gloo(**options):
        raise RuntimeError("Distributed package doesn't have Gloo built in")

    monkeypatch.setattr("collapse_metrics.monitor.beside.know_each_other", lambda: True)
    monkeypatch.setattr(torch.distributed, "is_initialized", lambda: True)
    monkeypatch.setattr(torch.distributed, "get_rank", lambda: 0)
    monkeypatch.setattr(torch.distributed, "get_world_size", lambda: 2)
    monkeypatch.setattr(torch.distributed, "new_group", no_gloo)
    with pytest.warns(UserWarning, match="the first looks alone: .*Gloo"):
        beside = Beside(nn.Linear(2, 2), latent=2, **quick)
    assert [beside.turn({}) for _ in range(2)] == [{}, {}]
    assert beside.monitor.history.steps == [2]
    with pytest.raises(RuntimeError, match="Gloo"):
        Beside(nn.Linear(2, 2), latent=2, ranks="all", **quick)
