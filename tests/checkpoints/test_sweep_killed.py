"""Sixty checkpoints of a run that collapses at a known step, swept by the real command, which is killed twice."""

import json
import signal
import subprocess
import sys
import time
from collections import Counter
from pathlib import Path

import pytest

import collapse_metrics as cm
from collapse_metrics import cli
from collapse_metrics.checkpoints.kept import LOG
from reference_gans.data import Ring
from reference_gans.fixtures.sliding import COLLAPSES_AT, real_ring, write_checkpoints

ROOT = Path(__file__).parents[2]
LONGEST = 240
"""Seconds that a child may need to reach its next score on a crowded machine."""


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("sliding")
    write_checkpoints(folder)
    cm.Reference.fit(real=real_ring(400), modes=Ring().centres, name="ring").save(folder / "ring.safetensors")
    return folder


def words(run, command, *more, cache="kept"):
    how = ["--reference", str(run / "ring.safetensors"), "--model", "reference_gans.fixtures.sliding:Sliding"]
    return [command, str(run / "G_step_*.pth"), *how, "--n", "200", "--cache", str(run / cache), *map(str, more)]


def logged(run):
    log = run / "kept" / LOG
    return [json.loads(line) for line in log.read_text().splitlines()] if log.exists() else []


def kill_at(run, scores):
    """Start the command, and kill it as soon as so many scores are kept: no time to tidy up."""
    child = subprocess.Popen(
        [sys.executable, "-m", "collapse_metrics.cli", *words(run, "sweep")],
        cwd=ROOT,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        until = time.monotonic() + LONGEST
        while len(logged(run)) < scores:
            assert child.poll() is None, "the sweep ended before it was killed"
            assert time.monotonic() < until, "the sweep does not get on"
            time.sleep(0.01)
    finally:
        child.send_signal(signal.SIGKILL)
        assert child.wait() == -signal.SIGKILL


def answer(capsys, *args):
    with pytest.raises(SystemExit) as stop:
        cli.main([str(arg) for arg in args])
    assert stop.value.code == 0
    return json.loads(capsys.readouterr().out)


def test_killed_twice_and_resumed_nothing_is_scored_twice_and_bisect_agrees(run, capsys):
    kill_at(run, 15)
    kept_before = len(logged(run))
    assert 15 <= kept_before < 60
    kill_at(run, 35)
    kept_before = len(logged(run))
    assert 35 <= kept_before < 60
    table = answer(capsys, *words(run, "sweep", "--json", "-o", run / "table.csv", "--curve", run / "curve.svg"))
    times = Counter(line["key"] for line in logged(run))
    assert len(times) == 60
    assert set(times.values()) == {1}
    assert len({line["pid"] for line in logged(run)}) == 3
    assert (table["scored"], table["from_cache"]) == (60 - kept_before, kept_before)
    assert table["partial_collapse_from"]["step"] == COLLAPSES_AT
    assert table["last_healthy"]["step"] == COLLAPSES_AT - 100
    assert (run / "table.csv").read_text().count("\n") == 61
    assert (run / "curve.svg").exists()

    fresh = answer(capsys, *words(run, "bisect", "--json", cache="fresh"))
    assert fresh["scores"] <= 9
    assert fresh["from_cache"] == 0
    assert abs(fresh["first_bad"]["step"] - table["partial_collapse_from"]["step"]) <= 100
    assert fresh["confidence"] >= 0.97
    free = answer(capsys, *words(run, "bisect", "--json"))
    assert (free["scores"], free["first_bad"]) == (0, fresh["first_bad"])
