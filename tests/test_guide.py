"""The guide to the measures: everything registered stands in one group, in words, and in the documentation."""

import math
import re
import runpy
from pathlib import Path

import pytest

from collapse_metrics._registry import METRICS, PROBES
from collapse_metrics.guide import GROUPS, entries, finite, in_words
from collapse_metrics.report.questions import reading

DOCS = Path(__file__).parents[1] / "docs"


@pytest.fixture(scope="module")
def conf():
    return runpy.run_path(str(DOCS / "conf.py"))


def test_everything_registered_is_in_one_group():
    found = entries()
    assert sorted(entry.name for entry in found) == sorted([*METRICS, *PROBES])
    assert {entry.group for entry in found} <= GROUPS.keys()
    groups = [entry.group for entry in found]
    assert groups == sorted(groups, key=list(GROUPS).index)


@pytest.mark.parametrize(
    ("name", "group"),
    [
        ("mode_coverage", "modes"),
        ("coverage", "against real"),
        ("neighbour_ratio", "against real"),
        ("accepted_share", "against real"),
        ("latent_sensitivity", "probes"),
        ("loss_oscillation", "losses"),
    ],
)
def test_groups_follow_from_what_a_measure_needs(name, group):
    assert {entry.name: entry.group for entry in entries()}[name] == group


def test_every_entry_has_words():
    for entry in entries():
        assert entry.question.endswith("?"), entry.name
        assert entry.needs, entry.name
        assert not set(entry.needs) & set(entry.may_use)
        assert entry.interval, entry.name
        assert entry.expected, entry.name
        assert "Reading the number:" in entry.docstring


def test_entries_say_how_sure_a_number_is():
    by_name = {entry.name: entry for entry in entries()}
    assert by_name["recall"].interval == "delete-block jackknife over 10 blocks of samples"
    assert by_name["recall"].expected == "by 20 sets of held-out real rows"
    assert by_name["mode_coverage"].expected == "by 199 simulated looks of a generator with the reference's shares"
    assert by_name["loss_oscillation"].interval.startswith("none")
    assert by_name["modes_seen"].interval.startswith("none: it counts what these very samples show")
    assert by_name["loss_oscillation"].expected.startswith("from 0.01 to 1")
    assert by_name["mode_coverage"].may_use == ("confusion",)
    assert by_name["coverage"].standard
    assert not by_name["recall"].standard


def test_numbers_without_end_are_words_and_no_json_number():
    assert (in_words(math.inf), in_words(0.5), in_words(10.0)) == ("without end", "0.5", "10")
    assert (finite(math.inf), finite(0.5)) == (None, 0.5)


def test_every_measure_has_its_section_and_its_row(conf):
    pages = {
        path: conf["filled"](path.read_text()) for path in [DOCS / "measures.md", *(DOCS / "measures").glob("*.md")]
    }
    sections = [name for text in pages.values() for name in re.findall(r"^## (\w+)$", text, flags=re.MULTILINE)]
    assert sorted(sections) == sorted([*METRICS, *PROBES])
    table = pages[DOCS / "measures.md"]
    for entry in entries():
        link, anchor = re.search(rf"^\| \[`{entry.name}`\]\(([\w/.]+)#(\w+)\)", table, flags=re.MULTILINE).groups()
        assert f"\n## {anchor}\n" in pages[DOCS / link]
        assert f"({anchor})=" in pages[DOCS / link]
    assert not any("<!--" in text for text in pages.values())


def test_functions_that_are_no_metric_are_documented_too(conf):
    assert "autofunction:: collapse_metrics.metrics.mean_pairwise_distance" in conf["other_functions"]()


def test_the_report_has_words_for_what_could_have_been_seen():
    assert "loss" in reading("detectable_share").question
