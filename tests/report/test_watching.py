"""The live view: what stands on the screen, at any size, and whatever happens to the record behind it."""

import contextlib
import io
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from functools import partial
from pathlib import Path

import pytest
from rich.console import Console

from collapse_metrics.cli import main
from collapse_metrics.history import HISTORY_FILE, History
from collapse_metrics.records import Scorecard, Verdict
from collapse_metrics.report.tail import Tail
from collapse_metrics.report.terminal import lasting, screen, sparkline
from tests.report.conftest import make_card, make_history

ROOT = Path(__file__).parents[2]


def shown(folder_or_tail, *, width=80, height=24, now=None, ascii_only=False):
    tail = folder_or_tail if isinstance(folder_or_tail, Tail) else Tail(folder_or_tail)
    tail.catch_up()
    now = time.time() if now is None else now
    console = Console(file=io.StringIO(), width=width, height=height, legacy_windows=False)
    console.print(screen(tail, now=now, width=width, height=height, ascii_only=ascii_only))
    return console.file.getvalue()


def running(folder, checks=6, onset=400):
    """A run without its end."""
    make_history(folder, checks=checks, onset=onset)
    path = folder / HISTORY_FILE
    path.write_text("".join(line for line in path.read_text().splitlines(True) if '"final"' not in line))
    return path


def test_the_screen_answers_the_questions_of_a_passer_by(tmp_path):
    running(tmp_path / "today")
    text = shown(tmp_path / "today")
    assert "today  against three <modes>  step 600  6 looks" in text
    assert "PARTIAL COLLAPSE  since step 400  Part of the variety of the data is gone." in text
    assert "verdicts  ▃▃▃▅▅▅" in text
    assert "Healthy from step 100 to 300, then partial collapse from step 400 to 600." in text
    curve = re.search(r"Neighbour ratio +0\.4  0\.9 to 1 +(.)\1\1(.)\2\2\n", text)
    assert curve[1] > curve[2]
    assert "g_loss" in text
    assert "found  mode dropping since step 400: 1 of 3 modes below half of their share" in text
    assert "watch  loss oscillation: a cycle of <script>x</script> steps" in text
    assert "to try: PacGAN & <b>friends</b>" in text
    assert "1 clear, 1 not checked" in text


def test_the_closing_diagnosis_replaces_the_newest_look_until_the_training_goes_on(tmp_path):
    history = make_history(tmp_path)
    assert "since step 400" in shown(tmp_path)
    assert "this is the closing diagnosis of the run" in shown(tmp_path)
    history.add("check", card=make_card(Verdict.HEALTHY, 700, level=0.95).to_dict())
    assert "HEALTHY" in shown(tmp_path)
    assert "closing diagnosis" not in shown(tmp_path)


def test_alarms_are_told_newest_last(tmp_path):
    history = make_history(tmp_path)
    for step in (100, 300, 500):
        history.add("alarm", step=step, finding="mode_dropping", mode="3", e_value=1e4, needed=300.0, since=step - 50)
    text = shown(tmp_path)
    assert "ALARM at step 300  mode dropping of mode 3, since about step 250  (1 before)" in text
    assert text.index("ALARM at step 300") < text.index("ALARM at step 500")


@pytest.mark.parametrize("size", [(80, 24), (60, 10), (40, 6), (200, 60), (20, 3)])
@pytest.mark.parametrize("sick", [True, False])
def test_it_fits_any_terminal(tmp_path, size, sick):
    width, height = size
    history = make_history(tmp_path, checks=300, steps=9000, onset=4000 if sick else 10**6)
    history.add("alarm", step=5000, finding="total_collapse", mode=None, e_value=1e4, needed=300.0, since=4000)
    lines = shown(tmp_path, width=width, height=height).splitlines()
    assert len(lines) <= height
    assert max(map(len, lines)) <= width
    if height >= 10:
        assert "verdicts" in "".join(lines)
        assert "Neighbour ratio" in "".join(lines) or "Mode coverage" in "".join(lines)


def test_a_terminal_of_ascii_gets_ascii(tmp_path):
    running(tmp_path)
    text = shown(tmp_path, ascii_only=True, width=70)
    assert text.isascii()
    assert "verdicts  ---***" in text or "verdicts  --" in text


def test_it_tells_the_speed_and_how_long_ago_the_last_look_was(tmp_path, monkeypatch):
    clock = [1000.0]
    monkeypatch.setattr("collapse_metrics.history.time.time", lambda: clock[0])
    history = History(tmp_path)
    for step in range(100, 600, 100):
        clock[0] += 20
        history.add("check", card=make_card(step=step).to_dict())
    assert "5 steps/s  a look every 20 s  last look 7.0 s ago" in shown(tmp_path, now=1107.0)
    assert "last look 5 min 0 s ago: late, has it stopped?" in shown(tmp_path, now=1400.0)


def test_a_run_that_has_not_begun_is_waited_for(tmp_path):
    tail = Tail(tmp_path / "run")
    assert "waiting for" in shown(tail)
    history = History(tmp_path / "run")
    history.add("about", reference="mnist")
    assert "The run has begun; no look is on record yet." in shown(tail)
    history.add("check", card=make_card().to_dict())
    assert "HEALTHY" in shown(tail)


