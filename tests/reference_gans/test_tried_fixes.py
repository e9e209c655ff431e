"""The study of tried fixes: a discriminator that learns alone, strokes that are grey, and outcomes that follow."""

import json
from dataclasses import replace

import pytest
import torch

from reference_gans.networks import Layers, picture_discriminator
from reference_gans.recipes.practitioner import IMPROVED_BATCHED, SHORT
from reference_gans.studies import tried_fixes
from reference_gans.studies._runs import Runs
from reference_gans.studies.tried_fixes import ARMS, BARE

DEAD = {
    "noise": 0.01, "one_hot": 0.03, "noise_born": 0.02, "one_hot_born": 0.06, "alone_noise": 0.0, "alone_start": 0.0,
    "real_wrong": 0.1, "fake_wrong": 0.2,
    "grey": 0.4, "grey_real": 0.3, "cpu_seconds": 1.0,
}  # fmt: skip
ALIVE = {**DEAD, "noise": 0.9, "one_hot": 0.5}
BETWEEN = {**DEAD, "noise": 0.051}


def test_all_fixes_but_the_long_one_are_tried_for_as_long():
    assert len(ARMS) == 11
    assert ARMS[BARE] is SHORT
    assert {recipe.steps for recipe in ARMS.values()} == {tried_fixes.STEPS}
    assert "longer" not in ARMS


def test_grey_is_counted_among_the_ink():
    pixels = torch.tensor([0.0, 0.2499, 0.25, 0.5, 0.75, 0.7501, 1.0, 1.0])
    assert tried_fixes.grey_share(pixels) == 0.5
    assert tried_fixes.grey_share(torch.zeros(4)) is None


def test_a_discriminator_that_can_see_learns_alone_and_one_that_cannot_does_not():
    seeing = replace(IMPROVED_BATCHED, name="seeing")
    # Of 1,000 pictures; a discriminator that guesses is wrong about half of them.
    assert tried_fixes.alone_error(seeing, 0, "noise", 60) <= 0.02
    assert tried_fixes.alone_error(seeing, 0, "start", 60) <= 0.02
    blind = replace(seeing, discriminator=lambda: torch.nn.Sequential(Dark(), picture_discriminator(Layers())))
    assert tried_fixes.alone_error(blind, 0, "noise", 60) == 0.5


class Dark(torch.nn.Module):
    def forward(self, x):
        return torch.zeros_like(x)


@pytest.mark.parametrize(
    ("noise", "one_hot", "one", "many"),
    [
        (0.05, 0.05, True, False),
        (0.051, 0.01, False, False),
        (0.01, 0.051, False, False),
        (0.5, 0.5, False, True),
        (0.499, 0.9, False, False),
        (0.9, 0.499, False, False),
    ],
)
def test_one_picture_and_different_ones_are_told_by_both_kinds_of_noise(noise, one_hot, one, many):
    run = {"noise": noise, "one_hot": one_hot}
    assert (tried_fixes.is_one_picture(run), tried_fixes.are_many(run)) == (one, many)


@pytest.mark.parametrize(
    ("rows", "said"),
    [
        ([DEAD] * 5, "confirmed"),
        ([DEAD] * 4, "not decided"),  # .05 ** (1 / 4) is .47
        ([DEAD] * 4 + [ALIVE], "not decided"),
        ([ALIVE] * 5, "refuted"),
        ([BETWEEN] * 5, "not decided"),
    ],
)
def test_five_runs_of_five_decide_and_four_do_not(rows, said):
    assert tried_fixes.verdict(rows) == said


def test_the_page_counts_and_says_what_follows():
    runs = Runs(tried_fixes.one_run, None, 6000)
    for arm, kinds in {BARE: [DEAD] * 5, "wide": [ALIVE] * 5, "deep": [DEAD, ALIVE, BETWEEN, DEAD, DEAD]}.items():
        runs.outcomes |= {f"{arm}/{seed}": run for seed, run in enumerate(kinds)}
    page = list(tried_fixes.page(runs, {"deep": [ALIVE] * 6, "wide": [DEAD] * 4}))
    row = next(line for line in page if line.startswith("| deep |"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[1:4] == ["5", "0.020 to 0.020", "0.060 to 0.060"]
    assert cells[4:9] == ["0.010 to 0.900", "0.030 to 0.500", "3 of 5", "0.15 to 0.95", "1 of 5"]
    assert cells[9:12] == ["6", "0", "6"]
    assert "That the first attempt draws one picture for every noise: **confirmed**." in "\n".join(page)
    assert "**refuted** for 2 of 2 (wide, deep)." in page  # deep by the six runs of the table, wide by its own five
    of_table = "\n".join(tried_fixes.page(runs, {"fast": [DEAD] * 5}))  # what only the table has run has a line too
    assert "| fast | 0 |" in of_table
    assert "**confirmed** for 1 of 3 (fast)." in of_table
    alone = list(tried_fixes.page(runs, {}))
    assert "**refuted** for 1 of 2 (wide)." in alone
    assert "**not decided** for 1 of 2 (deep)." in alone


def test_the_table_s_runs_are_found_by_recipe(tmp_path, monkeypatch):
    seen = {"noise": 0.01, "one_hot": 0.02}
    stored = {
        "mnist_first_deep/3": {"check": seen},
        "mnist_first_deep/4": {"error": "x"},
        "pattern_1010/0": {"check": {}},
    }
    (tmp_path / "recipes.json").write_text(json.dumps(stored))
    monkeypatch.setattr("reference_gans.studies.DOCS", tmp_path)
    assert tried_fixes.tabled() == {arm: [seen] if arm == "deep" else [] for arm in ARMS}


@pytest.mark.slow
def test_a_quick_try_runs_every_fix(tmp_path, monkeypatch):
    monkeypatch.setattr(tried_fixes, "tabled", dict)
    tried_fixes.main(quick=True, out=tmp_path)
    runs = json.loads((tmp_path / "tried_fixes.json").read_text())
    assert set(runs) == {f"{arm}/0" for arm in ARMS}
    for run in runs.values():
        assert all(0 <= run[name] <= 1 for name in ("alone_noise", "alone_start", "real_wrong", "fake_wrong", "grey"))
    assert runs[f"{BARE}/0"]["noise_born"] == runs["fast/0"]["noise_born"] < 0.1  # the same start
    assert 0.2 < runs[f"{BARE}/0"]["grey_real"] < 0.5
    assert (tmp_path / "tried_fixes.md").read_text().count("| 1 |") == len(ARMS)
    assert (tmp_path / "tried_fixes.svg").read_text().count("<circle") == 2 * len(ARMS)


def test_training_moves_what_was_born():
    run = tried_fixes.one_run("fast", 0, 150)
    assert run["noise"] != run["noise_born"]
    assert run["alone_noise"] <= 0.02
