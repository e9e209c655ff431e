"""A look that comes too early is inconclusive; one that comes late, or after health, keeps its word."""

import pytest

from collapse_metrics.diagnosis import judge
from collapse_metrics.history import History
from collapse_metrics.monitor.dates import patient
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
