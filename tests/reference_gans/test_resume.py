"""A watched run that is cut off goes on as if nothing had been: weights, history and alarms."""

import json

import pytest
import torch

from collapse_metrics.history import HISTORY_FILE, History
from reference_gans.__main__ import main
from reference_gans.watched import BUNDLE, watch


class CutOffError(Exception):
    pass


def cut_off_at(step):
    def observe(run):
        if run.step == step:
            raise CutOffError

    return observe


def lines(folder):
    """Every record but its time; the losses joined, since a run that was cut off writes them in other portions."""
    records = [json.loads(line) for line in (folder / HISTORY_FILE).read_text().splitlines()]
    losses = {}
    for record in records:
        record.pop("at", None)
        record.pop("spent", None)  # seconds
        for name, rows in record.get("values", {}).items():
            losses.setdefault(name, []).extend(rows)
    return [record for record in records if record["kind"] != "losses"], losses


@pytest.mark.parametrize(
    "step", [pytest.param(25, marks=pytest.mark.slow), 40]
)  # between two looks, and right after one, before it is saved
def test_a_run_that_was_cut_off_ends_as_one_that_was_not(tmp_path, step):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    settings = {"seed": 1, "steps": 60, "every": 20, "print_to": None}
    straight = watch("ring8_healthy", out=whole, **settings)
    with pytest.raises(CutOffError):
        watch("ring8_healthy", out=cut, observe=cut_off_at(step), **settings)
    assert History.read(cut).steps == ([20] if step == 25 else [20, 40])
    resumed = watch("ring8_healthy", out=cut, resume=True, **settings)
    assert resumed.run.step == 60
    for mine, theirs in zip(
        resumed.run.generator.state_dict().values(), straight.run.generator.state_dict().values(), strict=True
    ):
        assert torch.equal(mine, theirs)
    assert resumed.monitor.history.steps == [20, 40, 60]
    assert lines(cut) == lines(whole)


def test_records_after_the_step_are_taken_out_and_half_a_line_too(tmp_path):
    history = History(tmp_path)
    history.add("about", every=10)
    history.add("losses", values={"g_loss": [[9, 1.0], [10, 2.0], [11, 3.0]], "d_loss": [[11, 0.5]]})
    history.add("alarm", step=10)
    history.add("alarm", step=11)
    with (tmp_path / HISTORY_FILE).open("a") as file:
        file.write('{"kind": "ab')
    resumed = History.go_on(tmp_path, step=10)
    assert resumed.losses == {"g_loss": [(9, 1.0), (10, 2.0)], "d_loss": []}
    assert [alarm["step"] for alarm in resumed.alarms] == [10]
    resumed.add("alarm", step=12)
    assert [alarm["step"] for alarm in History.read(tmp_path).alarms] == [10, 12]


@pytest.mark.parametrize("words", [[], ["--out", "nowhere"]])
def test_without_a_bundle_there_is_nothing_to_go_on_from(words, capsys):
    with pytest.raises(SystemExit) as stop:
        main(["run", "ring8_healthy", "--resume", *words])
    assert stop.value.code == 2
    assert f"a folder with {BUNDLE} is needed" in capsys.readouterr().err


def test_another_seed_does_not_go_on(tmp_path):
    settings = {"steps": 20, "every": 10, "out": tmp_path, "print_to": None}
    watch("ring8_healthy", seed=1, **settings)
    before = (tmp_path / HISTORY_FILE).read_text().splitlines()
    with pytest.raises(ValueError, match="is needed, 1, got 2"):
        watch("ring8_healthy", seed=2, resume=True, **settings)
    assert [line for line in before if '"final"' not in line] == (tmp_path / HISTORY_FILE).read_text().splitlines()
