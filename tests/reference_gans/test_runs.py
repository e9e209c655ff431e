"""Arms by seeds: taken up where they stopped, and the same in one process or two."""

import json

import pytest

from reference_gans.studies._runs import Runs


def square(arm, seed, steps):
    return {"number": float(arm) + seed**2}


def test_what_is_stored_is_not_done_again_unless_it_is_of_another_length(tmp_path):
    done = []

    def one_run(arm, seed, steps):
        done.append((arm, seed))
        return {"number": seed}

    file = tmp_path / "deep" / "runs.json"
    file.parent.mkdir()
    file.write_text(json.dumps({"a/0": {"number": 7, "steps": 100}, "b/0": {"number": 8, "steps": 20}}))
    runs = Runs(one_run, file, 100)
    assert list(runs.complete(["a", "b"], 2)) == ["b/0", "a/1", "b/1"]
    assert done == [("b", 0), ("a", 1), ("b", 1)]
    assert [run["number"] for run in runs.of_arm("a")] == [7, 1]
    again = Runs(one_run, file, 100)
    assert list(again.complete(["a", "b"], 2)) == []
    assert again.outcomes == runs.outcomes
    assert all(run["steps"] == 100 for run in again.outcomes.values())


def test_a_run_cut_off_leaves_all_that_ended_before(tmp_path):
    def breaks(arm, seed, steps):
        if seed == 1:
            raise KeyboardInterrupt
        return {}

    with pytest.raises(KeyboardInterrupt):
        list(Runs(breaks, tmp_path / "runs.json", 5).complete(["a", "b"], 2))
    assert set(json.loads((tmp_path / "runs.json").read_text())) == {"a/0", "b/0"}


def test_seeds_come_in_the_order_of_numbers():
    runs = Runs(square, None, 1)
    list(runs.complete(["0"], 12))
    assert [run["number"] for run in runs.of_arm("0")] == [seed**2 for seed in range(12)]


@pytest.mark.slow
def test_two_processes_give_what_one_gives():
    alone, together = Runs(square, None, 1), Runs(square, None, 1)
    list(alone.complete(["1", "2"], 3, workers=1))
    list(together.complete(["1", "2"], 3, workers=2))
    numbers = [{key: run["number"] for key, run in runs.outcomes.items()} for runs in (alone, together)]
    assert numbers[0] == numbers[1]
