"""Losses beside samples: the four cases, and silence where one of the two was not looked at."""

import itertools

import pytest

from collapse_metrics.diagnosis.losses_and_samples import SENTENCES, Kind, losses_and_samples, told
from collapse_metrics.records import Finding, Status


def findings(**status):
    return [Finding(name, Status(value), "", "") for name, value in status.items()]


@pytest.mark.parametrize(
    ("cycle", "dropped", "hopping", "kind"),
    [
        ("clear", "clear", "clear", Kind.HEALTHY),
        ("clear", "watch", "not_checked", Kind.HEALTHY),
        ("found", "clear", "clear", Kind.ROTATION),
        ("found", "clear", "watch", Kind.ROTATION),
        ("found", "found", "clear", Kind.CYCLIC),
        ("found", "clear", "found", Kind.CYCLIC),
        ("clear", "found", "clear", Kind.SILENT),
        ("clear", "not_checked", "found", Kind.SILENT),
    ],
)
def test_the_four_cases(cycle, dropped, hopping, kind):
    found = findings(loss_oscillation=cycle, mode_dropping=dropped, mode_hopping=hopping)
    assert losses_and_samples(found) is kind


@pytest.mark.parametrize("name", ["intra_mode_collapse", "total_collapse", "mode_imbalance", "duplicates", "low_rank"])
@pytest.mark.parametrize(("cycle", "kind"), [("found", Kind.CYCLIC), ("clear", Kind.SILENT)])
def test_a_rotation_is_not_harmless_where_variety_is_gone(name, cycle, kind):
    kept = {"loss_oscillation": cycle, "mode_dropping": "clear"}
    assert losses_and_samples(findings(**kept, **{name: "found"})) is kind
    assert losses_and_samples(findings(**kept, **{name: "watch"})) is (
        Kind.ROTATION if cycle == "found" else Kind.HEALTHY
    )


@pytest.mark.parametrize("hopping", Status)
def test_what_was_not_checked_is_not_told(hopping):
    assert losses_and_samples(findings(loss_oscillation="not_checked", mode_dropping="found")) is None
    assert losses_and_samples(findings(mode_dropping="found", mode_hopping=hopping)) is None
    if hopping is not Status.FOUND:
        unknown = findings(loss_oscillation="found", mode_dropping="not_checked", mode_hopping=hopping)
        assert losses_and_samples(unknown) is None


def test_only_what_is_worth_a_line_is_told():
    lines = {told(findings(loss_oscillation=a, mode_dropping=b)) for a, b in itertools.product(Status, Status)}
    assert lines == {None, *(f"{kind}: {SENTENCES[kind]}" for kind in (Kind.ROTATION, Kind.CYCLIC, Kind.SILENT))}


@pytest.mark.parametrize("name", ["suspect_setup", "non_finite", "off_manifold"])
def test_modes_of_what_is_not_the_data_are_not_told(name):
    cycling = {"loss_oscillation": Status.FOUND, "mode_dropping": Status.FOUND}
    assert losses_and_samples(findings(**cycling)) is Kind.CYCLIC
    assert losses_and_samples(findings(**cycling, **{name: Status.FOUND})) is None
    assert losses_and_samples(findings(**cycling, **{name: Status.WATCH})) is Kind.CYCLIC
