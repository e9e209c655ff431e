"""Rule: samples that repeat the training set."""

import pytest

from collapse_metrics.diagnosis.memorisation import LEARNT_ABOVE, WATCH_ABOVE
from collapse_metrics.records import Measurement, Status


@pytest.mark.parametrize(
    ("value", "low", "status"),
    [
        (0.40, 0.2501, "found"),
        (0.40, 0.25, "watch"),
        (0.20, 0.1001, "watch"),
        (0.20, 0.10, "clear"),
        (-0.05, -0.1, "clear"),
        (0.26, None, "found"),
    ],
)
def test_grades_by_the_thresholds(applied, value, low, status):
    assert (LEARNT_ABOVE, WATCH_ABOVE) == (0.25, 0.1)
    finding = applied("memorisation", Measurement("memorisation", value, low, 1.0, n_fake=700))
    assert finding.status is Status(status)
    assert finding.evidence.startswith(f"{value:.0%} of 700 samples")
    assert finding.severity == pytest.approx(max(value, 0.0))
