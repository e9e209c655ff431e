"""Alarms of a monitor: fresh latents, beginning and end of the games, dates, resuming, no trace in the run."""

import json
import math

import pytest
import torch
from torch import nn

import collapse_metrics as cm
from collapse_metrics.measurements import look_at
from collapse_metrics.monitor.alarms import FRESH, Alarm, Alarms, bounds_of, observations, seed_of
from collapse_metrics.monitor.source import Source

CENTRES = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])


class Four(nn.Module):
    """Four blobs, chosen by the sign of two latents; ``lost`` ones go to the next, ``far`` moves all off the data."""

    def __init__(self):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.lost, self.far, self.spread = (), 0.0, 1.0
        self.seen = []

    def forward(self, z):
        self.seen.append(z.clone())
        mode = (z[:, 0] > 0).long() + 2 * (z[:, 1] > 0).long()
        for lost in self.lost:
            mode = torch.where(mode == lost, (mode + 1) % 4, mode)
        return (CENTRES[mode] + z[:, 2:]) * self.spread * self.weight + self.far


@pytest.fixture(scope="module")
def reference():
    rng = torch.Generator().manual_seed(1)
    real = CENTRES[torch.randint(4, (800,), generator=rng)] + torch.randn(800, 2, generator=rng)
    return cm.Reference.fit(real=real, modes=CENTRES, name="four")


def watched(reference, generator=None, **options):
    generator = generator or Four()
    optimizer = torch.optim.SGD(generator.parameters(), lr=0.0)
    options = {"latent": 4, "every": 1, "n": 200, "probes": False, "print_to": None, "strict": True, **options}
    return cm.Monitor(generator, optimizer=optimizer, reference=reference, **options), generator, optimizer


def run(optimizer, generator, steps, **state):
    for name, value in state.items():
        setattr(generator, name, value)
    for _ in range(steps):
        optimizer.step()


ALL = {"mode_dropping", "off_manifold", "total_collapse"}


def card(verdict, **status):
    findings = tuple(cm.Finding(name, cm.Status(word), "", "") for name, word in status.items())
    return cm.Scorecard(cm.Verdict(verdict), findings, ())


@pytest.mark.parametrize(
    ("verdict", "status", "waiting"),
    [
        ("healthy", {"mode_dropping": "clear"}, set()),
        ("healthy", {"intra_mode_collapse": "watch"}, set()),  # nothing that is played for
        ("healthy", {"mode_dropping": "watch"}, {"mode_dropping"}),
        ("healthy", {"off_manifold": "watch", "mode_dropping": "clear"}, {"off_manifold"}),
        ("inconclusive", {"mode_dropping": "clear"}, ALL),
        ("partial_collapse", {}, ALL),
    ],
)
def test_a_game_begins_after_a_healthy_look_with_nothing_to_watch_in_it(reference, verdict, status, waiting):
    games = Alarms(reference, alpha=0.01, seed=0)
    for look in (card(verdict, **status), card("collapse")):  # once begun, only its alarm ends a game
        games.heard(look, 5)
        assert games.playing == ALL - waiting
        assert games.due(6) == (waiting != ALL)


@pytest.mark.parametrize(
    ("state", "finding", "mode"),
    [({"lost": (2,)}, "mode_dropping", "2"), ({"far": 300.0}, "off_manifold", None), ({"spread": 1e-3}, None, None)],
)
def test_what_is_lost_is_named_and_dated(reference, state, finding, mode):
    monitor, generator, optimizer = watched(reference)
    run(optimizer, generator, 10)
    assert monitor.alarms == []
    run(optimizer, generator, 4, **state)
    alarm = monitor.alarms[0]
    assert alarm.finding == finding if finding else alarm.finding in ("total_collapse", "mode_dropping")
    assert alarm.mode == mode or finding is None
    assert alarm.since == 11
    assert 11 <= alarm.step <= 13
    assert alarm.e_value >= alarm.needed == pytest.approx(300)
    assert f"since about step {alarm.since}" in str(alarm)


