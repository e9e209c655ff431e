"""The study of the linear generator: intervals that are known, and outcomes that follow from the numbers."""

import json

import numpy as np
import pytest
from scipy import stats

from reference_gans.studies import linear_generator
from reference_gans.studies._differences import Difference
from reference_gans.studies._runs import Runs
from reference_gans.studies.linear_generator import ARMS, CODED, REPORTED

LOOK = {"distance": 0.8, "accepted": 0.5, "digits": 9}


def runs_of(change, seeds=5):
    """Runs whose last look is ``change(arm, seed)`` away from the others."""
    runs = Runs(linear_generator.one_run, None, 1500)
    for arm in ARMS:
        for seed in range(seeds):
            looks = [{**LOOK, "distance": 0.1}, {**LOOK, **change(arm, seed)}]
            runs.outcomes[f"{arm}/{seed}"] = {"looks": looks, "cpu_seconds": 1.0}
    return runs


def test_nothing_but_the_slope_differs():
    assert ARMS[REPORTED].generator.keywords == {**ARMS[CODED].generator.keywords, "slope": 0.0}
    assert ARMS[CODED].generator.keywords["slope"] == 1.0
    assert ARMS[REPORTED].steps == ARMS[CODED].steps == linear_generator.STEPS


def test_the_interval_is_welchs():
    one, other = [1.0, 2.0, 4.0, 3.5], [0.0, 0.5, 0.25]
    theirs = stats.ttest_ind(one, other, equal_var=False).confidence_interval(0.95)
    assert linear_generator.interval(one, other) == pytest.approx((theirs.low, theirs.high))
    low, high = linear_generator.interval(one, [0.5, 0.5])  # one arm without scatter: Student's own interval
    reach = stats.t.ppf(0.975, 3) * np.std(one, ddof=1) / 2
    assert (low, high) == pytest.approx((2.125 - reach, 2.125 + reach))
    assert linear_generator.interval([1.0], other) == (-np.inf, np.inf)
    assert linear_generator.interval([2.0, 2.0], [0.5, 0.5]) == (1.5, 1.5)


def test_a_difference_in_every_run_matters():
    def change(arm, seed):
        return {"distance": (0.3 if arm == CODED else 0.8) + seed / 100, "accepted": 0.5 + seed / 100}

    found = linear_generator.compared(runs_of(change))
    assert found["distance"][0].by == pytest.approx(-0.5)
    # 2 of 252 splits, times three for Holm: .024, known to .002.
    assert found["distance"][0].p_value == pytest.approx(6 / 252, abs=0.01)
    assert found["accepted"][0] == Difference(0, 1)
    said = linear_generator.outcome(found)
    assert said.startswith("**Confirmed")
    assert "distance of pictures, over real -0.50." in said


def interval_of(low, high, p_value=1.0):
    whole = {name: (Difference(0.0, 1.0), (0.0, 0.0)) for name in linear_generator.MEASURES}
    return {**whole, "distance": (Difference((low + high) / 2, p_value), (low, high))}


@pytest.mark.parametrize(
    ("found", "word"),
    [
        (interval_of(-0.09, 0.09), "**Refuted"),
        (interval_of(-0.1, 0.05), "**Not decided"),
        (interval_of(-0.05, 0.1), "**Not decided"),
        (interval_of(-0.02, 0.05, p_value=0.05), "**Confirmed"),
        (interval_of(-0.02, 0.05, p_value=0.051), "**Refuted"),
    ],
)
def test_outcomes_follow_from_the_numbers(found, word):
    assert linear_generator.outcome(found).startswith(word)


def test_the_page_counts_collapses_at_the_end_and_on_the_way():
    page = list(linear_generator.page(runs_of(lambda arm, seed: {"digits": 5 if arm == CODED and seed < 2 else 9})))
    row = next(line for line in page if line.startswith(f"| {CODED} |"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1:] == ["5", "0.80 to 0.80", "0.50 to 0.50", "5 to 9", "2 of 5", "0.05 to 0.85", "0.50 to 1.00"]


@pytest.mark.slow
def test_a_quick_try_writes_page_and_figure(tmp_path):
    linear_generator.main(quick=True, out=tmp_path)
    runs = json.loads((tmp_path / "linear_generator.json").read_text())
    assert set(runs) == {f"{arm}/{seed}" for arm in ARMS for seed in (0, 1)}
    assert {len(run["looks"]) for run in runs.values()} == {2}
    page = (tmp_path / "linear_generator.md").read_text()
    assert "4 steps, 2 seeds of each" in page
    assert "nan" not in page
    assert (tmp_path / "linear_generator.svg").read_text().count("<polyline") == 2 * 2 * 2
