"""The example loops: two lines for the monitor and no more, and without them the same training bit for bit."""

import re
import runpy
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[3]
MARK = "  # monitor"
STEPS = 7

LOOPS = [
    "plain_pytorch",
    "conditional_wgan_gp",
    "lightning_manual",
    "ignite_engine",
    "accelerate_loop",
    "fabric_loop",
    "keras_fit",
    "transformers_trainer",
]


WARNS = {
    "lightning_manual": [
        r"ignore:`isinstance\(treespec, LeafSpec\)` is deprecated:FutureWarning",  # Lightning asks torch so
        "ignore:The 'train_dataloader' does not have many workers",  # advice
    ],
}
"""Warnings of the frameworks about themselves, and advice that does not fit a loop of seven steps."""


def with_their_warnings(name):
    return pytest.param(name, marks=[pytest.mark.filterwarnings(text) for text in WARNS.get(name, ())])


def source_of(name):
    return (ROOT / "examples" / f"{name}.py").read_text(encoding="utf-8")


def marked(source):
    return [line for line in source.splitlines() if line.endswith(MARK)]


def without_monitor(source):
    return "\n".join(line for line in source.splitlines() if not line.endswith(MARK))


def run(source, folder, name):
    path = folder / f"{name}.py"
    path.write_text(source, encoding="utf-8")
    return runpy.run_path(str(path))["train"]


def test_every_example_is_run():
    assert sorted(LOOPS) == sorted(path.stem for path in (ROOT / "examples").glob("*.py"))


@pytest.mark.parametrize("name", LOOPS)
def test_two_lines_are_added_at_most(name):
    source = source_of(name)
    assert 1 <= len(marked(source)) <= 2
    rest = without_monitor(source)
    assert not re.search(r"\b(cm|[mM]onitor|CollapseCallback|watch|attach)\b[.(=]", rest), "a line is not marked"


@pytest.mark.parametrize("name", [*map(with_their_warnings, LOOPS)])
def test_without_them_the_training_is_the_same(name, left_behind, differences, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    source = source_of(name)
    watched = left_behind(run(source, tmp_path, name), steps=STEPS, every=3)
    looks = re.findall(r"collapse_metrics  step +(\d+)", capsys.readouterr().err)
    alone = left_behind(run(without_monitor(source), tmp_path, f"{name}_alone"), steps=STEPS)
    assert capsys.readouterr().err.count("collapse_metrics") == 0
    assert looks == ["3", "6"]
    assert differences(watched, alone) == []
