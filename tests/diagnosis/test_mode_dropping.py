"""Rule: modes of the data are missing."""

import pytest

from collapse_metrics.diagnosis.mode_dropping import NAMED_AT_MOST, lost_modes, mode_shares
from collapse_metrics.records import Status

TEN = [0.1] * 10


def test_all_modes_alive_is_clear_and_says_in_how_many_samples(applied, modes):
    finding = applied("mode_dropping", *modes(TEN))
    assert finding.status is Status.CLEAR
    assert finding.evidence == "10 of 10 modes alive in 1000 accepted samples"


@pytest.mark.parametrize(("high", "status"), [(0.0499, "found"), (0.0501, "watch")])
def test_a_mode_is_lost_when_it_is_credibly_below_half_of_its_share(applied, modes, high, status):
    finding = applied("mode_dropping", *modes([0.02, *TEN[1:]], [high, *TEN[1:]]))
    assert finding.status is Status(status)
    assert "mode 0 (2.0% instead of 10.0%)" in finding.evidence


@pytest.mark.parametrize(("value", "status"), [(0.0499, "watch"), (0.0501, "clear")])
def test_a_rare_mode_that_is_not_proven_is_watched(applied, modes, value, status):
    finding = applied("mode_dropping", *modes([value, *TEN[1:]], [0.2, *TEN[1:]], n=777))
    assert finding.status is Status(status)
    assert "777" in finding.evidence


def test_its_own_share_is_the_yardstick_of_a_mode(applied, modes):
    shares, usual = [0.03, 0.97], [0.02, 0.98]
    assert applied("mode_dropping", *modes(shares, usual=usual)).status is Status.CLEAR
    assert applied("mode_dropping", *modes([0.4, 0.6], [0.41, 0.7], usual=[0.9, 0.1])).status is Status.FOUND


@pytest.mark.parametrize(("n", "status"), [(149, "not_checked"), (150, "clear")])
def test_too_few_samples_to_miss_a_mode_are_no_health(applied, modes, n, status):
    finding = applied("mode_dropping", *modes(TEN, n=n, needed=150))
    assert finding.status is Status(status)
    if status == "not_checked":
        assert finding.evidence == "a missing mode would show from 150 accepted samples on, got 149"


def test_a_proven_loss_needs_no_more_samples(applied, modes):
    assert applied("mode_dropping", *modes([0.0, *TEN[1:]], [0.01, *TEN[1:]], n=100)).status is Status.FOUND


def test_lost_modes_are_named_up_to_a_number(applied, modes):
    lost = NAMED_AT_MOST
    finding = applied("mode_dropping", *modes([0.0] * lost + [0.2] * 5, [0.01] * lost + [0.3] * 5))
    assert [f"mode {i} (" in finding.evidence for i in range(10)] == [True] * lost + [False] * 5
    assert "of 10 modes credibly below half" in finding.evidence
    lost += 1
    finding = applied("mode_dropping", *modes([0.0] * lost + [0.25] * 4, [0.01] * lost + [0.3] * 4))
    assert "6 modes (0, 1, 2, 3, 4, ...) of 10" in finding.evidence


def test_only_shares_of_modes_are_read(modes, of):
    evidence = {m.name: m for m in [*modes([0.0, 1.0], [0.01, 1.0]), of("accepted_share", 0.0, high=0.0)]}
    assert [m.name for m in mode_shares(evidence)] == ["mode_share[0]", "mode_share[1]"]
    assert [m.name for m in lost_modes(evidence)] == ["mode_share[0]"]


def test_a_mode_that_the_reference_lacks_cannot_be_lost(applied, modes):
    assert applied("mode_dropping", *modes([0.5, 0.5, 0.0], usual=[0.5, 0.5, 0.0])).status is Status.CLEAR
