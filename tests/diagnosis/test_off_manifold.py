"""Rule: most of what comes out is not like the data."""

import pytest

from collapse_metrics.diagnosis.off_manifold import BROKEN_BELOW, WATCH_BELOW
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
