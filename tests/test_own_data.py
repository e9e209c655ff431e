"""The page about one's own data, run as it stands: labelled shapes, a classifier, a reference, verdicts; in small."""

import re
from pathlib import Path

import pytest

from collapse_metrics import cli

PAGE = (Path(__file__).parents[1] / "docs" / "own_data.md").read_text(encoding="utf-8")

SMALLER = {
    "coloured_shapes(3000": "coloured_shapes(1050",
    "coloured_shapes(1000": "coloured_shapes(500",
    "train-classifier shapes.npz": "train-classifier shapes.npz --epochs 5",
}
"""What is changed so that it takes seconds: fewer pictures, and a tenth of the training."""

BLOCK = re.compile(r"^```(python|console)\n(.*?)^```", re.MULTILINE | re.DOTALL)


def in_small(text):
    for there, here in SMALLER.items():
        text = text.replace(there, here)
    return text


def ask(words, capsys):
    """One command as a shell would run it: exit code and standard output."""
    with pytest.raises(SystemExit) as stop:
        cli.main(words)
    return stop.value.code, capsys.readouterr().out


def test_every_block_of_the_page_runs_in_order_and_prints_what_it_says(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    names, printed = {}, {}
    for kind, block in BLOCK.findall(in_small(PAGE)):
        if kind == "python":
            exec(compile(block, "own_data.md", "exec"), names)
            capsys.readouterr()
            continue
        for command in block.strip().split("$ collapse-metrics ")[1:]:
            words, *promised = command.strip().splitlines()
            code, out = ask(words.split(), capsys)
            assert code == 0, (words, out)
            for line in promised:
                assert line.strip() in out, (words, out)
            printed[words.split()[0]] = out
    assert "taken for" in printed["train-classifier"] or "named rightly" in printed["train-classifier"]
    assert re.search(r"a verdict needs \d+ generated samples or more", printed["reference"])
    assert "6 modes, known from labels" in printed["reference"]
    # A third of 1,050, and no picture that was learnt from.
    assert re.search(r"reference: 35\d of 1050 real samples", printed["reference"])
    assert names["monitor"].diagnose().verdict in ("inconclusive", "broken")


def test_what_is_made_smaller_stands_on_the_page():
    assert all(there in PAGE for there in SMALLER)