def test_nearly_the_same_sample_every_time_is_a_total_collapse(reference):
    games = Alarms(reference, alpha=0.01, seed=0, since=0)
    games.heard(card("broken"), 0)
    raised = games.look(Source(lambda z: CENTRES[:1] + 1e-3 * z[:, 2:], latent=4).draw, 1, None)
    assert {alarm.finding for alarm in raised} == {"total_collapse", "mode_dropping"}
    assert games.playing == {"off_manifold"}
    games.heard(card("healthy"), 2)
    assert games.playing == ALL


def test_the_latents_are_new_at_every_step_and_the_same_after_a_resume(reference):
    monitor, generator, optimizer = watched(reference)
    run(optimizer, generator, 4)
    fresh = [z for z in generator.seen if len(z) == FRESH]
    fixed = [z for z in generator.seen if len(z) == 200]
    assert len(fresh) == 3  # the first look is the one that lets the games begin
    assert not any(torch.equal(a, b) for i, a in enumerate(fresh) for b in fresh[i + 1 :])
    assert all(torch.equal(z, fixed[0]) for z in fixed)
    again, other, steps = watched(reference)
    again.load_state_dict(json.loads(json.dumps(monitor.state_dict(), allow_nan=False)))
    run(steps, other, 1)
    run(optimizer, generator, 1)
    assert torch.equal(other.seen[-1], generator.seen[-1])


@pytest.mark.parametrize(("one", "other"), [((0, 1), (1, 0)), ((0, 1), (0, 2)), ((3, 7), (4, 7)), ((2**70, 5), (1, 5))])
def test_no_two_looks_share_a_seed(one, other):
    assert seed_of(*one) != seed_of(*other)
    assert 0 <= seed_of(*one) < 2**63


def test_a_resumed_run_goes_on_exactly(reference):
    whole, generator, optimizer = watched(reference)
    run(optimizer, generator, 6)
    state = json.loads(json.dumps(whole.state_dict(), allow_nan=False))
    resumed, other, steps = watched(reference)
    resumed.load_state_dict(state)
    for part, loop in ((generator, optimizer), (other, steps)):
        run(loop, part, 5, lost=(1,))
    assert resumed.steps == whole.steps == 11
    assert resumed.alarms == whole.alarms != []
    assert resumed.state_dict() == whole.state_dict()
    assert resumed.history.checks[-1] == whole.history.checks[-1]


def test_another_reference_is_not_resumed(reference):
    plain = cm.Reference.fit(real=torch.randn(400, 2, generator=torch.Generator().manual_seed(0)))
    monitor, _, _ = watched(plain)
    with pytest.raises(ValueError, match="resume with the reference"):
        monitor.load_state_dict(watched(reference)[0].state_dict())


def test_another_state_is_refused_in_words(reference):
    with pytest.raises(ValueError, match=r"Monitor.state_dict is needed, got one with \['G', 'monitor'\]"):
        watched(reference)[0].load_state_dict({"G": {}, "monitor": {}})


def test_what_never_was_there_raises_no_alarm(reference):
    monitor, generator, optimizer = watched(reference)
    run(optimizer, generator, 12, lost=(0,))
    assert monitor.alarms == []
    assert monitor.history.checks[-1].verdict == "partial_collapse"


def test_from_a_step_of_the_users_choice_it_does(reference):
    monitor, generator, optimizer = watched(reference, alarms_from=3)
    run(optimizer, generator, 12, lost=(0,))
    assert len(monitor.alarms) == 1  # and then it waits for health
    assert (monitor.alarms[0].mode, monitor.alarms[0].since) == ("0", 4)


