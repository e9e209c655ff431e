"""What do loggers receive? Names, numbers and news of a look, whatever the logger, and whatever becomes of one."""

import math
import re
from pathlib import Path

import numpy as np
import pytest

from collapse_metrics.monitor.alarms import Alarm
from collapse_metrics.monitor.sinks import Sinks
from collapse_metrics.monitor.sinks.grid import Grids
from collapse_metrics.records import Finding, Measurement, Scorecard, Status, Verdict

GRID = np.arange(30 * 30, dtype=np.uint8).reshape(30, 30)


def card(verdict=Verdict.HEALTHY, **values):
    values = values or {"coverage": 0.9, "mode_share[3]": 0.1}
    found = () if verdict in (Verdict.HEALTHY, Verdict.INCONCLUSIVE) else ("total_collapse",)
    findings = tuple(Finding(name, Status.FOUND, "all alike", "", severity=0.75) for name in found)
    return Scorecard(verdict, findings, tuple(Measurement(n, v) for n, v in values.items()), {"step": 1})


class Wall:
    """The user's own logger: it keeps what it is given."""

    def __init__(self):
        self.values, self.alerts, self.images, self.flushed = [], [], [], 0

    def __call__(self, values, step):
        self.values.append((step, values))

    def image(self, name, grid, step):
        self.images.append((name, grid.shape, step))

    def alert(self, level, title, text, step):
        self.alerts.append((level, title, text, step))

    def flush(self):
        self.flushed += 1


def test_numbers_have_flat_names_and_are_finite():
    wall = Wall()
    look = card(coverage=0.9, recall=math.nan, rke=math.inf, **{"mode_share[3]": 0.1})
    Sinks([wall]).look(look, step=200)
    assert wall.values == [
        (
            200,
            {
                "collapse/coverage": 0.9,
                "collapse/mode_share/3": 0.1,
                "collapse/severity": 0.0,
                "collapse/not_finite": 2.0,
                "collapse/step": 200.0,
            },
        )
    ]
    assert all(type(value) is float for value in wall.values[0][1].values())


def test_modes_whose_names_differ_only_in_signs_are_both_sent():
    wall = Wall()
    Sinks([wall]).look(card(**{"mode_share[a+b]": 0.1, "mode_share[a*b]": 0.2, "mode_share[ä]": 0.3}), step=1)
    values = wall.values[0][1]
    assert values["collapse/mode_share/a_b"] == 0.1
    assert values["collapse/mode_share/a_b_"] == 0.2
    assert values["collapse/mode_share/_"] == 0.3


@pytest.mark.parametrize(("modes", "sent"), [(40, 40), (41, 0)])
def test_a_thousand_modes_do_not_drown_the_other_curves(modes, sent):
    wall = Wall()
    Sinks([wall]).look(card(coverage=1.0, **{f"mode_share[{k}]": 0.1 for k in range(modes)}), step=1)
    assert sum("mode_share" in name for name in wall.values[0][1]) == sent
    assert "collapse/coverage" in wall.values[0][1]


def test_a_change_of_the_verdict_is_news_once():
    wall, sinks = Wall(), None
    sinks = Sinks([wall])
    for step, verdict in enumerate(["inconclusive", "healthy", "healthy", "collapse", "collapse", "healthy"]):
        sinks.look(card(Verdict(verdict)), step=step)
    assert [(level, step) for level, _, _, step in wall.alerts] == [("info", 1), ("error", 3), ("info", 5)]
    assert wall.alerts[1][1:3] == (
        "collapse_metrics: collapse",
        "Step 3: collapse, was healthy. total collapse: all alike",
    )


def test_a_run_that_begins_sick_is_news():
    wall = Wall()
    Sinks([wall]).look(card(Verdict.PARTIAL_COLLAPSE), step=7)
    assert wall.alerts[0][0] == "warn"
    assert wall.values[0][1]["collapse/severity"] == 0.75


def test_every_alarm_is_news():
    wall = Wall()
    alarm = Alarm(step=7, finding="mode_dropping", mode="3", e_value=1e4, needed=300.0, since=4)
    Sinks([wall]).look(card(), step=7, alarms=[alarm])
    assert wall.alerts == [("error", "collapse_metrics: mode dropping", str(alarm), 7)]


def test_pictures_go_where_there_is_a_place_for_them():
    wall, plain = Wall(), []
    sinks = Sinks([wall, lambda values, step: plain.append(step)])
    sinks.look(card(Verdict.BROKEN), step=3, pictures=GRID)
    sinks.look(card(Verdict.BROKEN), step=4)
    assert wall.images == [("collapse/samples", (30, 30), 3)]
    assert plain == [3, 4]


def test_the_grid_on_disk_is_what_is_sent(tmp_path):
    from PIL import Image

    shown = []
    wall = Wall()
    wall.image = lambda name, grid, step: shown.append(grid)
    Image.fromarray(GRID).save(tmp_path / "grid.png")
    sinks = Sinks([wall])
    sinks.look(card(), step=3, samples={"png": "grid.png", "side": 8}, folder=tmp_path)
    sinks.look(card(), step=3, samples={"png": "grid.png", "side": 8}, folder=None)
    assert len(shown) == 1
    assert (shown[0] == GRID).all()


def test_points_are_drawn_on_axes_that_only_grow():
    shown = []
    wall = Wall()
    wall.image = lambda name, grid, step: shown.append(grid)
    sinks = Sinks([wall])
    for points in ([[-1.0, -1.0], [1.0, 1.0]], [[0.0, 0.5], [0.0, 0.5]], [[3.0, -1.0]]):
        sinks.look(card(), step=1, samples={"points": points})
    wide, alike, grown = (np.argwhere(grid == 0) for grid in shown)
    assert wide.min(axis=0).tolist() == [0, 0]
    assert wide.max(axis=0).tolist() == [255, 255]
    assert alike.mean(axis=0) == pytest.approx([64, 128], abs=1)  # a collapse is a dot, where it is
    assert grown.mean(axis=0).tolist() == [254, 254]
    assert Grids().of({"points": [[2.0, 2.0]]}, None).shape == (256, 256)


def test_a_logger_that_fails_is_told_of_after_the_others_were_served():
    def broken(values, step):
        raise OSError("no space left on device")

    wall = Wall()
    sinks = Sinks([broken, wall])
    for step in (1, 2):
        with pytest.raises(RuntimeError, match="broken failed with OSError: no space left on device"):
            sinks.look(card(), step=step)
    assert len(wall.values) == 2


def test_closing_flushes_and_leaves_the_logger_to_the_user():
    wall = Wall()
    Sinks([wall, lambda values, step: None]).close()
    assert wall.flushed == 1


@pytest.mark.parametrize("thing", ["runs/today", None, {"log": 1}, Wall])
def test_what_is_no_logger_is_explained(thing):
    with pytest.raises(TypeError, match=r"a logger is needed - a SummaryWriter \(add_scalar\).*got .*: pass the open"):
        Sinks([thing])


def test_the_example_of_the_page_runs(capsys):
    page = Path(__file__).parents[2] / "docs" / "sinks.md"
    (block,) = re.findall(r"```python\n(.*?)```", page.read_text(), re.DOTALL)
    exec(compile(block, page.name, "exec"), {})
    assert capsys.readouterr().out == "[2, 4]\n"


def test_without_loggers_nothing_happens():
    sinks = Sinks([])
    assert len(sinks) == 0
    sinks.look(card(Verdict.COLLAPSE), step=1, pictures=GRID)
    sinks.close()
