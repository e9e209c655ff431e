"""Several processes: the same numbers as one, nobody waits for ever, and the training stays what it was."""

import importlib.util
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch

import collapse_metrics as cm
from collapse_metrics.monitor import crew

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def loaded(path):
    spec = importlib.util.spec_from_file_location(path.stem, path)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def seen(tmp_path_factory):
    """What both processes saw; they are started once, because starting them is what takes the time."""
    folder = tmp_path_factory.mktemp("ranks")
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    environment = {**os.environ, "OMP_NUM_THREADS": "1", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [*launcher, str(HERE / "two_ranks.py"), str(folder)],
        cwd=ROOT,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return [json.loads((folder / f"rank{rank}.json").read_text()) for rank in (0, 1)]


@pytest.mark.parametrize("ranks", ["first", "all"])
def test_training_on_two_processes_stays_the_same_bit_for_bit(seen, ranks):
    assert [one[f"same with {ranks}"] for one in seen] == [True, True]


def test_the_first_process_looks_and_the_other_only_counts(seen):
    assert [one["looks with first"] for one in seen] == [[2, 4], []]
    assert seen[1]["verdict with first"] == "inconclusive"


def test_a_shared_look_is_written_once_and_known_to_all(seen):
    assert [one["looks with all"] for one in seen] == [[2, 4], []]
    assert seen[0]["verdict with all"] == seen[1]["verdict with all"] != "inconclusive"


@pytest.mark.parametrize("n", [100, 700])
def test_two_processes_say_what_one_says_to_the_last_digit(seen, n):
    """100 samples are one chunk, so that the second process has none; 700 are three, two for the first."""
    two_ranks = loaded(HERE / "two_ranks.py")
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    try:
        alone = json.loads(json.dumps(two_ranks.card(two_ranks.plane(), n).to_dict()))
    finally:
        torch.set_num_threads(threads)
    assert seen[0]["cards"][str(n)] == alone
    assert seen[1]["cards"][str(n)] == alone


def test_an_action_happens_on_every_process(seen):
    assert [one["stopped"] for one in seen] == [True, True]


def test_an_error_in_one_process_is_one_warning_in_each(seen):
    for one in seen:
        (warning,) = one["failed"]
        assert "no samples today" in warning


def test_a_process_that_does_not_come_is_not_waited_for_twice(seen):
    (warning,) = seen[0]["late"]
    assert "step the monitor equally often on all of them" in warning
    assert seen[0]["looks alone"] == [2, 3]


def test_processes_at_different_steps_are_told_apart_at_once(seen):
    for one in seen:
        (warning,) = one["elsewhere"]
        assert "{0: 1, 1: 2}" in warning


def test_the_closing_word_is_had_by_the_first_alone(seen):
    """``if trainer.is_global_zero: monitor.diagnose()`` is what people write."""
    assert seen[0]["closed alone"] not in (None, "inconclusive")
    (warning,) = seen[0]["said of it"]
    assert "not all 2 answered within 2 s" in warning
    assert [one["closed later"] for one in seen] == [seen[0]["closed alone"], "inconclusive"]


def test_alone_a_crew_does_everything_itself():
    alone = crew.Crew(together=True)
    assert not alone.together
    assert alone.leads
    assert [float(part) for part in alone.gather(lambda i: torch.tensor(i), 3)] == [0, 1, 2]
    assert alone.share(lambda: "word") == "word"


def test_the_launcher_says_who_is_first_before_the_processes_know_each_other(monkeypatch, tmp_path):
    monkeypatch.setenv("RANK", "1")
    monkeypatch.setenv("WORLD_SIZE", "2")
    assert crew.place() == (1, 2)
    real = torch.randn(400, 2, generator=torch.Generator().manual_seed(1))
    reference = cm.Reference.fit(real=real)
    monitor = cm.Monitor(torch.nn.Linear(2, 2), latent=2, every=1, reference=reference, log_dir=tmp_path / "run")
    monitor.step()
    assert monitor.history.steps == []
    assert not (tmp_path / "run").exists()
    with pytest.raises(ValueError, match="init_process_group"):
        cm.Monitor(torch.nn.Linear(2, 2), latent=2, reference=reference, ranks="all")
    with pytest.raises(ValueError, match="on every process"):
        cm.Monitor(torch.nn.Linear(2, 2), latent=2, reference=reference, on_collapse=print)


@pytest.mark.bad_input
def test_other_words_for_ranks_are_refused():
    with pytest.raises(ValueError, match='"first" or "all"'):
        cm.Monitor(torch.nn.Linear(2, 2), latent=2, ranks="some")
