"""Two processes in each framework: the same training, nobody waits for ever, values where callbacks read them."""

import json
import math
import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent
ROOT = HERE.parents[2]


def run(folder, *frameworks):
    """What both processes saw. Started once, because starting takes most of the time; a hang fails after a while."""
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    done = subprocess.run(
        [*launcher, str(HERE / "two_ranks.py"), str(folder), *frameworks],
        cwd=ROOT,
        env={**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)},
        capture_output=True,
        text=True,
        check=False,
        timeout=200,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads((folder / f"rank{rank}.json").read_text()) for rank in (0, 1)]


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    return run(tmp_path_factory.mktemp("ranks"), "lightning", "transformers", "ignite")


@pytest.mark.parametrize("framework", ["lightning", "transformers", "ignite"])
def test_training_on_two_processes_stays_the_same_bit_for_bit(seen, framework):
    assert [one[framework]["same"] for one in seen] == [True, True]
    assert [one[framework]["looks"] for one in seen] == [[2, 4, 6], []]


@pytest.mark.slow  # their monitor is the one of tests/monitor/test_crew.py
def test_so_it_does_where_the_loop_is_written_by_hand(tmp_path):
    for one, looks in zip(run(tmp_path, "fabric", "accelerate"), ([2, 4, 6], []), strict=True):
        assert {name: (of["same"], of["looks"]) for name, of in one.items()} == dict.fromkeys(
            ("fabric", "accelerate"), (True, looks)
        )


@pytest.mark.parametrize("framework", ["lightning", "transformers", "ignite"])
def test_what_keeps_the_best_and_stops_early_finds_the_same_values_on_every_process(seen, framework):
    """Known to one process alone, they would hang the training in Lightning and end it in transformers."""
    first, second = (one[framework]["values"] for one in seen)
    assert first == second
    assert math.isfinite(first["collapse/accepted_share"])


def test_what_one_process_alone_has_seen_is_on_none(seen):
    """Asked for with ``ranks="first"``: the looks are made, and a callback that waits for values waits everywhere."""
    assert [one["alone"]["looks"] for one in seen] == [[2, 4, 6], []]
    assert [one["alone"]["values"] for one in seen] == [{}, {}]
