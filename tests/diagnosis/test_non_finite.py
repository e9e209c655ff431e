"""Rule: NaN or infinity among the outputs."""

import pytest

from collapse_metrics.records import Measurement, Status


@pytest.mark.parametrize(
    ("bad", "n", "status"),
    [
        (0, 1000, "clear"),
        (1, 1000, "found"),
        (1000, 1000, "found"),
        (1, 5000, "found"),
        (0, 7, "clear"),
        (2, 3, "found"),
    ],
)
def test_one_is_too_many(applied, bad, n, status):
    finding = applied("non_finite", Measurement("finite_share", (n - bad) / n, expected=(1, 1), n_fake=n))
    assert finding.status is Status(status)
    assert finding.evidence == f"{bad} of {n} samples hold NaN or infinity"
