"""Rule: samples that are exact copies of each other."""

import pytest

from collapse_metrics.diagnosis.duplicates import COPIED_ABOVE
from collapse_metrics.records import Measurement, Status


@pytest.mark.parametrize(
    ("value", "low", "usual", "status"),
    [
        (0.10, 0.0501, 0.0, "found"),
        (0.10, 0.05, 0.0, "watch"),
        (0.001, 0.0, 0.0, "watch"),
        (0.0, 0.0, 0.0, "clear"),
        (0.30, 0.2, 0.3, "clear"),  # tables of few different rows repeat themselves
        (0.40, 0.349, 0.3, "watch"),
        (0.40, 0.351, 0.3, "found"),
        (0.06, None, 0.0, "found"),
    ],
)
def test_copies_count_beyond_what_real_data_show(applied, value, low, usual, status):
    assert COPIED_ABOVE == 0.05
    finding = applied("duplicates", Measurement("duplicate_rate", value, low, 1.0, (0.0, usual), n_fake=800))
    assert finding.status is Status(status)
    assert f"{value:.1%} of 800 samples" in finding.evidence
    assert f"at most {usual:.1%}" in finding.evidence
    assert finding.severity == pytest.approx(max(0.0, (value - usual) / (1 - usual)))


def test_without_real_data_nothing_is_usual(applied):
    assert applied("duplicates", Measurement("duplicate_rate", 0.2, 0.1, 0.3)).status is Status.FOUND
