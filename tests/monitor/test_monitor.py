"""The monitor: both doors, dates, errors that must not reach the loop, and what it leaves on disk."""

import json
import math
import warnings

import pytest
import torch
from torch import nn

import collapse_metrics as cm
from collapse_metrics.history import HISTORY_FILE
from collapse_metrics.monitor.pace import Pace
from collapse_metrics.monitor.words import line_of


class Blob(nn.Module):
    """A generator of two-dimensional points whose spread is set from outside."""

    def __init__(self, spread=1.0):
        super().__init__()
        self.weight = nn.Parameter(torch.ones(()))
        self.spread = spread

    def forward(self, z):
        return z * self.spread * self.weight


@pytest.fixture(scope="module")
def plane():
    real = torch.randn(1200, 2, generator=torch.Generator().manual_seed(1))
    return cm.Reference.fit(real=real, name="plane")


def monitored(plane, generator=None, **options):
    generator = generator or Blob()
    optimizer = torch.optim.SGD(generator.parameters(), lr=0.0)
    options = {"latent": 2, "every": 1, "n": 200, "print_to": None, "strict": True, **options}
    return cm.Monitor(generator, optimizer=optimizer, reference=plane, **options), generator, optimizer


def test_looks_at_every_nth_step_of_the_optimizer(plane):
    monitor, _, optimizer = monitored(plane, every=3)
    for _ in range(10):
        optimizer.step()
    assert monitor.history.steps == [3, 6, 9]


def test_the_other_door_counts_calls_of_step(plane):
    monitor = cm.Monitor(Blob(), latent=2, every=2, n=100, reference=plane, print_to=None, strict=True)
    for value in range(5):
        monitor.step(g_loss=value)
    assert monitor.history.steps == [2, 4]
    monitor.close()
    assert monitor.history.losses["g_loss"] == [(i + 1, float(i)) for i in range(5)]


def test_with_an_optimizer_step_only_notes_losses(plane):
    monitor, _, optimizer = monitored(plane)
    optimizer.step()
    monitor.step(g_loss=torch.tensor(2.0, requires_grad=True))
    assert monitor.steps == 1
    assert monitor.history.steps == [1]


def test_a_collapse_is_found_and_dated(plane):
    monitor, generator, optimizer = monitored(plane)
    for step in range(1, 13):
        generator.spread = 1.0 if step < 8 else 0.001
        optimizer.step()
    card = monitor.diagnose(400)
    assert card.verdict == "collapse"
    assert card.provenance["since"] == 8
    assert card.finding("total_collapse").since == 8


def test_a_healthy_end_has_no_date(plane):
    monitor, generator, optimizer = monitored(plane)
    for step in range(1, 7):
        generator.spread = 0.001 if step < 4 else 1.0
        optimizer.step()
    card = monitor.diagnose(400)
    assert card.verdict == "healthy"
    assert "since" not in card.provenance


def test_the_latent_is_learnt_from_the_first_forward_pass(plane):
    monitor, generator, optimizer = monitored(plane, latent=None)
    generator(torch.randn(5, 2))
    optimizer.step()
    assert monitor.history.steps == [1]


def test_the_latent_is_read_from_the_usual_attributes(plane):
    generator = Blob()
    generator.nz = 2
    monitor, _, optimizer = monitored(plane, generator, latent=None)
    optimizer.step()
    assert monitor.history.steps == [1]


def test_an_unknown_latent_is_one_warning_that_says_what_to_pass(plane):
    monitor, _, optimizer = monitored(plane, latent=None, strict=False)
    with pytest.warns(UserWarning, match=r"pass latent=.*Training goes on"):
        optimizer.step()
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        optimizer.step()  # the same complaint is not made twice
    assert len(monitor.history.errors) == 2


def test_nan_from_the_generator_is_a_finding_not_a_crash(plane):
    monitor, generator, optimizer = monitored(plane)
    generator.spread = math.nan
    optimizer.step()
    assert monitor.history.checks[-1].verdict == "broken"
    assert [f.name for f in monitor.history.checks[-1].found] == ["non_finite"]


def test_a_generator_that_raises_does_not_stop_the_training(plane):
    class Raises(Blob):
        def forward(self, z):
            raise RuntimeError("out of paper")

    monitor, _, optimizer = monitored(plane, Raises(), strict=False)
    with pytest.warns(UserWarning, match="out of paper"):
        optimizer.step()
    assert monitor.steps == 1


