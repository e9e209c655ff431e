"""A look that comes too early is inconclusive; one that comes late, or after health, keeps its word."""

import pytest

from collapse_metrics.diagnosis import judge
from collapse_metrics.history import History
from collapse_metrics.monitor.dates import date, patient
from collapse_metrics.records import Measurement, Scorecard, Verdict


def look(share, step):
    """A scorecard that rests on the share of samples taken for data."""
    numbers = (Measurement("accepted_share", share, share, share, (0.95, 1.0), n_fake=512, step=step),)
    verdict, findings = judge(numbers)
    return Scorecard(verdict, findings, numbers, {"step": step})


def seen(*shares):
    history = History()
    for number, share in enumerate(shares):
        history.add("check", card=look(share, 10 * number).to_dict())
    return history


def test_the_first_look_at_noise_is_inconclusive_and_says_why():
    card = patient(look(0.0, 0), seen())
    assert card.verdict is Verdict.INCONCLUSIVE
    assert "too early to say" in card.provenance["note"]
    assert "off_manifold" in [finding.name for finding in card.found]  # what was found is not hidden


@pytest.mark.parametrize("before", [(0.0,) * 9, (0.0, 0.9)])
def test_noise_that_lasts_or_comes_back_is_broken(before):
    card = look(0.0, 100)
    assert patient(card, seen(*before)) is card
    assert card.verdict is Verdict.BROKEN
    assert "note" not in card.provenance


def test_what_was_early_and_lasted_is_dated_from_its_beginning():
    history = History()
    for step in range(0, 100, 10):
        history.add("check", card=patient(look(0.0, step), history).to_dict())
    assert [check.verdict for check in history.checks].count(Verdict.INCONCLUSIVE) == 3
    closing = date(look(0.0, 100), history)
    assert closing.provenance["since"] == 0
    assert closing.finding("off_manifold").since == 0