def test_after_an_alarm_the_games_wait_for_health_and_begin_again(reference):
    monitor, generator, optimizer = watched(reference)
    run(optimizer, generator, 8)
    run(optimizer, generator, 8, lost=(0,))
    assert len(monitor.alarms) == 1
    run(optimizer, generator, 6, lost=())
    run(optimizer, generator, 6, lost=(3,))
    assert [alarm.mode for alarm in monitor.alarms] == ["0", "3"]
    assert monitor.alarms[1].since == 23


def test_a_step_that_is_looked_at_twice_counts_once(reference):
    monitor, generator, optimizer = watched(reference)
    run(optimizer, generator, 3)
    before = monitor.state_dict()["alarms"]
    monitor.check()
    assert monitor.state_dict()["alarms"] == before


def test_without_an_alpha_nothing_fresh_is_drawn_and_the_scorecards_are_the_same(reference):
    cards = []
    for alpha in (None, 0.01):
        monitor, generator, optimizer = watched(reference, alpha=alpha)
        run(optimizer, generator, 4)
        assert any(len(z) == FRESH for z in generator.seen) == (alpha is not None)
        cards.append(monitor.history.checks)
    assert cards[0] == cards[1]
    assert watched(reference, alpha=None)[0].state_dict()["alarms"] is None


def test_alarms_are_on_record_and_printed(reference, tmp_path):
    lines = []
    monitor, generator, optimizer = watched(reference, log_dir=tmp_path, print_to=lines.append)
    run(optimizer, generator, 5)
    run(optimizer, generator, 4, lost=(1,))
    read = cm.History.read(tmp_path)
    assert [Alarm(**alarm) for alarm in read.alarms] == monitor.alarms
    assert len(monitor.alarms) == 1
    assert str(monitor.alarms[0]) in lines
    assert read.about["alpha"] == 0.01
    assert len(read.checks) == 9


def test_an_error_of_the_alarms_does_not_stop_the_training_and_the_look_stands(reference, monkeypatch):
    def fails(*_):
        raise RuntimeError("no more cards")

    monkeypatch.setattr(Alarms, "look", fails)
    monitor, generator, optimizer = watched(reference, strict=False)
    with pytest.warns(UserWarning, match="the alarms failed and was left out .*no more cards"):
        run(optimizer, generator, 3)
    assert monitor.history.steps == [1, 2, 3]


def test_samples_that_are_not_finite_are_not_like_the_data(reference):
    monitor, generator, optimizer = watched(reference)
    run(optimizer, generator, 4)
    run(optimizer, generator, 3, spread=math.nan)
    assert [alarm.finding for alarm in monitor.alarms] == ["off_manifold"]


def test_every_game_has_its_share_of_alpha(reference):
    games = Alarms(reference, alpha=0.03, seed=0)
    assert {name: watch.alpha for name, watch in games.watches.items()} == pytest.approx(
        {"off_manifold": 0.01, "total_collapse": 0.01, "mode_dropping": 0.01}
    )


def test_held_out_real_data_keep_every_bound_with_room(reference):
    bounds = bounds_of(reference)
    seen = observations(look_at(reference.fresh, reference, value_range=None), reference)
    counts = seen["mode_dropping"]
    assert (counts / counts.sum() > 1.5 * bounds["mode_dropping"]).all()
    for name in ("off_manifold", "total_collapse"):
        assert seen[name].mean() < bounds[name] - 0.2
    assert len(seen["off_manifold"]) == 400
    assert len(seen["total_collapse"]) == 200


def test_data_of_one_mode_have_two_games():
    real = torch.randn(400, 2, generator=torch.Generator().manual_seed(0))
    assert set(bounds_of(cm.Reference.fit(real=real))) == {"off_manifold", "total_collapse"}


@pytest.mark.parametrize("alpha", [0.0, 1.0, 5])
def test_an_alpha_that_is_no_probability_is_refused(reference, alpha):
    with pytest.raises(ValueError, match=f"between 0 and 1, got {alpha}"):
        watched(reference, alpha=alpha)
