"""What is done on a collapse: once, when it is sure, and only what was asked for."""

import pytest
import torch
from torch import nn

import collapse_metrics as cm
from collapse_metrics.monitor import RollBack, SaveCheckpoint, stop_training
from collapse_metrics.monitor.actions import Trigger
from collapse_metrics.records import Scorecard, Verdict


class Blob(nn.Module):
    """Points whose spread is a parameter, so that it can be saved and brought back."""

    def __init__(self):
        super().__init__()
        self.spread = nn.Parameter(torch.ones(()))

    def forward(self, z):
        return z * self.spread


@pytest.fixture(scope="module")
def plane():
    real = torch.randn(1200, 2, generator=torch.Generator().manual_seed(1))
    return cm.Reference.fit(real=real, name="plane")


def run(plane, action, spreads, **options):
    blob = Blob()
    options = {"latent": 2, "every": 1, "n": 300, "print_to": None, "strict": True, "alpha": None, **options}
    monitor = cm.Monitor(blob, reference=plane, on_collapse=action and action(blob), **options)
    for spread in spreads:
        if spread is not None:
            blob.spread.data.fill_(spread)
        monitor.step()
    return monitor, blob


def test_nothing_is_done_by_default(plane):
    monitor, blob = run(plane, None, [1.0, 0.001, 0.001])
    assert not monitor.stopped
    assert blob.spread.item() == pytest.approx(0.001)


def test_a_collapse_is_acted_on_once_and_again_after_a_healthy_look(plane):
    seen = []
    spreads = [1, 0.001, 1, 0.001, 0.001, 0.001, 0.001, 1, 0.001, 0.001]
    run(plane, lambda _: lambda monitor, card: seen.append((monitor.steps, str(card.verdict))), spreads)
    assert seen == [(5, "collapse"), (10, "collapse")]


def test_training_is_stopped_by_a_flag(plane):
    monitor, _ = run(plane, lambda _: stop_training, [1, 0.001])
    assert not monitor.stopped
    monitor.step()
    assert monitor.stopped


def test_a_checkpoint_is_written_whole(plane, tmp_path):
    action = []

    def make(blob):
        action.append(SaveCheckpoint(tmp_path / "saved", generator=blob))
        return action[0]

    run(plane, make, [1, 0.001, 0.002])
    assert [path.name for path in (tmp_path / "saved").iterdir()] == ["collapsed_at_00000003.pt"]
    held = torch.load(action[0].written[0], weights_only=True)
    assert held["generator"]["spread"].item() == pytest.approx(0.002)


def test_going_back_brings_the_last_healthy_state(plane):
    monitor, blob = run(plane, lambda blob: RollBack(most=1, generator=blob), [0.9, 1.1, 0.001, 0.001])
    assert blob.spread.item() == pytest.approx(1.1)
    assert monitor.history.steps == [1, 2, 3, 4]
    for spread in (None, 0.001, 0.001):
        if spread is not None:
            blob.spread.data.fill_(spread)
        monitor.step()
    assert blob.spread.item() == pytest.approx(0.001)  # once was enough


def test_without_a_healthy_look_there_is_nothing_to_go_back_to(plane):
    _, blob = run(plane, lambda blob: RollBack(generator=blob), [0.001, 0.001, 0.001])
    assert blob.spread.item() == pytest.approx(0.001)


def test_an_action_that_fails_does_not_stop_the_training(plane):
    def fails(monitor, card):
        raise OSError("disk full")

    with pytest.warns(UserWarning, match=r"the action on collapse failed .*disk full.*Training goes on"):
        monitor, _ = run(plane, lambda _: fails, [0.001, 0.001, 0.001], strict=False)
    assert monitor.history.steps == [1, 2, 3]


def card_of(verdict):
    return Scorecard(Verdict(verdict), (), (), {})


def test_an_alarm_is_acted_on_at_once():
    trigger = Trigger()
    assert trigger.due(card_of("healthy"), alarms=True)
    assert not trigger.due(card_of("collapse"), alarms=True)
    assert not trigger.due(card_of("healthy"), alarms=False)
    assert trigger.due(card_of("partial_collapse"), alarms=True)


@pytest.mark.bad_input
def test_parts_must_have_a_state():
    with pytest.raises(ValueError, match="got none"):
        RollBack()
    with pytest.raises(TypeError, match="`generator` must have a state_dict, got a int"):
        SaveCheckpoint("somewhere", generator=3)
