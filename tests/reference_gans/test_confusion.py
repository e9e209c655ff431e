"""The study of kind against verdict: a quick try repeats itself, and the page counts right."""

import json
from pathlib import Path

import numpy as np
import pytest

from reference_gans.studies import _confusion_page, confusion
from reference_gans.studies._confusion_page import best_threshold, page
from reference_gans.studies._runs import Runs


def judged(name, verdict, *, promised="healthy", kind=None, severity=0.0, found=(), right=True, fid=None, true=0.0):
    row = {"verdict": verdict, "found": list(found), "severity": severity, "kind": kind or name.partition("/")[2]}
    row |= {"true_severity": true, "promised": promised, "right": right, "named": right}
    return {name: row | ({"peers": {"FID": fid}} if fid is not None else {})}


def lines_of(outcomes):
    runs = Runs(confusion.one_run, None, confusion.SIZE)
    runs.outcomes = {key: {"steps": confusion.SIZE, "sets": sets} for key, sets in outcomes.items()}
    return list(page(runs))


def test_a_quick_try_writes_a_page_and_repeats_itself(tmp_path):
    confusion.main(quick=True, out=tmp_path)
    kept = json.loads((tmp_path / "confusion.json").read_text())["kinds of ring at 200/0"]["sets"]
    assert {"ring/healthy", "ring/class dropped", "ring/latents cut off"} <= kept.keys()
    assert not any("towards" in name for name in kept)
    fixture = confusion._fixtures(None)["ring/one sample"]
    again = confusion.judged(fixture, confusion._reference("ring", 0), 200, 0)
    assert again == kept["ring/one sample"]
    assert again["right"]
    assert (tmp_path / "confusion.md").read_text().startswith("# Verdicts on fixtures")


def test_parts_are_disjoint_but_for_the_healthy(monkeypatch):
    every = confusion._fixtures(None).values()
    parts = {part: {f.name for f in every if confusion._belongs(f, part)} for part in ("kinds", "blends", "healthy")}
    assert parts["kinds"] | parts["blends"] == {f.name for f in every}
    assert not parts["kinds"] & parts["blends"]
    assert parts["healthy"] < parts["kinds"]
    assert all("towards" in name for name in parts["blends"])


def test_pools_that_are_too_small_are_left_out():
    fixture = confusion._fixtures(None)["digits/few classes"]
    assert confusion._can_be_drawn(fixture, fixture.most)
    assert not confusion._can_be_drawn(fixture, fixture.most + 1)
    assert confusion._can_be_drawn(confusion._fixtures(None)["ring/healthy"], 10**9)


def test_the_promises_come_first_and_clothes_need_a_folder():
    plan = list(confusion.plan(None, 20))
    assert plan[0] == (["kinds of digits at 2000", "kinds of table at 2000", "kinds of ring at 2000",
                        "kinds of group at 2000"], 20)  # fmt: skip
    assert plan[2][0][0] == "healthy of digits at 2000"
    assert plan[2][1] == 60
    assert min(wanted for _, wanted in confusion.plan(None, 1)) == 1
    assert not any("fashion" in arm for arms, _ in plan for arm in arms)
    assert any("fashion" in arm for arms, _ in confusion.plan(Path("x"), 20) for arm in arms)


