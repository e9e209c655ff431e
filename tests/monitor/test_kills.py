"""A run that is killed at any moment leaves its record readable, up to the last whole look."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from collapse_metrics.history import HISTORY_FILE, History

KILLS = 50
"""Random moments at which a training is killed."""

MOST_LOOKS = 3
"""The last of them come after so many looks, the first ones before any."""

LONGEST = 0.1
"""Seconds that pass after that, at most: about one look on a quiet machine, so that every part of a look is hit."""


@pytest.fixture
def killed_run():
    script = Path(__file__).with_name("killed_run.py")
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[2]), "OMP_NUM_THREADS": "1"}
    process = subprocess.Popen(
        [sys.executable, str(script)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        bufsize=1,
        env=environment,
        cwd=Path(__file__).parents[2],
    )
    assert process.stdout.readline() == "ready\n"
    yield process
    process.stdin.close()
    assert process.wait(timeout=30) == 0
    process.stdout.close()


def kill_one(process, folder, looks, seconds):
    """Train in ``folder``, kill so many seconds after so many looks; returns the steps of the looks that were told."""
    process.stdin.write(f"{folder}\n")
    child, told = None, []

    def listen():
        word, _, number = process.stdout.readline().strip().partition(" ")
        told.extend([int(number)] if word == "look" else [])
        return int(number) if word == "child" else child, word

    while child is None or len(told) < looks:
        child, _ = listen()
    time.sleep(seconds)
    os.kill(child, signal.SIGKILL)
    while listen()[1] != "over":
        pass
    return told


def test_fifty_kills_leave_fifty_readable_records(killed_run, tmp_path):
    rng = random.Random(0)
    none_yet = torn = 0
    for number in range(KILLS):
        folder = tmp_path / str(number)
        told = kill_one(killed_run, folder, rng.randint(0, MOST_LOOKS), rng.uniform(0, LONGEST))
        if not (folder / HISTORY_FILE).exists():
            assert not told
            none_yet += 1
            continue
        history = History.read(folder)
        torn += not (folder / HISTORY_FILE).read_bytes().endswith(b"\n")
        assert history.errors == []
        assert history.steps == [2 * k for k in range(1, len(history.steps) + 1)]
        assert history.steps[: len(told)] == told  # whatever was told is there
        assert len(history.steps) <= len(told) + 1  # and at most the one that was about to be told
        assert len(history.losses.get("g_loss", [])) >= 2 * len(history.steps) - 1
        resumed = History.go_on(folder, step=history.steps[-1] if history.steps else 0)
        resumed.add("about", resumed=True)
        assert History.read(folder).steps == history.steps
    assert none_yet + torn < KILLS / 2  # most kills hit a training that had begun
