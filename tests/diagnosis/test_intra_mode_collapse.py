"""Rule: near copies within the modes that live."""

import pytest

from collapse_metrics.diagnosis.intra_mode_collapse import (
    COLLAPSED_BELOW,
    COPIES_ABOVE,
    WATCH_BELOW,
    WATCH_COPIES_ABOVE,
)
from collapse_metrics.records import Status

HEALTHY = (1.0, 1.05)


@pytest.mark.parametrize("accuser", ["neighbour_ratio", "distinct_neighbours"])
@pytest.mark.parametrize(
    ("value", "high", "status"),
    [
        (0.40, 0.499, "found"),
        (0.40, 0.50, "watch"),
        (0.59, 0.70, "watch"),
        (0.60, 0.70, "clear"),
        (1.00, 1.05, "clear"),
    ],
)
def test_each_witness_accuses_by_itself(applied, of, accuser, value, high, status):
    assert (COLLAPSED_BELOW, WATCH_BELOW) == (0.5, 0.6)
    ends = {"neighbour_ratio": HEALTHY, "distinct_neighbours": HEALTHY, accuser: (value, high)}
    finding = applied("intra_mode_collapse", *(of(name, v, high=h) for name, (v, h) in ends.items()))
    assert finding.status is Status(status)
    assert f"siblings {ends['neighbour_ratio'][0]:.2f} times" in finding.evidence
    assert f"{ends['distinct_neighbours'][0]:.2f} times as many distinct" in finding.evidence
    assert bool(finding.remedies) == (status != "clear")


@pytest.mark.parametrize(("value", "status"), [(0.19, "found"), (0.21, "watch"), (0.25, "clear")])
def test_a_perfect_generator_s_score_is_the_yardstick(applied, of, value, status):
    finding = applied(
        "intra_mode_collapse",
        of("neighbour_ratio", 1.0),
        of("distinct_neighbours", value, high=value, usual=0.4),
    )
    assert finding.status is Status(status)
    assert f"{value / 0.4:.2f} times as many distinct" in finding.evidence


@pytest.mark.parametrize(("value", "status"), [(0.49, "found"), (0.51, "watch")])
def test_without_an_interval_the_value_stands_for_its_end(applied, of, value, status):
    finding = applied("intra_mode_collapse", of("neighbour_ratio", value), of("distinct_neighbours", 1.0))
    assert finding.status is Status(status)


@pytest.mark.parametrize(
    ("rate", "low", "status"),
    [(0.2, 0.101, "found"), (0.2, 0.1, "watch"), (0.051, 0.0, "watch"), (0.05, 0.0, "clear")],
)
def test_near_copies_accuse_by_themselves(applied, of, rate, low, status):
    assert (COPIES_ABOVE, WATCH_COPIES_ABOVE) == (0.1, 0.05)
    within = [of(name, 1.0) for name in ("neighbour_ratio", "distinct_neighbours")]
    finding = applied("intra_mode_collapse", *within, of("near_duplicate_rate", rate, low=low))
    assert finding.status is Status(status)
    assert f"{rate:.0%} are near copies of a sibling (at least {low:.0%}), of real ones 1% at most" in finding.evidence
    assert finding.severity == rate


def test_the_graver_of_distance_and_copies_is_the_severity(applied, of):
    within = [of("neighbour_ratio", 0.3), of("distinct_neighbours", 1.0)]
    assert applied("intra_mode_collapse", *within, of("near_duplicate_rate", 0.2)).severity == pytest.approx(0.7)
