"""The benchmark's harness: does it measure what it says, and does its page say what was measured?"""

import json

import numpy as np
import pytest

from benchmarks import _child, _memory, _page, peers
from benchmarks._cases import CASES, Row, as_they_are
from benchmarks._data import Features, Pictures, read, tiny, write

MB = 1_000_000


def touch(n_bytes):
    return np.ones(n_bytes, dtype=np.uint8)  # zeros would stay untouched, and cost nothing


@pytest.mark.skipif(not _memory.reset_peak(), reason="this system does not set the high-water mark back")
class TestMemory:
    def test_a_known_allocation_is_seen(self):
        held, cost = _memory.cost_of(lambda: touch(80 * MB))
        assert cost.peak == pytest.approx(held.nbytes, abs=2 * MB)
        assert cost.whole > cost.peak

    def test_what_is_given_back_within_the_call_counts(self):
        _, cost = _memory.cost_of(lambda: touch(80 * MB).nbytes)
        assert cost.peak == pytest.approx(80 * MB, abs=2 * MB)

    def test_a_higher_peak_of_earlier_does_not_count(self):
        touch(160 * MB)
        _, cost = _memory.cost_of(lambda: touch(40 * MB).nbytes)
        assert cost.peak == pytest.approx(40 * MB, abs=2 * MB)

    def test_freed_small_blocks_are_not_used_again_unseen(self):
        small = [bytes(60_000) for _ in range(501)]
        small[:] = small[-1:]  # the last one keeps the heap from shrinking by itself
        _, cost = _memory.cost_of(lambda: len([bytes(60_000) for _ in range(500)]))
        assert cost.peak > 15 * MB  # without giving back, none of the 30 MB would be seen


def test_where_the_system_does_not_tell_memory_is_not_invented(monkeypatch, tmp_path):
    monkeypatch.setattr(_memory, "RESET", tmp_path / "no" / "such")
    assert _memory.cost_of(lambda: 1)[1].peak is None


def test_features_come_back_from_disk_the_same_every_time(tmp_path):
    data = Features(40, 6)
    once, again = read(write(data, tmp_path / "a")), read(write(data, tmp_path / "b"))
    assert {name: x.dtype for name, x in once.items()} == {"real": np.float32, "fake": np.float32}
    assert all(np.array_equal(once[name], again[name]) for name in once)
    assert once["real"].shape == once["fake"].shape == (40, 6)


def test_variance_falls_along_the_axes_whatever_way_they_are_turned():
    values = np.linalg.eigvalsh(np.cov(Features(20_000, 4).arrays()["real"], rowvar=False))[::-1]
    assert values == pytest.approx([1, 1 / 2, 1 / 3, 1 / 4], rel=0.06)  # 6 standard errors of sqrt(2 / n)


def test_the_corner_for_warming_up_keeps_pictures_whole():
    corner = tiny({"real": np.zeros((100, 50), np.float32), "pictures": np.zeros((9, 28, 28), np.float32)})
    assert corner["real"].shape == (64, 8)
    assert corner["pictures"].shape == (4, 28, 28)


def small(case):
    return case.quick.arrays()


def test_all_programs_of_a_case_say_the_same():
    case = CASES["neighbours-10k-64"]
    ours, fitted, prdc = (_child.measure(case.row(name), small(case)) for name in ("ours", "ours, fitted", "prdc"))
    assert fitted["values"] == ours["values"]
    assert prdc["values"] == pytest.approx({name: ours["values"][name] for name in prdc["values"]})


def test_the_published_algorithm_agrees_with_its_formula():
    from scipy.stats import betabinom

    from benchmarks._theirs import K, expected_share

    n, m = 30, 40
    by_definition = [
        sum(min(j, K) * betabinom.pmf(j, good, K, n - K) for j in range(good + 1)) for good in range(m + 1)
    ]
    assert expected_share(n, m)[K:] * K == pytest.approx(by_definition[K:])


@pytest.mark.parametrize("name", ["neighbours-10k-64", "vendi", "frechet", "clipped", "ssim"])
def test_floors_run(name):
    floors = [row for row in CASES[name].rows if "floor" in row.name]
    assert [_child.measure(row, small(CASES[name]))["values"] for row in floors] == [{}] * len(floors)


@pytest.mark.parametrize("case", CASES.values(), ids=CASES.keys())
def test_comparisons_name_rows_that_there_are(case):
    names = {row.name for row in case.rows}
    for comparison in case.comparisons:
        assert {comparison.ours, comparison.theirs, comparison.floor} - {None} <= names


def test_a_library_that_fails_is_a_result():
    def broken(data):
        raise TypeError("sqrtm() got an unexpected keyword argument 'disp'\nand more")

    result = _child.measure(Row("peer", broken, "", as_they_are), {})
    assert result == {"error": "TypeError: sqrtm() got an unexpected keyword argument 'disp'"}


