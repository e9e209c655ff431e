"""The study of flipped labels: collapses that are known, an association that is known, and outcomes that follow."""

import json

import numpy as np
import pytest
from scipy import stats

from reference_gans.studies import label_flipping
from reference_gans.studies._runs import Runs

GOOD = {"distance": 0.9, "accepted": 0.8, "digits": 10, "d_loss": 1.0, "g_loss": 1.0}
BAD = {**GOOD, "distance": 0.2}


def run_of(marks, every=50):
    return {"every": every, "looks": [GOOD if mark == "." else BAD for mark in marks], "cpu_seconds": 1.0}


def runs_of(marks_of, seeds=5):
    runs = Runs(label_flipping.one_run, None, 200)
    for arm in label_flipping.ARMS:
        for seed in range(seeds):
            runs.outcomes[f"{arm}/{seed}"] = run_of(marks_of(arm, seed))
    return runs


def test_an_association_that_is_perfect_and_one_that_is_not():
    rates = [0.0, 5.0, 10.0, 15.0, 20.0]
    falling = np.tile([0.9, 0.7, 0.5, 0.3, 0.1], (5, 1))
    found = label_flipping.association(rates, falling)
    assert (found.rho, found.low, found.high) == pytest.approx((-1, -1, -1))
    assert found.p_value == pytest.approx(1 / (label_flipping.PERMUTATIONS + 1))
    assert label_flipping.association(rates, -falling).rho == pytest.approx(1)
    still = label_flipping.association(rates, np.zeros((5, 5)))
    assert (still.rho, still.p_value) == (0, 1)


def test_the_correlation_is_spearmans_over_all_runs(numpy_rng):
    rates, shares = [0.0, 5.0, 20.0], numpy_rng.random((4, 3)).round(1)
    found = label_flipping.association(rates, shares)
    theirs = stats.spearmanr(np.tile(rates, 4), shares.flatten()).statistic
    assert found.rho == pytest.approx(theirs)
    assert found.low <= found.rho <= found.high


def test_the_p_value_of_one_seed_counts_all_orders_of_the_rates():
    # Of the 6 orders of three rates 2 are as far from 0 as the true one: p 1/3, the shuffles know it to .05 (ten sd).
    found = label_flipping.association([0.0, 5.0, 10.0], np.array([[0.3, 0.2, 0.1]]))
    assert found.p_value == pytest.approx(1 / 3, abs=0.05)


def test_looks_of_the_second_half_are_counted():
    assert label_flipping.late_share(run_of("xx..")) == 0
    assert label_flipping.late_share(run_of("..x.")) == 0.5
    assert label_flipping.late_share(run_of(".xxxx")) == 1


def test_the_page_counts_collapses_and_names_runs_without():
    runs = runs_of(lambda arm, seed: {0: "..xx", 1: ".xx.", 2: "x...", 3: "xxxx", 4: "...x"}[seed])
    rows = [line for line in label_flipping.page(runs) if line.startswith("| 5 %")]
    cells = [cell.strip() for cell in rows[0].strip("|").split("|")]
    assert cells[1:5] == ["3", "25", "5", "50, 50, 100, never, 50"]
    assert cells[5:9] == ["3 of 5", "0.15 to 0.95", "150, 100, 200; median 200", "2, 3"]
    assert cells[9] == "0.00 to 1.00"


def test_outcomes_follow_from_the_numbers():
    def said(marks_of, seeds=5):
        return " ".join(label_flipping.outcome(runs_of(marks_of, seeds)))

    rate = {arm: place for place, arm in enumerate(arm for arm in label_flipping.ARMS if arm != "1 %")} | {"1 %": 0}
    fewer = ["..xxxxxx", "...xxxxx", "....xxxx", "......xx", "........"]
    assert "**Confirmed" in said(lambda arm, seed: fewer[rate[arm]])
    assert "**Refuted" in said(lambda arm, seed: fewer[4 - rate[arm]])
    assert "**Not decided, at this size**: nothing collapsed (at most 14%" in said(lambda arm, seed: "....")
    assert "fewer than two seeds" in said(lambda arm, seed: "....", seeds=1)
    # One seed says yes, another no: no correlation, and an interval that reaches both.
    assert "as well as one worth having" in said(lambda arm, seed: fewer[rate[arm] if seed else 4 - rate[arm]], seeds=2)


def test_a_pair_of_runs_that_are_not_the_same_breaks_the_study():
    runs = runs_of(lambda arm, seed: "..xx")
    assert label_flipping.pairs_alike(runs) == (5, 5)
    runs.outcomes["1 %/3"] = run_of("..x.")
    assert label_flipping.pairs_alike(runs) == (4, 5)
    assert "only 4 of 5 pairs" in " ".join(label_flipping.outcome(runs))


@pytest.mark.slow
def test_one_per_cent_is_no_flip_at_all_and_a_quick_try_shows_it(tmp_path):
    label_flipping.main(quick=True, out=tmp_path)
    runs = json.loads((tmp_path / "label_flipping.json").read_text())
    assert set(runs) == {f"{arm}/0" for arm in label_flipping.ARMS}
    assert runs["0 %/0"]["looks"] == runs["1 %/0"]["looks"]
    assert runs["0 %/0"]["looks"][1]["d_loss"] != runs["5 %/0"]["looks"][1]["d_loss"]
    assert {len(run["looks"]) for run in runs.values()} == {2}
    page = (tmp_path / "label_flipping.md").read_text()
    assert page.count("never") == len(label_flipping.ARMS)
    assert "Not decided" in page
    assert (tmp_path / "label_flipping.svg").read_text().count("<polyline") == 2 * len(label_flipping.ARMS)


def test_hyphens_are_understood(monkeypatch, capsys):
    from reference_gans.__main__ import main

    asked = []
    monkeypatch.setattr(label_flipping, "main", lambda data_root, **options: asked.append(options))
    with pytest.raises(SystemExit) as stop:
        main(["study", "label-flipping", "--quick"])
    assert (asked, stop.value.code) == ([{"quick": True}], 0)
    with pytest.raises(SystemExit):
        main(["study", "label-flopping"])
    assert "got 'label-flopping'" in capsys.readouterr().err
