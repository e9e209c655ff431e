"""The front door: light, complete, and honest about what is not there."""

import subprocess
import sys

import pytest

import collapse_metrics


def fresh_python(code):
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=120)
    assert done.returncode == 0, done.stderr
    return done.stdout.split()


@pytest.mark.parametrize("module", ["collapse_metrics", "collapse_metrics.records"])
def test_importing_it_imports_nothing_heavy(module):
    loaded = fresh_python(f"import sys, {module}; print(*sys.modules)")
    assert module in loaded
    assert not {"torch", "numpy", "pandas", "scipy", "sklearn", "matplotlib"} & set(loaded)


def test_judging_records_needs_no_torch():
    # `diagnosis` itself imports none; the registry above which it stands must not bring it in either.
    loaded = fresh_python("import sys, collapse_metrics.diagnosis; print(*sys.modules)")
    assert not {"torch", "pandas", "sklearn"} & set(loaded)


def test_records_come_without_torch_through_the_front_door():
    loaded = fresh_python("import sys; from collapse_metrics import Scorecard, History, Verdict; print(*sys.modules)")
    assert "torch" not in loaded


@pytest.mark.parametrize("name", collapse_metrics.__all__)
def test_every_public_name_is_there(name):
    assert getattr(collapse_metrics, name) is not None


@pytest.mark.parametrize("name", sorted(collapse_metrics._ROOMS))
def test_every_public_name_lives_where_it_is_said_to(name):
    assert getattr(collapse_metrics, name).__module__.startswith(f"collapse_metrics.{collapse_metrics._ROOMS[name]}")


def test_dir_lists_the_public_names():
    assert dir(collapse_metrics) == sorted(collapse_metrics.__all__)
    assert set(collapse_metrics._ROOMS) | {"__version__"} == set(collapse_metrics.__all__)


def test_an_unknown_name_is_an_attribute_error():
    with pytest.raises(AttributeError, match="module 'collapse_metrics' has no attribute 'collaps'"):
        _ = collapse_metrics.collaps
    assert not hasattr(collapse_metrics, "collaps")
