"""The doors `sweep`, `bisect` and `compare` as a stranger meets them."""

import json
import os
import shutil
from pathlib import Path

import numpy as np
import pytest

import collapse_metrics as cm
from collapse_metrics import cli
from collapse_metrics.cli.sweep import CACHE
from reference_gans.data import Ring
from reference_gans.fixtures.sliding import real_ring, write_checkpoints

MODEL = ["--model", "reference_gans.fixtures.sliding:Sliding"]


@pytest.fixture(scope="module")
def made(tmp_path_factory):
    folder = tmp_path_factory.mktemp("made")
    write_checkpoints(folder, checkpoints=4, collapses_at=300)
    cm.Reference.fit(real=real_ring(400), modes=Ring().centres, name="ring").save(folder / "ring.safetensors")
    return folder


@pytest.fixture
def here(made, tmp_path, monkeypatch):
    """A working folder with four checkpoints."""
    shutil.copytree(made, tmp_path, dirs_exist_ok=True)
    if (made / CACHE).exists():
        shutil.copytree(made / CACHE, tmp_path / CACHE, dirs_exist_ok=True)
    monkeypatch.chdir(tmp_path)
    yield tmp_path
    if (tmp_path / CACHE).exists():  # the next test need not score them again
        shutil.copytree(tmp_path / CACHE, made / CACHE, dirs_exist_ok=True)


def run(capsys, *args, judged=True):
    with pytest.raises(SystemExit) as stop:
        cli.main([str(arg) for arg in args] + ([*MODEL, "--reference", "ring.safetensors", "--n", "150"] * judged))
    out, err = capsys.readouterr()
    return stop.value.code, out, err


def test_a_sweep_writes_table_and_curve_and_says_what_it_means(here, capsys):
    code, out, err = run(capsys, "sweep", "G_*.pth", "-o", "table.parquet", "--curve", "curve.png")
    assert code == 0
    assert out.splitlines()[0] == "4 checkpoints"
    assert "last healthy: step 200 (G_step_200.pth)" in out
    assert "partial collapse or worse from step 300 (G_step_300.pth) on" in out
    assert err.splitlines() == ["table.parquet", "curve.png"]
    assert (here / "table.parquet").exists()
    assert (here / "curve.png").exists()
    assert (here / CACHE).is_dir()


def test_json_is_alone_on_standard_output(here, capsys):
    (here / "G_step_250.pth").write_text("no checkpoint")
    code, out, err = run(capsys, "sweep", "G_*.pth", "--json")
    assert code == 0
    told = json.loads(out)
    assert [row["step"] for row in told["rows"]] == [100, 200, 250, 300, 400]
    assert told["rows"][2]["verdict"] is None
    assert err.count("\n") == 1
    assert "G_step_250.pth" in err
    code, out, _ = run(capsys, "bisect", "G_*.pth", "--json")
    assert code == 3  # the damaged one lies between the two of the answer
    assert json.loads(out)["set_aside"] == [{"step": 250, "path": "G_step_250.pth"}]


def test_shards_of_one_cache_are_put_together(here, capsys):
    shutil.rmtree(here / CACHE, ignore_errors=True)
    shutil.rmtree(here / "kept", ignore_errors=True)
    for part in ("1/2", "2/2"):
        told = json.loads(run(capsys, "sweep", "G_*.pth", "--shard", part, "--cache", "kept", "--json")[1])
        assert told["scored"] == 2
    told = json.loads(run(capsys, "sweep", "G_*.pth", "--cache", "kept", "--json")[1])
    assert (told["scored"], told["from_cache"]) == (0, 4)
    assert told["partial_collapse_from"]["step"] == 300


def test_bisect_prints_its_comparisons_and_the_place(here, capsys):
    code, out, err = run(capsys, "bisect", "G_*.pth")
    assert (code, err) == (0, "")
    assert "good up to step 200 (G_step_200.pth), bad from step 300 (G_step_300.pth) on, at 97.5% confidence" in out


