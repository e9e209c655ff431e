"""Frameworks are imported in their own leaf and nowhere else: who has none of them notices nothing."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[3] / "collapse_metrics"
FRAMEWORKS = {"lightning", "ignite", "accelerate", "keras", "transformers"}


def imported(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.ImportFrom):
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


@pytest.mark.parametrize("framework", sorted(FRAMEWORKS))
def test_a_framework_is_imported_by_its_leaf_alone(framework):
    importers = {path.name for path in PACKAGE.rglob("*.py") if framework in {m.split(".")[0] for m in imported(path)}}
    assert importers <= {f"{framework}.py"}


@pytest.mark.parametrize("leaf", sorted(FRAMEWORKS | {"stylegan"}))
def test_nobody_imports_a_leaf(leaf):
    name = f"collapse_metrics.monitor.{leaf}"
    assert [path for path in PACKAGE.rglob("*.py") if name in imported(path)] == []


def test_the_monitor_comes_without_any_of_them():
    code = "import sys, collapse_metrics.monitor; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)
    assert not FRAMEWORKS & set(done.stdout.split())
