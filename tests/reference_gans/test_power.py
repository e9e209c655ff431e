"""Does the power study spoil samples as it says, set alarms at their rate, and find the smallest defect?"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from collapse_metrics._registry import METRICS, MetricSpec
from reference_gans.studies import power
from reference_gans.studies._digit_law import (
    ANSWERS,
    DigitLaw,
    Samples,
    class_lost,
    copies_of_fifty,
    copies_of_one,
    noisy,
    shrunken,
)

STORED = Path(__file__).parents[2] / "docs" / "studies" / "power.json"


@pytest.fixture(scope="module")
def law():
    return DigitLaw()


@pytest.fixture
def chance():
    return np.random.default_rng(0)


def test_the_law_has_the_shares_means_and_spreads_that_it_was_fitted_with(law, chance):
    made = law.draw(20_000, chance)
    assert np.bincount(made.modes) / 20_000 == pytest.approx(law.shares, abs=0.011)  # five standard errors
    for mode in (0, 7):
        rows = made.rows[made.modes == mode]
        cov = law.roots[mode] @ law.roots[mode].T
        error = np.sqrt(np.diag(cov) / len(rows))
        assert (np.abs(rows.mean(axis=0) - law.centres[mode]) < 6 * error).all()
        assert np.trace(np.cov(rows.T)) == pytest.approx(np.trace(cov), rel=0.1)


def test_what_a_metric_asks_for_belongs_to_the_samples(law, chance):
    fake = law.draw(200, chance)
    given = law.asked(ANSWERS, fake, chance)
    assert set(given) == ANSWERS
    assert given["counts"].tolist() == np.bincount(fake.modes, minlength=10).tolist()
    assert len(given["fresh"]) == len(given["accepted"]) == 200
    assert given["accepted"].double().mean() > 0.9
    assert not torch.equal(given["real"], given["train"])


@pytest.mark.parametrize(("much", "gone"), [(0.0, 0.0), (0.4, 0.4), (1, 1), (2.5, 2.5)])
def test_classes_are_lost_one_after_the_other(law, chance, much, gone):
    counts = np.bincount(class_lost(law, 20_000, much, chance).modes, minlength=10)
    kept = counts / counts[9] * law.shares[9] / law.shares
    assert (1 - kept).sum() == pytest.approx(gone, abs=0.35)
    assert (counts == 0).sum() == int(much)


@pytest.mark.parametrize(("spoil", "few"), [(copies_of_one, 1), (copies_of_fifty, 50)])
def test_the_asked_share_are_copies_of_a_few(law, chance, spoil, few):
    made = spoil(law, 500, 0.3, chance)
    rows, counts = np.unique(made.rows, axis=0, return_counts=True)
    assert len(made.rows) == 500
    assert len(rows) == 350
    assert (counts > 1).sum() == few
    assert len(spoil(law, 60, 0.99, chance).rows) == 60


def test_spread_shrinks_and_noise_grows_by_the_asked_amount(law):
    plain, small, noised = (
        spoil(law, 3000, much, np.random.default_rng(0)) for spoil, much in ((shrunken, 0), (shrunken, 0.3), (noisy, 1))
    )
    away, less, more = (np.square(s.rows - law.centres[s.modes]).sum() for s in (plain, small, noised))
    assert less / away == pytest.approx(0.49)
    assert more / away == pytest.approx(2, rel=0.05)


def test_a_defect_of_size_nothing_is_none(law):
    for defect in power.DEFECTS:
        spoilt, perfect = defect.spoil(law, 50, 0.0, np.random.default_rng(0)), law.draw(50, np.random.default_rng(0))
        assert np.allclose(spoilt.rows, perfect.rows)


def mean_spec(**options):
    def mean_feature(*, fake):
        return float(fake[:, 0].mean())

    spec = MetricSpec("mean_feature", mean_feature, frozenset({"fake"}), 1.0, 0.0, "https://example.org")
    return replace(spec, **options)


def test_the_alarm_lies_beyond_every_perfect_draw_on_the_collapsed_side(law):
    for spec, beyond in ((mean_spec(), min), (mean_spec(best=0.0, collapsed=1.0), max)):
        look = power.Look(spec, law, 50, 99)
        scores = [look.ask(power.perfect(law, 50, i), i) for i in range(99)]
        assert look.threshold == beyond(scores)
        assert sum(look.alarms(power.perfect(law, 50, i), i) for i in range(99)) == 0


def test_the_false_alarm_rate_is_one_in_a_hundred(law):
    # Over 40 thresholds of 99 draws each, 4,000 further draws: one standard error is at most 0.0022.
    rng = np.random.default_rng(0)
    rate = np.mean([(rng.random(100) < rng.random(99).min()).mean() for _ in range(40)])
    assert rate == pytest.approx(power.ALPHA, abs=0.009)


def test_halving_finds_the_first_step_that_is_found():
    steps = (1.0, 2.0, 3.0, 4.0, 5.0, 6.0)
    defect = power.Defect("made up", "steps", lambda law, n, much, rng: Samples(np.zeros((1, 1)), np.zeros(1)), steps)

    class Stub:
        def __init__(self, limit):
            self.limit = limit

        def finds(self, defect, much, size):
            return much >= self.limit, 20, 20

    for limit, much in ((0.5, 1), (3, 3), (5.5, 6), (7, None)):
        assert power.smallest(Stub(limit), defect, power.Size(10, 20))["much"] == much


def test_a_step_that_misses_too_often_is_given_up(law):
    look = power.Look(mean_spec(), law, 50, 9)
    size = power.Size(50, 20)
    assert size.misses == 1
    found, hits, draws = look.finds(power.DEFECTS[0], 0.1, size)
    assert not found
    assert draws - hits == 2


def test_a_quick_run_writes_a_page(tmp_path, monkeypatch):
    few = {name: METRICS[name] for name in ("coverage", "mode_coverage", "neighbour_ratio")}
    monkeypatch.setattr(power, "asked", lambda: few)
    power.main(quick=True, out=tmp_path)
    page = (tmp_path / "power.md").read_text()
    assert all(f"| `{name}` |" in page for name in few)


def test_counts_find_a_lost_class_and_neighbours_find_copies():
    rows = json.loads(STORED.read_text())
    assert rows["2000/class_share_test"]["found"]["class lost"]["much"] <= 0.5
    assert rows["2000/distinct_neighbours"]["found"]["copies of fifty"]["much"] <= 0.3