def test_compare_says_which_is_better_and_how_sure(here, capsys):
    code, out, err = run(capsys, "compare", "G_step_100.pth", "G_step_400.pth")
    assert code == 0
    assert out.startswith("the second is worse\n")
    assert "latent 3" in err
    code, out, _ = run(capsys, "compare", "G_step_400.pth", "G_step_100.pth", "--json")
    told = json.loads(out)
    assert (code, told["outcome"]) == (0, "better")
    assert told["provenance"]["n_pairs"] == 150


def test_compare_takes_another_network_for_the_second(here, capsys):
    (here / "nets.py").write_text("from reference_gans.fixtures.sliding import Sliding\n\n\ndef other():\n    return Sliding()\n")
    code, out, _ = run(capsys, "compare", "G_step_100.pth", "G_step_100.pth", "--second-model", "nets.py:other")
    assert code == 0
    assert out.startswith("no difference shown that matters\n")
    assert "no sample of one differs from that of the other" in out


def test_finished_samples_are_swept_without_a_model(here, capsys):
    for step in (1, 2, 10):
        np.save(here / f"samples_{step}.npy", real_ring(200, seed=step).numpy())
    words = ["sweep", "samples_*.npy", "--reference", "ring.safetensors", "--json"]
    code, out, _ = run(capsys, *words, judged=False)
    assert code == 0
    assert [(row["step"], row["verdict"]) for row in json.loads(out)["rows"]] == [
        (1, "healthy"),
        (2, "healthy"),
        (10, "healthy"),
    ]


WRONG = {
    "nothing there": (["sweep", "H_*.pth"], "there are none"),
    "no pattern": (["sweep"], "give a pattern in quotes"),
    "unknown measure": (["sweep", "G_*.pth", "--by", "beauty"], "'beauty'"),
    "a p-value": (["sweep", "G_*.pth", "--by", "class_share_test"], "can be ranked"),
    "ending of the table": (["sweep", "G_*.pth", "-o", "t.xlsx"], ".csv, .parquet, .json"),
    "ending of the curve": (["sweep", "G_*.pth", "--curve", "t.gif"], ".svg, .png, .pdf"),
    "shard in words": (["sweep", "G_*.pth", "--shard", "first"], "such as 3/10"),
    "shard beyond": (["sweep", "G_*.pth", "--shard", "5/4"], "from 1 to 4"),
    "dask without address": (["sweep", "G_*.pth", "--backend", "dask"], "--scheduler"),
    "cache is a file": (["sweep", "G_*.pth", "--cache", "ring.safetensors"], "must be a folder"),
    "one checkpoint": (["bisect", "G_step_100.pth"], "two checkpoints or more"),
    "nobody there": (["compare", "G_step_100.pth", "G_step_9.pth"], "G_step_9.pth"),
    "all damaged": (["sweep", "ring.txt"], "none of 1 checkpoint"),
}


@pytest.mark.parametrize(("words", "piece"), WRONG.values(), ids=WRONG.keys())
def test_everything_wrong_is_one_sentence_and_exit_code_2(words, piece, here, capsys):
    Path("ring.txt").write_text("no samples")
    code, out, err = run(capsys, *words)
    assert code == 2
    assert piece in err.splitlines()[-1]
    assert "Traceback" not in err
    assert not out or words[-1] == "ring.txt"


def test_no_score_is_inconclusive(here, capsys):
    np.save(here / "few.npy", real_ring(40).numpy())
    code, _, _ = run(capsys, "sweep", "few.npy", "--reference", "ring.safetensors", judged=False)
    assert code == 3


def test_a_sweep_that_is_stopped_says_that_nothing_is_lost(here, capsys, monkeypatch):
    from collapse_metrics.checkpoints import scorer

    asked = []

    def stop(self, path, *, n):
        asked.append(path)
        raise KeyboardInterrupt

    monkeypatch.setattr(scorer.Scorer, "__call__", stop)
    code, out, err = run(capsys, "sweep", "G_*.pth", "--cache", "empty")
    assert (code, out, len(asked)) == (130, "", 1)
    assert "the same command goes on" in err
    assert os.listdir(here)  # noqa: PTH208
