"""Too early to say: samples that were never yet like the data, in a training that is new or gets better."""

import pytest

from collapse_metrics.diagnosis import judge, too_early
from collapse_metrics.diagnosis.too_early import BETTER_BY, LATER, NEW
from collapse_metrics.records import Measurement, Scorecard


def look(share, *, ill=()):
    measurements = [Measurement("accepted_share", share, 0.0, share, (0.95, 1.0), n_fake=512), *ill]
    verdict, findings = judge(measurements)
    return Scorecard(verdict, findings, tuple(measurements))


@pytest.mark.parametrize(
    ("shares", "early"),
    [
        ([], False),
        ([0.0], True),
        ([0.0] * 3, True),
        ([0.0] * 4, False),
        ([0.0, 0.0, 0.0, 0.1], True),
        ([0.0, 0.1, 0.1, 0.1, 0.12, 0.12, 0.12], False),
        ([0.0, 0.1, 0.1, 0.1, 0.12, 0.1201, 0.1], True),
        ([0.3, 0.0, 0.0, 0.0], False),
        ([0.9], False),
        ([0.0, 0.9, 0.0], False),
        ([0.0, 0.9], False),
    ],
)
def test_known_courses(shares, early):
    assert (NEW, LATER, BETTER_BY) == (3, 3, 0.02)
    said = too_early([look(share) for share in shares])
    assert (said is not None) == early
    assert said is None or said.startswith("too early to say")


def test_diverged_weights_and_set_ups_do_not_get_better_by_waiting():
    assert too_early([look(0.0, ill=[Measurement("finite_share", 0.5, n_fake=8)])]) is None
    assert too_early([look(0.0, ill=[Measurement("repeat_period", 8)])]) is None
