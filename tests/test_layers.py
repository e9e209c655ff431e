"""Imports point down only. This file is the map of the packages."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "collapse_metrics"
GANS = ROOT / "reference_gans"

LAYERS = [
    {"_checks", "records"},
    {"shelf", "lines"},
    {"_registry", "history"},
    {"stats"},
    {"metrics", "embed", "diagnosis"},
    {"streaming", "probes", "fitting", "long_range", "learning"},
    {"reference_file"},
    {"reference"},
    {"setup_checks", "ranks", "siblings"},
    {"measurements"},
    {"given", "probing"},
    {"catalogue", "tally"},
    {"evaluate", "guide"},
    {"monitor", "checkpoints", "gate", "report", "doctor"},
    {"calibrate"},
    {"cli", "pytest_plugin"},
]
FLOOR = {room: floor for floor, rooms in enumerate(LAYERS) for room in rooms}

WITHOUT_TORCH = {"records", "shelf", "lines", "history", "diagnosis", "report"}
"""Rooms that turn records into words and pages: they must be usable where nothing was computed."""

USERS = {"recipes", "watched", "studies", "__main__"}
"""Rooms of reference_gans that may use collapse_metrics; the trainer knows nothing of it."""


def imported_modules(path):
    """Every module that a file imports, wherever in the file."""
    for node in ast.walk(ast.parse(path.read_text())):
        if isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} imports relatively"
            yield node.module
            yield from (f"{node.module}.{alias.name}" for alias in node.names)
        elif isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)


def room_of(path, root):
    return path.relative_to(root).with_suffix("").parts[0]


def rooms_of(path, package):
    """Rooms of ``package`` that a file imports; what its front door hands out is no room."""
    named = {m.split(".")[1] for m in imported_modules(path) if m.startswith(f"{package}.")}
    return {name for name in named if (ROOT / package / name).is_dir() or (ROOT / package / f"{name}.py").is_file()}


def roots_of(path):
    return {module.partition(".")[0] for module in imported_modules(path)}


def files(root):
    return [path for path in sorted(root.rglob("*.py")) if path != root / "__init__.py"]


def each(paths, root):
    return pytest.mark.parametrize("path", paths, ids=[str(p.relative_to(root)) for p in paths])


@each(files(PACKAGE), PACKAGE)
def test_imports_point_down(path):
    here = room_of(path, PACKAGE)
    assert here in FLOOR, f"{here} is a new room: give it a floor in LAYERS"
    for room in rooms_of(path, "collapse_metrics") - {here}:
        assert FLOOR[room] < FLOOR[here], f"{here} must not import {room}: it is not below it"


@each(files(PACKAGE), PACKAGE)
def test_the_library_does_not_know_its_reference_gans(path):
    assert "reference_gans" not in roots_of(path)


@each([path for path in files(PACKAGE) if room_of(path, PACKAGE) in WITHOUT_TORCH], PACKAGE)
def test_records_become_words_without_torch(path):
    assert "torch" not in roots_of(path)


@each(files(GANS), GANS)
def test_training_does_not_know_who_watches_it(path):
    if room_of(path, GANS) not in USERS:
        assert "collapse_metrics" not in roots_of(path)


def test_the_front_door_imports_rooms_only_when_asked():
    tree = ast.parse((PACKAGE / "__init__.py").read_text())
    at_once = {n.module for n in tree.body if isinstance(n, ast.ImportFrom)}
    at_once |= {alias.name for n in tree.body if isinstance(n, ast.Import) for alias in n.names}
    assert at_once == {"importlib", "typing"}


def test_the_map_reads_every_kind_of_import(tmp_path):
    source = "import collapse_metrics.cli as c\nfrom collapse_metrics import evaluate, score\n"
    source += "def f():\n    from collapse_metrics.stats import shares\n"
    (tmp_path / "it.py").write_text(source)
    assert rooms_of(tmp_path / "it.py", "collapse_metrics") == {"cli", "evaluate", "stats"}