def run(seconds, peak=10 * MB, whole=500 * MB):
    return {"seconds": seconds, "peak": peak, "whole": whole}


def record(**rows):
    machine = {"cores": 2, "system": "Linux x86_64", "torch": "2.14.1"}
    entries = {
        name.replace("_", "-"): {"program": name, "values": {}, "runs": runs} if isinstance(runs, list) else runs
        for name, runs in rows.items()
    }
    return {"data": "10,000 × 64", "threads": 2, "machine": machine, "rows": entries}


def line_of(page, words):
    return next(line for line in page.splitlines() if words in line)


@pytest.mark.parametrize(
    ("ours", "held"),
    [
        ([run(0.9), run(1.0), run(30.0)], "yes"),  # the median counts, not the mean
        ([run(1.0, peak=11 * MB)], "**no**"),
        ([run(1.1)], "**no**"),
        ([run(1.0, peak=None)], "not measured"),
        ({"program": "ours", "runs": [], "error": "ValueError: no"}, "not compared: ours failed"),
    ],
    ids=["held", "memory-missed", "time-missed", "memory-unknown", "failed"],
)
def test_the_page_says_whether_a_promise_was_held(ours, held):
    page = _page.render({"cases": {"neighbours-10k-64": record(ours=ours, prdc=[run(4.0, peak=100 * MB)])}})
    assert f"| 4 × faster, 10 × smaller | {held} |" in line_of(page, "| ours | prdc |")


@pytest.mark.parametrize(("floor", "said"), [(0.9, "**no**"), (1.1, "**no**: the floor itself is only 3.64 × faster")])
def test_a_promise_that_nobody_could_keep_is_called_so(floor, said):
    slow = record(ours=[run(1.2, peak=MB)], prdc=[run(4.0, peak=100 * MB)], floor=[run(floor)])
    page = _page.render({"cases": {"neighbours-10k-64": slow}})
    assert f"| 4 × faster, 10 × smaller | {said} |" in line_of(page, "| ours | prdc |")


def test_a_failed_peer_is_no_success_of_ours():
    failed = {"program": "clean-fid 0.1.35", "runs": [], "error": "TypeError: disp"}
    page = _page.render({"cases": {"frechet": record(ours=[run(1.0)], clean_fid=failed, piq=[run(0.9)])}})
    assert "| not slower | not compared: theirs failed |" in line_of(page, "| ours | clean-fid |")
    assert "| **no** |" in line_of(page, "| ours | piq |")
    assert "failed: TypeError: disp" in page


@pytest.mark.parametrize(("whole", "held"), [(1_500 * MB, "yes"), (1_501 * MB, "**no**")])
def test_a_room_is_kept_by_the_whole_process(whole, held):
    page = _page.render({"cases": {"neighbours-50k-64": record(ours=[run(1.0, whole=whole)])}})
    assert f"| {held} |" in line_of(page, "whole process in 1.5 GB")


def test_errors_lose_the_folders_of_the_machine():
    text = "ImportError: cannot import name 'x' from 'a.b' (/home/me/.venv/lib/a/__init__.py), see https://a.org/b"
    assert "/home" not in _page.without_paths(text)
    assert "https://a.org/b" in _page.without_paths(text)


def test_a_whole_run_writes_page_and_figures_and_is_resumed(tmp_path):
    arguments = ["--quick", "--only", "vendi", "--threads", "1", "--out", str(tmp_path)]
    kept = {"values": {}, "runs": [run(1.0)]}
    from importlib.metadata import version

    programs = {
        "ours": f"collapse_metrics {version('collapse_metrics')}",
        "floor": "torch",
        "vendi-score, score_X": f"vendi-score {version('vendi-score')}",
    }
    options = peers._options().parse_args(arguments)
    rows = {name: {**kept, "program": program} for name, program in programs.items()}
    before = {"cases": {"vendi": {**peers._circumstances(CASES["vendi"], options), "rows": rows}}}
    (tmp_path / "benchmarks.json").write_text(json.dumps(before))

    peers.main([*arguments, "--resume", "--repeats", "1"])

    after = json.loads((tmp_path / "benchmarks.json").read_text())["cases"]["vendi"]["rows"]
    assert all(after[name]["runs"] == [run(1.0)] for name in programs)
    entry = after["vendi-score, score_dual"]
    assert len(entry["runs"]) == 1
    assert entry["runs"][0]["seconds"] > 0
    assert entry["values"]["vendi_score"] > 1
    page = (tmp_path / "benchmarks.md").read_text()
    assert page.count("\n1 thread, ") == 1
    assert str(tmp_path) not in page


def test_more_threads_than_cores_is_refused():
    with pytest.raises(SystemExit, match=r"--threads 4096 needs as many cores, got \d+: pass --threads"):
        peers.main(["--quick", "--threads", "4096"])


def test_scribbles_stand_in_for_digits():
    assert Pictures(3, scribbled=True).arrays()["pictures"].shape == (3, 28, 28)
