"""The page of the cures names all of them, all hooks, and the defaults that the classes have."""

import re
from importlib import import_module
from inspect import getdoc
from pathlib import Path
from pkgutil import iter_modules

import pytest

from reference_gans import cures
from reference_gans.cures._base import Cure

DOCS = Path(__file__).parents[2] / "docs"
PAGE = (DOCS / "cures.md").read_text()
FIGURE = PAGE.split("```text")[1].split("```")[0]
TABLE = {row.split("`")[1]: row for row in PAGE.splitlines() if re.match(r"\| `\w+` \|", row)}

for _module in iter_modules(cures.__path__):
    import_module(f"reference_gans.cures.{_module.name}")

EVERY = [cure for cure in Cure.__subclasses__() if cure.__module__.startswith("reference_gans.")]
HOOKS = [name for name in vars(Cure) if not name.startswith("_")]


def overridden(cure):
    return [hook for hook in HOOKS if hook in vars(cure)]


def test_the_page_is_in_the_index():
    assert "\ncures\n" in (DOCS / "index.md").read_text()


@pytest.mark.parametrize("cure", EVERY)
def test_every_cure_has_its_row_with_paper_and_hooks(cure):
    row = TABLE[cure.__name__]
    address = re.search(r"\]\((https://[^)]+)\)", row).group(1)
    assert address in getdoc(cure)
    named = set(re.findall(r"`(\w+)`", row.split("|")[4]))
    refuses = {"discriminator"} if cure.__name__ in {"GradientPenalty", "Dragan"} else set()
    assert named | refuses == set(overridden(cure))


def test_the_table_names_nothing_else():
    assert set(TABLE) == {cure.__name__ for cure in EVERY}


@pytest.mark.parametrize("cure", EVERY)
def test_every_cure_stands_in_the_figure_of_the_step(cure):
    assert re.search(rf"\b{cure.__name__}\b", FIGURE)


@pytest.mark.parametrize("hook", HOOKS)
def test_every_hook_stands_in_the_figure_of_the_step(hook):
    assert f"{hook}(" in FIGURE


def test_the_figure_is_not_broken():
    lines = [line for line in FIGURE.splitlines() if line.startswith(("    │", "    ┌─"))]
    assert len({len(line) for line in lines}) == 1


def test_the_example_of_the_page_runs():
    names = {}
    exec(PAGE.split("```python")[1].split("```")[0].replace("steps=100", "steps=2"), names)
    assert names["run"].step == 2
