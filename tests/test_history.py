"""Does a long run keep its record, whatever its length, its disk and its end? Memory, owed lines, fetched looks."""

import json
import time

import pytest

from collapse_metrics.history import HISTORY_FILE, MOST_OWED, History
from collapse_metrics.records import Finding, Measurement, Scorecard, Status, Verdict
from collapse_metrics.shelf import NEWEST, Series, Shelf, gist_of

LONG = NEWEST + 40


def card_at(step, verdict=Verdict.HEALTHY):
    numbers = (Measurement("accepted_share", step / 1000, 0.0, float("inf"), (0.9, 1.0), step=step),)
    found = () if verdict is Verdict.HEALTHY else (Finding("total_collapse", Status.FOUND, "alike", "", severity=1.0),)
    return Scorecard(verdict, found, numbers, {"step": step})


def long_run(folder=None, checks=LONG):
    history = History(folder)
    for step in range(1, checks + 1):
        history.add("losses", values={"g_loss": [[step, 0.5]]})
        history.add("check", card=card_at(step).to_dict(), samples={"points": [[0.0, step]]})
    return history


@pytest.mark.parametrize("on_disk", [True, False])
def test_old_looks_are_fetched_and_equal_what_was_kept(tmp_path, on_disk):
    history = long_run(tmp_path if on_disk else None)
    cards = [card_at(step) for step in range(1, LONG + 1)]
    assert history.checks == cards
    assert history.checks[0] == cards[0]
    assert history.checks[-LONG] == cards[0]
    assert history.checks[38:42] == cards[38:42]
    assert history.samples == [{"points": [[0.0, step]]} for step in range(1, LONG + 1)]
    assert history.steps == list(range(1, LONG + 1))
    assert [m.value for _, m in history.series("accepted_share")] == [step / 1000 for step in history.steps]
    assert len(history.to_frame()) == LONG
    with pytest.raises(IndexError):
        history.checks[LONG]


@pytest.mark.parametrize("on_disk", [True, False])
def test_the_whole_history_has_everything_at_hand(tmp_path, on_disk):
    history = long_run(tmp_path if on_disk else None)
    whole = history.whole()
    (tmp_path / HISTORY_FILE).unlink(missing_ok=True)
    assert whole.checks == [card_at(step) for step in range(1, LONG + 1)]
    assert whole.whole() is whole
    assert whole.losses is history.losses


def test_a_history_that_was_read_needs_its_file_no_more(tmp_path):
    long_run(tmp_path)
    read = History.read(tmp_path)
    (tmp_path / HISTORY_FILE).unlink()
    assert len(list(read.checks)) == LONG


def test_a_record_that_was_changed_under_a_run_is_told(tmp_path):
    history = long_run(tmp_path)
    path = tmp_path / HISTORY_FILE
    path.write_bytes(path.read_bytes()[40:])
    with pytest.raises(ValueError, match=r"the look at step 1 is needed, .* no longer has it in its place"):
        history.checks[0]
    lines = path.read_text().splitlines()
    path.write_text("\n".join(lines[::-1]))
    with pytest.raises(ValueError, match="no longer has it in its place"):
        list(history.checks)


def test_a_resumed_run_goes_on_behind_the_record_with_few_looks_at_hand(tmp_path):
    long_run(tmp_path)
    history = History.go_on(tmp_path, step=LONG - 10)
    history.add("check", card=card_at(500, Verdict.COLLAPSE).to_dict())
    assert history.checks == [*(card_at(step) for step in range(1, LONG - 9)), card_at(500, Verdict.COLLAPSE)]
    assert contents(History.read(tmp_path)) == contents(history)


def contents(history):
    return history.about, history.checks, history.samples, history.losses, history.alarms, history.final


def refuse(monkeypatch, *, after=0):
    """A disk that takes ``after`` more bytes: what a real one does when it is full."""
    real, room = History._open, [after]

    class Full:
        def __init__(self, file):
            self.file = file

        def write(self, data):
            taken = min(room[0], len(data))
            if not taken:
                raise OSError(28, "No space left on device")
            room[0] -= taken
            return self.file.write(data[:taken])

        def __getattr__(self, name):
            return getattr(self.file, name)

        def __enter__(self):
            return self

        def __exit__(self, *_):
            self.file.close()

    monkeypatch.setattr(History, "_open", lambda self, folder: Full(real(self, folder)))
    return room


