"""Rule: modes come and go from look to look."""

import pytest

from collapse_metrics.diagnosis.mode_hopping import HOPS_BELOW
from collapse_metrics.records import Measurement, Status


def seen(low, high, *, usual=0.9, stable=0.2):
    expected = (usual - 0.05, usual + 0.05)
    overlap = Measurement("mode_overlap", (low + high) / 2, low, high, expected, n_fake=500)
    return Measurement("mode_stability", stable, n_fake=500), overlap


@pytest.mark.parametrize(
    ("low", "high", "status"),
    [(0.1, 0.449, "found"), (0.1, 0.451, "watch"), (0.449, 0.9, "watch"), (0.451, 0.9, "clear"), (0.9, 1.0, "clear")],
)
def test_every_pair_of_looks_must_differ(applied, low, high, status):
    assert HOPS_BELOW == 0.5
    assert applied("mode_hopping", *seen(low, high)).status is Status(status)


def test_what_perfect_looks_share_is_the_yardstick(applied):
    # Of a thousand modes, two looks at 500 samples share few, whatever the generator.
    assert applied("mode_hopping", *seen(0.25, 0.28, usual=0.28)).status is Status.CLEAR


def test_noise_that_changes_its_mode_is_told_but_does_not_accuse(applied):
    finding = applied("mode_hopping", *seen(0.9, 0.95, stable=-0.05))
    assert finding.status is Status.CLEAR
    assert finding.evidence == (
        "from look to look 92% of the shares of the modes stay where they were (of a perfect generator 90%); "
        "the same noise keeps its mode with an agreement of -0.05"
    )


def test_without_ends_the_value_decides(applied):
    stable, overlap = seen(0.4, 0.4)
    bare = Measurement("mode_overlap", 0.4, expected=overlap.expected)
    assert applied("mode_hopping", stable, bare).status is Status.FOUND