def test_the_page_counts_accused_and_named_sets():
    assert _confusion_page.SIZE == confusion.SIZE == 2000
    dropped = {"promised": "partial_collapse", "kind": "class dropped", "true": 1.0}
    lines = lines_of(
        {
            "kinds of digits at 2000/0": judged("digits/healthy", "healthy")
            | judged("digits/class dropped", "partial_collapse", found=["mode_dropping"], **dropped),
            "kinds of digits at 2000/1": judged("digits/healthy", "partial_collapse", right=False)
            | judged("digits/class dropped", "healthy", right=False, **dropped),
            "healthy of digits at 2000/1": judged("digits/healthy", "partial_collapse", right=False),
            "healthy of digits at 2000/2": judged("digits/healthy", "healthy"),
            "kinds of digits at 64/0": judged("digits/healthy", "inconclusive", right=False)
            | judged("digits/class dropped", "healthy", right=False, **dropped),
        }
    )
    text = "\n".join(lines)
    assert "Healthy sets not called healthy: 1 of 3 (0.8% to 90.6%), over 1 families." in text
    assert "- digits, class dropped: found by its name in 1 of 2 (1.3% to 98.7%)" in text
    assert "or `inconclusive`: 1 of 2 (1.3% to 98.7%); sick and called healthy: 1" in text
    assert "| digits | class dropped | 1 | partial_collapse | 2 | `partial_collapse` 1, `healthy` 1 |" in text


def test_a_number_is_given_its_best_direction_and_threshold_and_the_verdict_is_not():
    sick = {"promised": "collapse", "kind": "one sample", "true": 1.0}
    blend = {"promised": None, "kind": "towards", "right": True}
    lines = lines_of(
        {
            f"kinds of ring at 2000/{seed}": judged("ring/healthy", "healthy", severity=0.0, fid=5.0 + seed)
            | judged("ring/one sample", "collapse", severity=0.9, fid=[4.0, 5.5][seed], **sick)
            | judged("ring/towards, 10%", "healthy", severity=0.0, fid=4.0, true=0.1, **blend)
            | judged("ring/towards, 20%", "collapse", severity=0.2, fid=5.0, true=0.2, **blend)
            for seed in (0, 1)
        }
    )
    ours = next(line for line in lines if line.startswith("| the verdict's severity"))
    fid = next(line for line in lines if line.startswith("| FID ("))
    assert ours.split(" | ")[1:] == ["1.000", "2 of 2 (15.8% to 100.0%)", "0 of 2 (0.0% to 84.2%)", "1.00", "20% |"]
    assert fid.startswith("| FID (lower is worse) | 0.750 | 2 of 2 (15.8% to 100.0%) | 1 of 2 (1.3% to 98.7%) |")
    assert fid.endswith("0.75 | 10% |")


def test_over_families_a_number_keeps_its_direction_and_is_worth_its_worst():
    sick = {"promised": "collapse", "kind": "one sample", "true": 1.0}
    fids = {"ring": (5.0, 9.0), "table": (5.0, 9.0), "grid": (5.0, 1.0)}  # in the grid, what has collapsed scores lower
    lines = lines_of(
        {
            f"kinds of {family} at 2000/0": judged(f"{family}/healthy", "healthy", severity=0.0, fid=well)
            | judged(f"{family}/one sample", "collapse", severity=0.9, fid=ill, **sick)
            for family, (well, ill) in fids.items()
        }
    )
    assert "| **the verdict's severity** | higher is worse | 1.000 | 1.000 | 1.000 | 1.000 | 1.000 |" in lines
    assert "| FID | higher is worse | 1.000 | 1.000 | 0.000 | 0.667 | 0.000 |" in lines
    assert any("the best single number 0.667 and 0.000: no single number does as well." in line for line in lines)
    falling = lines_of(
        {
            "kinds of ring at 2000/0": judged("ring/healthy", "healthy", severity=0.5, fid=9.0)
            | judged("ring/one sample", "collapse", severity=0.4, fid=5.0, **sick)
        }
    )
    assert "| FID | lower is worse | 1.000 | 1.000 | 1.000 |" in falling
    assert any(line.endswith("and 1.000: a single number does as well or better.") for line in falling)


@pytest.mark.parametrize(
    ("bad", "good", "line"), [([2.0, 3.0], [0.0, 1.0], 1.0), ([1.0], [1.0], 1.0), ([5.0, 0.0], [1.0, 2.0], 2.0)]
)
def test_the_best_threshold_has_the_largest_mean_of_both_rates(bad, good, line):
    assert best_threshold(np.array(bad), np.array(good)) == line
