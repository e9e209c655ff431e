"""Does the calibration study count, judge and draw as it says?"""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch

from collapse_metrics._registry import METRICS
from collapse_metrics.records import Measurement
from reference_gans.studies import _calibration_page, calibration
from reference_gans.studies._known_law import MODES, Mixture, some_of, split_digits, steady_losses, wandering_modes

STORED = Path(__file__).parents[2] / "docs" / "studies" / "calibration.json"


def measured(value, low, high, expected=None):
    return Measurement("m", value, low, high, expected)


def test_exact_intervals_of_a_mean_are_found_to_cover():
    rng = np.random.default_rng(0)
    said = [[{"m": measured(x, x - 1.96, x + 1.96, (-1.96, 1.96))} for x in rng.standard_normal(25)] for _ in range(80)]
    interval, expected = calibration.summarise("m", "made up", 1, said)
    # 2,000 draws: 0.025 is five standard errors.
    assert interval["hits"] / interval["draws"] == pytest.approx(0.95, abs=0.025)
    assert expected["hits"] / expected["draws"] == pytest.approx(0.95, abs=0.025)
    assert _calibration_page.judge(interval, 2) == _calibration_page.judge(expected, 2) == "yes"


def test_the_mean_is_moved_away_from_the_draw_that_it_holds():
    # Two draws at -1 and 1: their mean is 0, the truth is as far from a draw as sqrt(2).
    hits = calibration._covered([measured(-1, -2.4, 0.41), measured(1, -0.42, 3)])
    assert hits.tolist() == [False, True]


def test_scores_without_end_are_compared_with_the_middle_one():
    endless = measured(np.inf, 50.0, np.inf)
    assert calibration._covered([endless, endless, measured(40.0, 10.0, 90.0)]).tolist() == [True, True, False]


def test_a_measurement_without_an_interval_is_not_counted():
    said = [[{"m": measured(1.0, None, None, (0, 2))}, {"m": measured(1.0, None, None, None)}]]
    (row,) = calibration.summarise("m", "made up", 1, said)
    assert (row["asks"], row["hits"], row["draws"]) == ("expected", 1, 1)


def test_a_test_is_asked_for_its_alarms_and_for_nothing_else(monkeypatch):
    name = "class_share_test"
    monkeypatch.setattr(calibration, "METRICS", {name: replace(METRICS[name], is_test=True)})
    said = [[{name: Measurement(name, p, expected=(0.01, 1))} for p in (0.01, 0.04, 0.06, 0.5)]]
    rows = calibration.summarise(name, "mixture", 1, said)
    assert [(row["asks"], row["aim"], row["hits"]) for row in rows] == [
        ("alarms at 0.05", 0.05, 2),
        ("alarms at 0.01", 0.01, 1),
    ]


def test_draws_that_share_their_luck_count_for_less():
    apart = [np.ones(25), np.zeros(25), np.ones(25), np.ones(25)]
    alike = [np.tile([True, True, True, False], 25)] * 4
    assert calibration.effective_draws(apart) == pytest.approx(3)  # four references, one degree of freedom lost
    assert calibration.effective_draws(alike) == 400
    assert calibration.effective_draws([np.ones(25)] * 4) == 100


@pytest.mark.parametrize(
    ("asks", "hits", "verdict"),
    [
        ("interval", 475, "yes"),
        ("interval", 500, "more than asked"),
        ("interval", 440, "NO"),
        ("expected", 440, "NO"),
        ("alarms at 0.05", 25, "yes"),
        ("alarms at 0.05", 50, "NO"),
        ("alarms at 0.05", 5, "more than asked"),
    ],
)
def test_a_row_is_judged_on_its_safe_side(asks, hits, verdict):
    aim = 0.05 if asks.startswith("alarms") else 0.95
    assert _calibration_page.judge({"asks": asks, "aim": aim, "hits": hits, "draws": 500}, 1) == verdict


def test_more_rows_make_the_judge_milder():
    row = {"asks": "interval", "aim": 0.95, "hits": 463, "draws": 500}
    assert _calibration_page.judge(row, 1) == "NO"
    assert _calibration_page.judge(row, 100) == "yes"


def test_the_share_interval_is_that_of_clopper_and_pearson():
    assert _calibration_page.share_interval(0.0, 10) == pytest.approx((0, 0.3085), abs=1e-4)
    assert _calibration_page.share_interval(0.5, 10) == pytest.approx((0.1871, 0.8129), abs=1e-4)
    assert _calibration_page.share_interval(1.0, 10) == pytest.approx((0.6915, 1), abs=1e-4)


def test_the_mixture_has_the_shares_and_the_spread_that_it_says():
    world = Mixture()
    rows, modes = world.draw(20_000, np.random.default_rng(0))
    assert np.bincount(modes) / 20_000 == pytest.approx(world.shares, abs=0.013)  # five standard errors
    away = rows.numpy() - world.centres[modes.numpy()]
    assert away.std(axis=0) == pytest.approx(np.ones(8), abs=0.025)
    gaps = torch.cdist(torch.from_numpy(world.centres), torch.from_numpy(world.centres)).fill_diagonal_(torch.inf)
    assert gaps.min() > 7  # the nearest centre is the mode, but for one sample in some thousands


def test_the_mixture_gives_every_kind_of_data_that_a_test_of_samples_needs():
    every = {
        **Mixture().asked(50, np.random.default_rng(0)),
        **steady_losses(64, np.random.default_rng(0)),
        **wandering_modes(50, np.random.default_rng(0)),
    }
    for spec in METRICS.values():
        if spec.is_test:
            assert spec.needs <= set(every), spec.name
    assert every["counts"].sum() == 50
    assert len(every["shares"]) == MODES


def test_losses_are_red_noise_around_the_values_of_equilibrium():
    losses = steady_losses(20_000, np.random.default_rng(0))
    # The mean of 20,000 steps with memory 0.8 has standard error 0.05 / 0.2 / sqrt(20,000) = 0.0018.
    assert losses["g_losses"].mean() == pytest.approx(np.log(2), abs=0.01)
    assert losses["d_losses"].mean() == pytest.approx(2 * np.log(2), abs=0.01)
    g = losses["g_losses"] - losses["g_losses"].mean()
    assert (g[1:] * g[:-1]).mean() / g.var() == pytest.approx(0.8, abs=0.025)


def test_digits_beside_a_reference_are_different_and_unseen():
    reference, unseen = split_digits(0)
    pictures = some_of(unseen, 100, np.random.default_rng(0))
    assert len(pictures.flatten(1).unique(dim=0)) == 100
    assert (reference.n_real, len(unseen)) == (2500, 2500)
    assert not torch.equal(split_digits(1)[1][:50], unseen[:50])


def test_a_quick_run_writes_a_page(tmp_path, monkeypatch):
    few = {name: METRICS[name] for name in ("coverage", "precision", "mode_coverage")}
    monkeypatch.setattr(calibration, "METRICS", few)
    calibration.main(quick=True, out=tmp_path)
    page = (tmp_path / "calibration.md").read_text()
    assert all(f"| `{name}` |" in page for name in few)
    before = (tmp_path / "calibration.json").read_text()
    calibration.main(quick=True, out=tmp_path)  # nothing is drawn again
    assert (tmp_path / "calibration.json").read_text() == before


def test_no_stored_row_promises_more_than_it_keeps():
    rows = [row for of_job in json.loads(STORED.read_text()).values() for row in of_job]
    wrong = [(r["name"], r["world"], r["n"], r["asks"]) for r in rows if _calibration_page.judge(r, len(rows)) == "NO"]
    assert wrong == []
