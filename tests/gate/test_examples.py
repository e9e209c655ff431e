"""The example repository, the workflows and the action, run step by step: the bad branch fails, the good one passes."""

import json
import subprocess
import sys
from pathlib import Path
from shutil import copytree, ignore_patterns

import pytest

from collapse_metrics import Baseline, compare
from tests.gate.workflow import Machine, filled, read, steps_of

ROOT = Path(__file__).parents[2]
EXAMPLE = ROOT / "examples" / "ci"


def git(tree, *words):
    about = ["-c", "user.name=a", "-c", "user.email=a@b", "-c", "init.defaultBranch=main"]
    subprocess.run(["git", *about, *words], cwd=tree, check=True, capture_output=True)


@pytest.fixture(scope="module")
def repository(tmp_path_factory):
    """The example as a repository with its three branches."""
    tree = tmp_path_factory.mktemp("repository") / "tree"
    copytree(EXAMPLE / "repository", tree, ignore=ignore_patterns("__pycache__", ".pytest_cache", "samples.npy"))
    git(tree, "init", "-q")
    git(tree, "add", "-A")
    git(tree, "commit", "-qm", "what is good")
    for branch in ("good", "bad"):
        git(tree, "checkout", "-q", "-b", branch, "main")
        (tree / "generator.py").write_text((EXAMPLE / "branches" / branch / "generator.py").read_text())
        git(tree, "commit", "-qam", branch)
    return tree


@pytest.fixture
def machine(repository, tmp_path):
    """A fresh clone on a fresh machine: ``machine("bad")``."""

    def start(branch):
        git(tmp_path, "clone", "-q", "-b", branch, str(repository), "clone")
        return Machine(tmp_path / "clone", tmp_path)

    return start


def test_the_bad_branch_fails_on_github_and_says_why(machine):
    host = machine("bad")
    steps = steps_of(read(host.tree / ".github/workflows/diversity.yml"))
    assert host.run(steps["install"])[0] == 0
    assert host.run(steps["draw"])[0] == 0
    code, said = host.run(steps["gate"])
    assert code == 1
    assert said.startswith("fail: within_mode_spread fell by 41.6 %")
    assert "::error title=collapse_metrics gate,file=baseline.json::within_mode_spread fell" in said
    assert "❌" in host.summary.read_text()
    code, again = host.run(steps["the same from pytest"])
    assert code == 1
    assert "within_mode_spread fell by 41." in again


def test_the_good_branch_passes_on_gitlab(machine):
    host = machine("good")
    job = read(host.tree / ".gitlab-ci.yml")["diversity"]
    install, draw, gate = job["script"]
    assert host.run(f"{install}\n{draw}")[0] == 0
    code, said = host.run(gate)
    assert code == 0
    assert said.startswith("pass: ")
    for file in job["artifacts"]["reports"].values():
        assert (host.tree / file).is_file()
    assert json.loads((host.tree / "quality.json").read_text()) == []


def act(host, **given):
    """Run the action's steps with these inputs."""
    action = read(ROOT / "action.yml")
    inputs = {name: about.get("default", "") for name, about in action["inputs"].items()} | given
    for step in action["runs"]["steps"]:
        code, said = host.run(step["run"], **{k: filled(v, inputs) for k, v in step["env"].items()})
        if code:
            break
    return code, said, dict(line.split("=", 1) for line in host.output.read_text().splitlines())


@pytest.mark.parametrize(("branch", "code", "outcome"), [("good", 0, "pass"), ("bad", 1, "fail")])
def test_the_action_command_line_and_python_decide_alike(machine, branch, code, outcome, monkeypatch):
    host = machine(branch)
    host.run("python generator.py samples.npy")
    found, _, outputs = act(host, samples="samples.npy", junit="gate.xml")
    assert (found, outputs["outcome"]) == (code, outcome)
    assert (host.tree / "gate.xml").is_file()
    _, said = host.run("collapse-metrics check samples.npy --json")
    monkeypatch.chdir(host.tree)
    monkeypatch.syspath_prepend(str(host.tree))
    import numpy as np

    ours = compare(
        fake=np.load("samples.npy"),
        baseline=Baseline.load("baseline.json"),
        reference="reference.safetensors",
        margin={"mode_share": 0.1},
        require=["mode_dropping", "total_collapse"],
    )
    assert json.loads(said)["rows"] == ours.to_dict()["rows"]
    assert ours.outcome == outcome


def test_the_action_lets_what_cannot_be_told_pass_where_that_is_asked_for(machine):
    host = machine("good")
    host.run("python generator.py samples.npy --n 150")
    host.run("collapse-metrics baseline samples.npy --n 150 -o few.json")
    host.run("sed -i 's/^n = .*//' pyproject.toml; python generator.py samples.npy --n 150 --seed 8")
    assert act(host, samples="samples.npy", baseline="few.json")[0] == 3
    code, _, outputs = act(host, samples="samples.npy", baseline="few.json", inconclusive="pass")
    assert (code, outputs["outcome"]) == (0, "inconclusive")


SCHEMAS = {
    "vendor.github-actions": ["action.yml"],
    "vendor.github-workflows": [
        "examples/ci/repository/.github/workflows/diversity.yml",
        "examples/ci/with-action.yml",
    ],
    "vendor.gitlab-ci": ["examples/ci/repository/.gitlab-ci.yml"],
}
"""Published schemas that come with check-jsonschema, and the files that follow them."""


@pytest.mark.parametrize("schema", SCHEMAS)
def test_files_follow_the_published_schemas(schema):
    files = [str(ROOT / file) for file in SCHEMAS[schema]]
    words = [sys.executable, "-m", "check_jsonschema", "--builtin-schema", schema, *files]
    done = subprocess.run(words, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_hook_names_a_door_that_is_there():
    import yaml

    (hook,) = yaml.safe_load((ROOT / ".pre-commit-hooks.yaml").read_text())
    (used,) = yaml.safe_load((EXAMPLE / "repository" / ".pre-commit-config.yaml").read_text())["repos"]
    assert used["hooks"][0]["id"] == hook["id"]
    assert hook["entry"] == "collapse-metrics check"
    assert not hook["pass_filenames"]