def test_only_what_was_added_is_read_and_half_a_line_is_waited_for(tmp_path):
    path = running(tmp_path)
    tail = Tail(tmp_path)
    assert tail.catch_up()
    assert not tail.catch_up()
    line = path.read_text().splitlines(True)[-1]
    with path.open("a") as file:
        file.write(line[:50])
    assert not tail.catch_up()
    assert len(tail.history.checks) == 6
    with path.open("a") as file:
        file.write(line[50:] + '{"kind": "check", "ca' + line + "no json\n7\n")
    assert tail.catch_up()
    assert len(tail.history.checks) == 8


def test_a_record_that_is_replaced_is_begun_anew(tmp_path):
    running(tmp_path)
    tail = Tail(tmp_path)
    tail.catch_up()
    History(tmp_path).add("check", card=make_card(step=7).to_dict())  # another run puts the record aside
    tail.catch_up()
    assert tail.history.steps == [7]
    (tmp_path / HISTORY_FILE).unlink()
    assert "the record is gone, this is what was read" in shown(tail)
    assert tail.history.steps == [7]


def test_a_record_that_was_cut_back_is_begun_anew(tmp_path):
    running(tmp_path)
    tail = Tail(tmp_path)
    tail.catch_up()
    History.go_on(tmp_path, step=200)
    tail.catch_up()
    assert tail.history.steps == [100, 200]


def test_curves_lie_over_the_looks_that_measured_them():
    assert sparkline([0.0, 1.0, float("nan"), 0.5]) == "▁█ ▅"
    assert sparkline([float("nan")] * 3) == "   "
    assert sparkline([5.0, 5.0]) == "▁▁"


def test_a_measure_that_was_not_always_there_has_gaps(tmp_path):
    history = History(tmp_path)
    for step in range(1, 5):
        card = make_card(step=step)
        if step == 2:
            numbers = tuple(m for m in card.measurements if m.name != "neighbour_ratio")
            card = Scorecard(card.verdict, card.findings, numbers, card.provenance)
        history.add("check", card=card.to_dict())
    line = next(line for line in shown(tmp_path).splitlines() if line.startswith("Neighbour ratio"))
    assert line.split("1  ")[-1].strip()[1] == " "


@pytest.mark.parametrize(("seconds", "words"), [(59.9, "59 s"), (60, "1 min 0 s"), (86400, "1 d 0 h")])
def test_durations(seconds, words):
    assert lasting(seconds) == words


def run_command(*words):
    with pytest.raises(SystemExit) as done:
        main(["watch", *map(str, words)])
    return done.value.code


def test_in_a_pipe_it_is_one_plain_snapshot(tmp_path, capsys):
    running(tmp_path)
    assert run_command(tmp_path) == 0
    out = capsys.readouterr().out
    assert "PARTIAL COLLAPSE" in out
    assert "\x1b" not in out


def test_until_the_end_waits_for_the_end(tmp_path, capsys):
    make_history(tmp_path)
    assert run_command(tmp_path, "--until-end") == 0
    assert "closing diagnosis" in capsys.readouterr().out


def test_what_cannot_be_watched_is_explained(tmp_path, capsys):
    assert run_command(tmp_path / "none", "--once") == 2
    assert "a folder with history.jsonl is needed" in capsys.readouterr().err
    assert run_command(tmp_path, "--refresh", "0") == 2
    assert "above 0, got 0" in capsys.readouterr().err


def read_until(master, word, seconds=60):
    """What a terminal received, up to a word."""
    got, until = b"", time.monotonic() + seconds
    while word not in got:
        assert time.monotonic() < until, f"{word!r} never came: {got[-500:]!r}"
        got += os.read(master, 65536)
    return got


def ended(watcher, master, patience=120):
    """The exit code; what it still writes is read, or it would wait for that for ever."""
    until = time.monotonic() + patience
    while watcher.poll() is None and time.monotonic() < until:
        if select.select([master], [], [], 0.1)[0]:
            with contextlib.suppress(OSError):  # the other end is closed
                os.read(master, 65536)
    return watcher.poll()


def test_in_a_terminal_it_lives_until_ctrl_c(tmp_path):
    master, slave = pty.openpty()
    command = [sys.executable, "-m", "collapse_metrics.cli", "watch", str(tmp_path / "run"), "--refresh", "0.05"]
    environment = {**os.environ, "TERM": "xterm-256color", "COLUMNS": "80", "LINES": "24"}
    # Tests that run in the background of a shell ignore Ctrl-C, and so would their children.
    heeding = partial(signal.signal, signal.SIGINT, signal.SIG_DFL)
    pipes = {"stdin": slave, "stdout": slave, "stderr": slave}
    watcher = subprocess.Popen(command, **pipes, env=environment, cwd=ROOT, preexec_fn=heeding)
    os.close(slave)
    try:
        read_until(master, b"waiting for")
        history = History(tmp_path / "run")
        history.add("check", card=make_card(step=100).to_dict())
        read_until(master, b"HEALTHY")
        history.add("check", card=make_card(Verdict.COLLAPSE, step=200).to_dict())
        read_until(master, b"COLLAPSE")
        watcher.send_signal(signal.SIGINT)
        read_until(master, b"last look")  # the last screen stays to be read
        assert ended(watcher, master) == 0
    finally:
        watcher.kill()
        watcher.wait()
        os.close(master)
