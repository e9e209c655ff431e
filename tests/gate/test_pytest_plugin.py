"""The pytest plugin: baselines beside the tests, readable failures, nothing imported before it is asked."""

import os
import subprocess
import sys

import numpy as np
import pytest

from collapse_metrics import Baseline
from collapse_metrics.pytest_plugin import assert_diverse
from tests.gate.conftest import blobs

pytest_plugins = ["pytester"]

TEST = """
import numpy as np

def test_blobs(collapse_gate):
    collapse_gate.assert_diverse(fake=np.load("samples.npy"))
"""


@pytest.fixture
def project(pytester, reference, monkeypatch):
    """A project with one test of its own."""
    monkeypatch.setenv("PYTEST_DISABLE_PLUGIN_AUTOLOAD", "1")
    monkeypatch.delenv("PYTEST_ADDOPTS", raising=False)
    reference.save(pytester.path / "real.safetensors")
    pytester.makepyprojecttoml('[tool.collapse_metrics]\nreference = "real.safetensors"\n')
    pytester.makepyfile(test_it=TEST)
    np.save(pytester.path / "samples.npy", blobs(2000, 1).numpy())

    def run(*words):
        return pytester.runpytest_inprocess("-p", "collapse_metrics.pytest_plugin", *words)

    return pytester.path, run


def test_a_baseline_is_written_looked_at_and_held(project):
    folder, run = project
    run().stdout.fnmatch_lines(["*no baseline at *test_blobs.json: write one with --update-collapse-baselines"])
    run("--update-collapse-baselines").assert_outcomes(failed=1)
    assert Baseline.load(folder / "baselines" / "test_it" / "test_blobs.json").n == 2000
    np.save(folder / "samples.npy", blobs(2000, 2).numpy())
    run().assert_outcomes(passed=1)
    np.save(folder / "samples.npy", blobs(2000, 2, width=0.6).numpy())
    found = run()
    found.assert_outcomes(failed=1)
    found.stdout.fnmatch_lines(["fail: within_mode_spread fell by *credibly by more*", "*measure*before*now*"])


def test_without_the_fixture(good, reference):
    base = Baseline.from_scorecard(good)
    assert assert_diverse(fake=blobs(2000, 2), baseline=base, reference=reference).outcome == "pass"
    with pytest.raises(AssertionError, match="fail: within_mode_spread fell"):
        assert_diverse(fake=blobs(2000, 2, width=0.6), baseline=base, reference=reference)


def test_what_cannot_be_told_fails_unless_something_else_is_said(reference):
    from collapse_metrics import score

    base = Baseline.from_scorecard(score(fake=blobs(150, 1), reference=reference))
    about = {"fake": blobs(150, 2), "baseline": base, "reference": reference}
    with pytest.raises(AssertionError, match="inconclusive"):
        assert_diverse(**about)
    assert assert_diverse(inconclusive="pass", **about).outcome == "inconclusive"
    with pytest.raises(pytest.skip.Exception):
        assert_diverse(inconclusive="skip", **about)
    with pytest.raises(ValueError, match="'fail', 'skip' or 'pass'"):
        assert_diverse(inconclusive="maybe", **about)


def test_the_plugin_and_a_collection_import_no_torch(tmp_path):
    (tmp_path / "test_it.py").write_text("def test_it(collapse_gate): pass\n")
    code = (
        "import sys, pytest\n"
        "code = pytest.main(['-q', '--collect-only', '-p', 'collapse_metrics.pytest_plugin', sys.argv[1]])\n"
        "assert code == 0\n"
        "sys.exit('torch' in sys.modules or 'numpy' in sys.modules)\n"
    )
    alone = {**os.environ, "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1", "PYTHONPATH": os.pathsep.join(sys.path)}
    words = [sys.executable, "-c", code, str(tmp_path)]
    done = subprocess.run(words, capture_output=True, text=True, check=False, env=alone)
    assert done.returncode == 0, done.stdout + done.stderr
