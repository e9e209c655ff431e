"""Rule: modes that live, but are drawn far too rarely or too often."""

import pytest

from collapse_metrics.diagnosis.mode_imbalance import FREQUENT_ABOVE, RARE_BELOW
from collapse_metrics.records import Measurement, Status

TEN = [0.1] * 10


@pytest.mark.parametrize(("high", "status"), [(0.0666, "found"), (0.0667, "watch")])
def test_a_mode_is_rare_when_it_is_credibly_below_two_thirds(applied, modes, high, status):
    assert RARE_BELOW == 2 / 3
    finding = applied("mode_imbalance", *modes([0.05, *TEN[1:]], [high, *TEN[1:]]))
    assert finding.status is Status(status)
    assert "mode 0 (5.0% instead of 10.0%)" in finding.evidence
    assert finding.severity == pytest.approx(0.05 if status == "found" else 0)


@pytest.mark.parametrize(("high", "status"), [(0.0499, "clear"), (0.0501, "found")])
def test_a_mode_that_is_dropped_is_left_to_the_other_rule(applied, modes, high, status):
    given = modes([0.03, *TEN[1:]], [high, *TEN[1:]])
    assert applied("mode_imbalance", *given).status is Status(status)
    assert applied("mode_dropping", *given).status is Status("watch" if status == "found" else "found")


@pytest.mark.parametrize(("low", "status"), [(0.2001, "found"), (0.1999, "watch")])
def test_a_mode_is_frequent_when_it_is_credibly_above_twice_its_share(of, modes, applied, low, status):
    assert FREQUENT_ABOVE == 2
    rest = [m for m in modes([0.22, *TEN[1:]]) if m.name != "mode_share[0]"]
    finding = applied("mode_imbalance", of("mode_share[0]", 0.22, low=low, high=0.25, usual=0.1), *rest)
    assert finding.status is Status(status)


def test_survivors_are_not_blamed_for_what_the_dead_left_them(applied, modes):
    shares = [0.0] * 6 + [0.25] * 4
    alone = modes(shares, [0.01] * 6 + [0.3] * 4)
    raised = [
        Measurement(m.name, m.value, 0.21, m.high, m.expected, n_fake=m.n_fake) if m.value == 0.25 else m for m in alone
    ]
    assert applied("mode_imbalance", *raised).status is Status.CLEAR


def test_proportion_is_told_and_few_samples_are_not_health(applied, modes):
    assert "0.90 to 1.10 times" in applied("mode_imbalance", *modes([0.09, 0.11, *TEN[2:]])).evidence
    assert applied("mode_imbalance", *modes(TEN, n=149)).status is Status.NOT_CHECKED
    assert applied("mode_imbalance", *modes(TEN, n=150)).status is Status.CLEAR


def test_a_mode_that_the_reference_lacks_has_no_proportion(applied, modes):
    assert applied("mode_imbalance", *modes([0.5, 0.5, 0.0], usual=[0.5, 0.5, 0.0])).status is Status.CLEAR
    assert applied("mode_imbalance", *modes([0.0, 0.0], [0.01, 0.01])).status is Status.CLEAR


def test_a_rare_survivor_of_all_others_is_judged_without_a_stumble(applied, modes):
    usual = [0.5, 0.5, 1e-4]  # middles of ranges add up to a little more than one
    finding = applied("mode_imbalance", *modes([0.0, 0.0, 1.0], [0.01, 0.01, 1.0], usual=usual))
    assert finding.status is Status.CLEAR
    assert applied("mode_dropping", *modes([0.0, 0.0, 1.0], [0.01, 0.01, 1.0], usual=usual)).status is Status.FOUND


def test_many_are_named_and_the_rest_counted(applied, modes):
    finding = applied("mode_imbalance", *modes([0.03] * 7 + [0.1] * 3, [0.06] * 7 + [0.12] * 3))
    assert "mode 4 (" in finding.evidence
    assert finding.evidence.endswith("and 2 more")
