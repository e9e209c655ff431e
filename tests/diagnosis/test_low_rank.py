"""Rule: samples of one mode differ in few ways only."""

import pytest

from collapse_metrics.diagnosis.low_rank import LOW_BELOW, WATCH_BELOW
from collapse_metrics.records import Status


@pytest.mark.parametrize(
    ("value", "high", "usual", "status"),
    [
        (0.40, 0.499, 1.0, "found"),
        (0.40, 0.50, 1.0, "watch"),
        (0.599, 0.7, 1.0, "watch"),
        (0.60, 0.7, 1.0, "clear"),
        (0.40, 0.43, 0.8, "watch"),
        (0.30, 0.39, 0.8, "found"),
        (0.49, None, 1.0, "found"),
        (0.51, None, 1.0, "watch"),
    ],
)
@pytest.mark.parametrize("witness", ["direction_ratio", "dimension_ratio"])
def test_each_witness_accuses_by_itself(applied, of, witness, value, high, usual, status):
    assert (LOW_BELOW, WATCH_BELOW) == (0.5, 0.6)
    there = {name: of(name, 1.0, high=1.1) for name in ("direction_ratio", "dimension_ratio")}
    there[witness] = of(witness, value, high=high, usual=usual)
    finding = applied("low_rank", *there.values())
    assert finding.status is Status(status)
    assert f"{value / usual:.2f} times as many {witness.partition('_')[0]}s" in finding.evidence
    assert finding.severity == pytest.approx(1 - value / usual)


def test_more_directions_than_real_data_are_no_illness(applied, of):
    finding = applied("low_rank", of("direction_ratio", 1.4, high=1.5), of("dimension_ratio", 1.2))
    assert (finding.status, finding.severity) == (Status.CLEAR, 0.0)


@pytest.mark.parametrize(
    ("accepted", "together", "high", "status"),
    [(0.3, 0.3, 0.499, "found"), (0.3, 0.3, 0.5, "watch"), (0.49, 0.3, 0.4, "found"), (0.5, 0.3, 0.4, "clear")],
)
def test_all_samples_together_speak_where_most_are_not_like_the_data(applied, of, accepted, together, high, status):
    within = [of(name, 1.0, high=1.1) for name in ("direction_ratio", "dimension_ratio")]
    refused = of("accepted_share", accepted, high=accepted)
    finding = applied("low_rank", *within, refused, of("raw_directions", together, high=high))
    assert finding.status is Status(status)
    assert ("together" in finding.evidence) == (status != "clear")


def test_without_the_share_of_accepted_samples_only_modes_speak(applied, of):
    within = [of(name, 1.0, high=1.1) for name in ("direction_ratio", "dimension_ratio")]
    assert applied("low_rank", *within, of("raw_directions", 0.1, high=0.1)).status is Status.CLEAR