def test_a_folder_that_cannot_be_written_is_one_warning(plane, tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("here is no folder")
    with pytest.warns(UserWarning, match="starting the history"):
        monitor, _, optimizer = monitored(plane, log_dir=blocked / "run", strict=False)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        optimizer.step()
    assert monitor.history.steps == [1]  # still kept in memory


def test_a_loss_that_is_nan_or_no_number_is_survived(plane):
    monitor, _, _ = monitored(plane, strict=False)
    monitor.log(g_loss=math.nan)
    with pytest.warns(UserWarning, match="reading d_loss"):
        monitor.log(d_loss="high")
    monitor.close()
    assert math.isnan(monitor.history.losses["g_loss"][0][1])


def test_the_history_on_disk_is_the_history_in_memory(plane, tmp_path):
    monitor, _, optimizer = monitored(plane, log_dir=tmp_path / "run")
    for value in range(4):
        optimizer.step()
        monitor.log(g_loss=value)
    monitor.diagnose(200)
    read = cm.History.read(tmp_path / "run")
    assert read.to_frame().equals(monitor.history.to_frame())
    assert read.losses == monitor.history.losses
    assert read.final == monitor.history.final
    assert all(json.loads(line)["kind"] for line in (tmp_path / "run" / HISTORY_FILE).read_text().splitlines())


def test_pictures_are_kept_as_a_grid(tmp_path):
    from PIL import Image

    generator = nn.Sequential(nn.Linear(4, 784), nn.Sigmoid(), nn.Unflatten(1, (1, 28, 28)))
    optimizer = torch.optim.SGD(generator.parameters(), lr=0.0)
    monitor = cm.Monitor(
        generator,
        optimizer=optimizer,
        latent=4,
        every=1,
        n=80,
        value_range=(0, 1),
        log_dir=tmp_path,
        print_to=None,
        strict=True,
    )
    optimizer.step()
    with Image.open(tmp_path / monitor.history.samples[0]["png"]) as grid:
        assert grid.size == (240, 240)


def test_the_same_seed_gives_the_same_scorecard(plane):
    cards = []
    for _ in range(2):
        monitor, _, optimizer = monitored(plane)
        optimizer.step()
        cards.append(monitor.history.checks[0])
    assert cards[0] == cards[1]


def test_hooks_are_gone_after_close(plane):
    monitor, _, optimizer = monitored(plane)
    monitor.close()
    optimizer.step()
    assert monitor.history.steps == []


def test_the_line_of_text_names_what_was_found(plane):
    lines = []
    monitor, generator, optimizer = monitored(plane, print_to=lines.append)
    generator.spread = 0.0
    optimizer.step()
    assert "collapse" in lines[0]
    assert "total_collapse" in lines[0]
    assert line_of(monitor.history.checks[0], 1, 0.5) == lines[0].replace(lines[0].split("(")[1].split(")")[0], "0.5 s")


def test_a_budget_of_time_spaces_the_looks():
    now = [0.0]
    pace = Pace(overhead=0.1, clock=lambda: now[0])
    pace.expect(lambda: now.__setitem__(0, now[0] + (5.0 if now[0] == 0 else 0.1)))  # only the second counts
    looks = []
    for step in range(1, 1001):
        now[0] += 1.0
        if pace.due(step):
            looks.append(step)
            pace.pay(2.0)
            now[0] += 2.0
        assert pace.share <= 0.1 * 0.75 or len(looks) == 1  # a first look may cost more than anybody guessed
    share = 2.0 * len(looks) / now[0]
    assert (
        looks[0] == 3
    )  # after the first step, 1.33 seconds: a look of a tenth of a second is within the share after 1.33 of them
    assert share == pytest.approx(0.075, abs=0.005)


def test_glances_have_a_share_of_their_own():
    now = [0.0]
    pace = Pace(overhead=0.1, clock=lambda: now[0])
    seen = {"look": 0, "glance": 0}
    for step in range(1, 2001):
        now[0] += 0.1
        if pace.due(step):
            seen["look"] += 1
            pace.pay(0.3)
            now[0] += 0.3
        elif pace.glance_due():
            seen["glance"] += 1
            pace.pay(0.05, glance=True)
            now[0] += 0.05
    assert 0.3 * seen["look"] / now[0] == pytest.approx(0.075, abs=0.005)
    assert 0.05 * seen["glance"] / now[0] == pytest.approx(0.025, abs=0.005)
    assert pace.spent == pytest.approx(0.3 * seen["look"] + 0.05 * seen["glance"])
    assert not Pace(every=2).glance_due()


@pytest.mark.parametrize(
    ("options", "message"),
    [({"every": 0}, "at least 1, got 0"), ({"overhead": 1.5}, "between 0 and 1, got 1.5")],
)
def test_a_wrong_pace_is_explained(options, message):
    with pytest.raises(ValueError, match=message):
        Pace(**options)
