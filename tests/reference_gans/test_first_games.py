"""The study of a practitioner's first games: what is followed, what a claim needs, and a quick try."""

import json

import pytest
import torch

from reference_gans.recipes import RECIPES, build
from reference_gans.studies import first_games
from reference_gans.studies._runs import Runs
from reference_gans.studies.first_games import GAMES, gap, page, verdict


@pytest.mark.parametrize(
    ("held", "n", "said"),
    [(5, 5, "confirmed"), (4, 4, "not decided"), (0, 5, "refuted"), (0, 4, "not decided"), (5, 10, "not decided")],
)
def test_a_claim_needs_five_runs_that_agree(held, n, said):
    assert verdict(held, n) == said


@pytest.mark.parametrize(
    ("row", "away"), [([0.9, 0.1, 0.8, 0.2], 0.0), ([0.9, 0.1, 0.5, 0.2], 0.3), ([0.9, 0.6, 0.7, 0.2], 0.4)]
)
def test_the_worst_number_decides_how_far_the_pattern_is(monkeypatch, row, away):
    monkeypatch.setattr(first_games, "draw", lambda run, n: torch.tensor([row] * n))
    assert gap(None) == pytest.approx(away, abs=1e-6)


def test_every_game_follows_a_number_and_has_a_check():
    for game in GAMES.values():
        run = build(RECIPES[game.recipe], 0)
        assert game.number(run) >= 0
        assert RECIPES[game.recipe].check is not None


def test_a_quick_try_writes_page_and_figure(tmp_path):
    first_games.main(quick=True, out=tmp_path)
    kept = json.loads((tmp_path / "first_games.json").read_text())
    assert set(kept) == {f"{arm}/0" for arm in GAMES}
    assert all(len(run["curve"]) == 11 for run in kept.values())
    assert (tmp_path / "first_games.svg").read_text().count("<polyline") == len(GAMES)


def test_the_page_says_what_is_confirmed():
    runs = Runs(first_games.one_run, None, 0)
    row = {"held": True, "numbers": {"spread": 0.5}, "curve": [1.0, 0.5], "of": 10_000, "cpu_seconds": 1.0}
    runs.outcomes = {f"the pattern/{seed}": row for seed in range(5)}
    text = "\n".join(page(runs))
    assert "| `pattern_1010` | 10,000 | 5 | 5 of 5 | 0.48 to 1.00 | **confirmed** | spread 0.5 to 0.5 |" in text
    runs.outcomes["the pattern/5"] = row | {"held": False}
    assert "5 of 6 | 0.36 to 1.00 | **not decided** |" in "\n".join(page(runs))