@pytest.mark.parametrize("after", [0, 1, 100, 200])
def test_what_a_full_disk_refused_is_written_when_there_is_room_again(tmp_path, monkeypatch, after):
    history = long_run(tmp_path, checks=2)
    room = refuse(monkeypatch, after=after)
    for step in (3, 4):
        with pytest.raises(OSError, match="No space left"):
            history.add("check", card=card_at(step).to_dict())
        assert (tmp_path / HISTORY_FILE).read_bytes().endswith(b"\n")
    assert history.steps == [1, 2, 3, 4]
    room[0] = 10**6
    history.add("check", card=card_at(5).to_dict())
    assert contents(History.read(tmp_path)) == contents(history)


def test_looks_that_never_reached_the_disk_are_kept_packed(tmp_path, monkeypatch):
    refuse(monkeypatch)
    history = History(tmp_path / "run")
    for step in range(1, LONG + 1):
        with pytest.raises(OSError, match="No space left"):
            history.add("check", card=card_at(step).to_dict())
    assert history.checks == [card_at(step) for step in range(1, LONG + 1)]
    assert len(history._owed) == LONG < MOST_OWED


def test_ctrl_c_in_the_middle_of_a_line_leaves_whole_ones(tmp_path, monkeypatch):
    history = long_run(tmp_path, checks=2)
    before = (tmp_path / HISTORY_FILE).read_bytes()
    real = History._open

    def interrupted(self, folder):
        file = real(self, folder)

        class Half:
            def __enter__(self):
                return self

            def __exit__(self, *_):
                file.close()

            def __getattr__(self, name):
                return getattr(file, name)

            def write(self, data):
                file.write(data[: len(data) // 2])
                raise KeyboardInterrupt

        return Half()

    monkeypatch.setattr(History, "_open", interrupted)
    with pytest.raises(KeyboardInterrupt):
        history.add("check", card=card_at(3).to_dict())
    assert (tmp_path / HISTORY_FILE).read_bytes() == before


def test_a_folder_that_was_removed_is_made_again(tmp_path):
    history = long_run(tmp_path / "run", checks=3)
    (tmp_path / "run" / HISTORY_FILE).unlink()
    (tmp_path / "run").rmdir()
    history.add("check", card=card_at(4).to_dict())
    assert History.read(tmp_path / "run").steps == [4]
    assert history.steps == [1, 2, 3, 4]


def test_a_series_is_a_sequence_of_pairs():
    series = Series([(1, 0.5), (2, None)])
    series.extend([(3, 7)])
    assert len(series) == 3
    assert series[0] == (1, 0.5)
    assert series[-1] == (3, 7.0)
    assert series[2:] == [(3, 7.0)]
    assert repr(series) == "[(1, 0.5), (2, nan), (3, 7.0)]"
    assert Series([(1, 2.0)]) == [(1, 2.0)] != Series([(1, 3.0)])
    with pytest.raises(IndexError):
        series[3]


def test_the_gist_says_what_is_asked_again_and_again():
    card = card_at(7, Verdict.COLLAPSE)
    card.provenance["note"] = "too early"
    assert gist_of(card)[:5] == (7, Verdict.COLLAPSE, frozenset({"total_collapse"}), 0.007, True)
    shelf = Shelf(1)
    assert shelf.all_at_hand


def test_a_look_tells_when_it_was(tmp_path):
    began = time.time()
    history = long_run(tmp_path, checks=2)
    assert began - 0.01 <= history.gists[0].at <= history.gists[1].at <= time.time() + 0.01
    assert [gist.at for gist in History.read(tmp_path).gists] == [gist.at for gist in history.gists]


def test_points_and_numbers_do_not_stay_in_memory(tmp_path):
    import tracemalloc

    rows = [[0.123 * k, 0.5] for k in range(400)]
    card = json.loads(json.dumps(card_at(1).to_dict()))
    history = History(tmp_path)

    def grown(looks):
        before = tracemalloc.get_traced_memory()[0]
        for _ in range(looks):
            card["provenance"]["step"] += 1
            history.add("check", card=card, samples={"points": [list(row) for row in rows]})
        return (tracemalloc.get_traced_memory()[0] - before) / looks

    tracemalloc.start()
    try:
        filling, later = grown(NEWEST), grown(150)
    finally:
        tracemalloc.stop()
    assert filling > 20_000  # what one look with its points takes
    assert later < 600
