"""The page for newcomers, taken at its word: what it says is written, run, and found."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from reference_gans.data import digits

ROOT = Path(__file__).parents[1]
PAGE = (ROOT / "docs" / "add_a_metric.md").read_text(encoding="utf-8")
NAME = "variance_ratio"


def files_of(page):
    """Every block of code under the name of its file."""
    return dict(re.findall(r"^\*\*`([^`]+)`\*\*\n\n```python\n(.*?)```", page, flags=re.DOTALL | re.MULTILINE))


def commands_of(page):
    """Every command, with the lines that it is said to print."""
    blocks = re.findall(r"^```console\n\$ (.*?)\n(.*?)```", page, flags=re.DOTALL | re.MULTILINE)
    return {command: said.splitlines() for command, said in blocks}


def add_line(path, block):
    """Put the block's import and name at their places among the others."""
    text = path.read_text()
    imports, _, names = block.partition("\n\n")
    new = [line for line in names.splitlines() if line.startswith("    ")]
    where = re.findall(r"^from .*$", text, flags=re.MULTILINE)
    text = text.replace("\n".join(where), "\n".join(sorted([*where, imports])))
    listed = re.findall(r'^    "\w+",$', text, flags=re.MULTILINE)
    path.write_text(text.replace("\n".join(listed), "\n".join(sorted([*listed, *new]))))


def copy_of_the_project(folder):
    """Code by copy, weights and references by link."""
    for room in ("collapse_metrics", "tests", "docs"):
        for path in (ROOT / room).rglob("*"):
            there = folder / path.relative_to(ROOT)
            if path.suffix in {".py", ".safetensors", ".md"} and "_build" not in path.parts:
                there.parent.mkdir(parents=True, exist_ok=True)
                if path.suffix == ".py":
                    there.write_bytes(path.read_bytes())
                else:
                    there.symlink_to(path)
    (folder / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())


@pytest.fixture(scope="module")
def project(tmp_path_factory):
    """A copy of the project in which the page was followed."""
    folder = tmp_path_factory.mktemp("newcomer")
    copy_of_the_project(folder)
    for name, code in files_of(PAGE).items():
        if name.endswith("__init__.py"):
            add_line(folder / name, code)
        else:
            assert not (folder / name).exists(), f"{name} is in the package: the page needs another example"
            (folder / name).write_text(code)
    np.save(folder / "digits.npy", (digits().real[:500, 0] * 255).round().byte().numpy())
    return folder


def run(project, *words):
    """Start Python in the copy: what it printed, or what went wrong."""
    environment = {**os.environ, "PYTHONPATH": str(project), "OMP_NUM_THREADS": "1"}
    done = subprocess.run(
        [sys.executable, *words], cwd=project, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


IN_ONE_PROCESS = """
import sys
from pathlib import Path
from collapse_metrics import cli

for words in {commands}:
    print("$", *words)
    try:
        cli.main(words)
    except SystemExit as end:
        assert not end.code, end.code

sys.path.insert(0, "docs")
import conf
for page in ("measures.md", "measures/against_real.md"):
    print(conf.filled(Path("docs", page).read_text()))
"""


@pytest.fixture(scope="module")
def printed(project):
    """What the commands of the page print, and the pages of the documentation: one start of Python for all."""
    words = [shlex.split(command)[1:] for command in commands_of(PAGE) if command.startswith("collapse-metrics")]
    return run(project, "-c", IN_ONE_PROCESS.format(commands=words))


def without_numbers(line):
    return re.sub(r"\d+(\.\d+)?", "#", line)


def test_the_page_has_three_files():
    assert list(files_of(PAGE)) == [
        f"collapse_metrics/metrics/{NAME}.py",
        f"tests/metrics/test_{NAME}.py",
        "collapse_metrics/metrics/__init__.py",
    ]
    assert [command.split()[0] for command in commands_of(PAGE)] == ["collapse-metrics", "collapse-metrics", "python"]


def test_every_command_prints_what_the_page_says(printed):
    for command, said in commands_of(PAGE).items():
        if command.startswith("collapse-metrics"):
            _, _, after = printed.partition("$ " + command.removeprefix("collapse-metrics ") + "\n")
            lines = [without_numbers(line) for line in after.partition("\n$ ")[0].splitlines()]
            for line in said:
                assert without_numbers(line) in lines, after


def test_laws_tests_and_example_pass_as_the_page_says(project):
    command = next(command for command in commands_of(PAGE) if command.startswith("python "))
    said = run(project, *shlex.split(command)[1:], "-rp", "-p", "no:cacheprovider")
    passed = [line for line in said.splitlines() if line.startswith("PASSED ")]
    of_its_own = files_of(PAGE)[f"tests/metrics/test_{NAME}.py"].count("\ndef test_")
    assert sum("test_metric_laws.py" in line for line in passed) >= 15, said
    assert sum(f"test_{NAME}.py" in line for line in passed) == of_its_own
    assert sum(f"metrics.{NAME}.{NAME}" in line for line in passed) == 1
    assert not re.search(r"failed|error", said)


def test_it_has_a_section_in_the_documentation(printed):
    assert f"\n## {NAME}\n" in printed
    assert f".. autofunction:: collapse_metrics.metrics.{NAME}\n" in printed
    assert f"| [`{NAME}`](measures/against_real.md#{NAME}) | How far do samples stray" in printed


def test_its_code_keeps_the_rules_of_the_house(project):
    ruff = Path(sys.executable).with_name("ruff")
    written = [*files_of(PAGE)]
    assert subprocess.run([ruff, "format", "--check", *written], cwd=project, check=False).returncode == 0
    assert subprocess.run([ruff, "check", *written], cwd=project, check=False).returncode == 0
