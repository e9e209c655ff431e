"""Rule: a discriminator that wins outright, which is no sign of collapse."""

import pytest

from collapse_metrics.diagnosis.discriminator_overpowers import WINS_ABOVE, WINS_BELOW
from collapse_metrics.records import Measurement, Status


@pytest.mark.parametrize(
    ("given", "status"),
    [
        ({"loss_balance": 0.099}, "found"),
        ({"loss_balance": 0.1}, "clear"),
        ({"d_accuracy": 0.991}, "found"),
        ({"d_accuracy": 0.99}, "clear"),
        ({"loss_balance": 0.9, "d_accuracy": 1.0}, "found"),
        ({"loss_balance": 0.05, "d_accuracy": 0.8}, "found"),
        ({"loss_balance": 1.0, "d_accuracy": 0.5}, "clear"),
    ],
)
def test_either_loss_or_accuracy_says_it(applied, given, status):
    assert (WINS_BELOW, WINS_ABOVE) == (0.1, 0.99)
    finding = applied("discriminator_overpowers", *(Measurement(name, value) for name, value in given.items()))
    assert finding.status is Status(status)
    assert ("loss at chance" in finding.evidence) == ("loss_balance" in given)
    assert ("is right on" in finding.evidence) == ("d_accuracy" in given)


def test_its_meaning_says_that_it_is_no_sign_of_collapse(applied):
    assert "no sign of collapse" in applied("discriminator_overpowers", Measurement("d_accuracy", 1.0)).meaning
