"""Rule: most of what comes out is not like the data."""

import pytest

from collapse_metrics.diagnosis.off_manifold import APART_BELOW, BROKEN_BELOW, WATCH_BELOW
from collapse_metrics.records import Status


@pytest.mark.parametrize(
    ("value", "high", "status"),
    [
        (0.40, 0.499, "found"),  # credibly below half
        (0.40, 0.50, "watch"),  # not credibly
        (0.79, 0.83, "watch"),
        (0.80, 0.83, "clear"),
        (1.00, 1.00, "clear"),
        (0.00, 0.01, "found"),
    ],
)
def test_grades_by_the_thresholds(applied, of, value, high, status):
    assert (BROKEN_BELOW, WATCH_BELOW) == (0.5, 0.8)
    finding = applied("off_manifold", of("accepted_share", value, high=high, n=321))
    assert finding.status is Status(status)
    assert f"{value:.0%} of 321 samples" in finding.evidence
    assert f"up to {high:.0%}" in finding.evidence
    assert bool(finding.remedies) == (status != "clear")


@pytest.mark.parametrize(
    ("value", "high", "status"),
    [(0.3, 0.44, "found"), (0.3, 0.46, "watch"), (0.71, 0.75, "watch"), (0.73, 0.75, "clear")],
)
def test_real_data_s_own_share_is_the_yardstick(applied, of, value, high, status):
    finding = applied("off_manifold", of("accepted_share", value, high=high, usual=0.9))
    assert finding.status is Status(status)
    assert "of real data 90%" in finding.evidence


@pytest.mark.parametrize(("value", "status"), [(0.49, "found"), (0.51, "watch")])
def test_without_an_interval_the_value_stands_for_its_end(applied, of, value, status):
    assert applied("off_manifold", of("accepted_share", value)).status is Status(status)


@pytest.mark.parametrize(
    ("high", "siblings", "copies", "status"),
    [
        (0.199, 1.0, 0.0, "found"),
        (0.2, 1.0, 0.0, "clear"),
        (0.199, 0.5, 0.1, "found"),  # neither is near enough
        (0.199, 0.49, 0.0, "clear"),  # near copies: of few pictures anything can be true
        (0.199, 1.0, 0.11, "clear"),
        (0.199, None, 0.0, "clear"),  # whether they are copies is not known
    ],
)
def test_parts_that_do_not_belong_together(applied, of, high, siblings, copies, status):
    assert APART_BELOW == 0.2
    beside = [of("neighbour_ratio", siblings, high=0.9)] if siblings else []
    beside.append(of("near_duplicate_rate", copies, low=copies, usual=0.01))
    finding = applied("off_manifold", of("accepted_share", 0.95), of("long_range_correlation", 0.1, high=high), *beside)
    assert finding.status is Status(status)
    assert ("their distant parts do not belong together: 0.10 (up to 0.20)" in finding.evidence) == (status == "found")
    assert finding.severity == pytest.approx(0.9 if status == "found" else 0.05)


def test_a_correlation_of_the_wrong_sign_is_no_worse_than_none(applied, of):
    found = [
        applied("off_manifold", of("accepted_share", 1.0), of("neighbour_ratio", 1.0), of(name, value, high=0.1))
        for name, value in (("long_range_correlation", -0.3), ("long_range_correlation", 0.0))
    ]
    assert [finding.severity for finding in found] == [1, 1]


def test_what_the_classifier_refuses_is_said_first(applied, of):
    finding = applied(
        "off_manifold", of("accepted_share", 0.3), of("long_range_correlation", 0.1), of("neighbour_ratio", 1.0)
    )
    assert finding.status is Status.FOUND
    assert "belong together" not in finding.evidence
    assert finding.severity == pytest.approx(0.7)
