"""Rule: the same sample every time."""

import pytest

from collapse_metrics.diagnosis.total_collapse import COLLAPSED_BELOW, WATCH_BELOW
from collapse_metrics.records import Status


@pytest.mark.parametrize(
    ("value", "high", "status"),
    [
        (0.20, 0.249, "found"),
        (0.20, 0.25, "watch"),
        (0.40, 0.499, "watch"),
        (0.40, 0.50, "clear"),
        (1.00, 1.05, "clear"),
        (0.00, 0.00, "found"),
    ],
)
def test_grades_by_the_thresholds(applied, of, value, high, status):
    assert (COLLAPSED_BELOW, WATCH_BELOW) == (0.25, 0.5)
    finding = applied("total_collapse", of("raw_diversity", value, high=high))
    assert finding.status is Status(status)
    assert finding.evidence == (f"two samples lie {value:.2f} times as far apart as two real ones (up to {high:.2f})")
    assert bool(finding.remedies) == (status != "clear")


@pytest.mark.parametrize(("value", "status"), [(0.24, "found"), (0.26, "watch"), (0.51, "clear")])
def test_without_an_interval_the_value_stands_for_its_end(applied, of, value, status):
    assert applied("total_collapse", of("raw_diversity", value)).status is Status(status)
