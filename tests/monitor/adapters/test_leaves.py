"""Frameworks are imported in their own leaf and nowhere else: who has none of them notices nothing."""

import ast
import functools
import subprocess
import sys
from pathlib import Path

import pytest

PACKAGE = Path(__file__).parents[3] / "collapse_metrics"
FRAMEWORKS = {"lightning", "ignite", "accelerate", "keras", "transformers"}


@functools.cache
def imports():
    """Of every file of the package the modules that it imports, wherever in the file."""
    found = {}
    for path in PACKAGE.rglob("*.py"):
        nodes = list(ast.walk(ast.parse(path.read_text(encoding="utf-8"))))
        of_names = [node for node in nodes if isinstance(node, ast.ImportFrom)]
        found[path] = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
        found[path] |= {node.module for node in of_names}
        found[path] |= {f"{node.module}.{alias.name}" for node in of_names for alias in node.names}
    return found


@pytest.mark.parametrize("framework", sorted(FRAMEWORKS))
def test_a_framework_is_imported_by_its_leaf_alone(framework):
    importers = {path.name for path, modules in imports().items() if framework in {m.split(".")[0] for m in modules}}
    assert importers <= {f"{framework}.py"}


@pytest.mark.parametrize("leaf", sorted(FRAMEWORKS | {"stylegan"}))
def test_nobody_imports_a_leaf(leaf):
    name = f"collapse_metrics.monitor.{leaf}"
    assert [path for path, modules in imports().items() if name in modules] == []


def test_the_monitor_comes_without_any_of_them():
    code = "import sys, collapse_metrics.monitor; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=300)
    assert not FRAMEWORKS & set(done.stdout.split())
