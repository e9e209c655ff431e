"""The study of held-out kinds: a quick try repeats itself, and the page counts right and wrong."""

import json

import pytest
import torch

from collapse_metrics.evaluate import score
from collapse_metrics.reference import Reference
from reference_gans import zoo
from reference_gans.fixtures.kinds import halves_of_two
from reference_gans.fixtures.pictures import real_digits
from reference_gans.recipes import build
from reference_gans.studies import held_out_kinds
from reference_gans.studies._held_out_kinds import CASES, PROMISED_LEFT, WORLDS, N
from reference_gans.studies._runs import Runs
from reference_gans.watched import reference_of


def test_a_set_is_judged_by_verdict_and_name():
    case = next(case for case in CASES if case.name == "ring, shrunk to a quarter")
    reference = held_out_kinds._reference("ring", 0)
    row = held_out_kinds.judged(case, reference, 600, 0, None)
    assert row == held_out_kinds.judged(case, reference, 600, 0, None)
    assert (row["right"], row["verdict"]) == (True, "partial_collapse")
    assert "intra_mode_collapse" in row["found"]
    well = next(case for case in CASES if case.name == "grid, shares a little off")
    assert not held_out_kinds.judged(well, reference, 600, 0, None)["right"]  # a grid beside the ring is off it


def test_the_page_counts(tmp_path):
    fine = {"verdict": "healthy", "found": [], "right": True}
    sets = {case.name: {"verdict": "broken", "found": ["off_manifold"], "right": True} for case in CASES}
    sets |= {case.name: fine for case in CASES if not case.is_ill}
    missed = sets | {"table, turned": {"verdict": "healthy", "found": [], "right": False}}
    runs = Runs(held_out_kinds.one_run, None, N)
    runs.outcomes = {f"{held_out_kinds.ARM}/{seed}": {"sets": sets, "cpu_seconds": 1.0} for seed in range(19)}
    runs.outcomes[f"{held_out_kinds.ARM}/19"] = {"sets": missed, "cpu_seconds": 1.0}
    page, ill = "\n".join(held_out_kinds.page(runs)), sum(case.is_promised for case in CASES)
    assert f"accused or left open: 0 of {20 * sum(not case.is_ill for case in CASES)}" in page
    assert f"found by a right name in 95 % of their sets or more: {ill} of {ill}" in page  # 19 of 20 is 95 %
    assert "| 19 of 20 (75.1% to 99.9%) | `broken` 19, `healthy` 1 | `off_manifold` 19 |" in page
    runs.outcomes[f"{held_out_kinds.ARM}/18"] = {"sets": missed, "cpu_seconds": 1.0}
    page = "\n".join(held_out_kinds.page(runs))
    assert f"sets or more: {ill - 1} of {ill}." in page
    assert "Missed more often: table, turned." in page
    # 0.7^5 / (1 + ... + 0.7^5) is .0571, of a group that is due a tenth.
    assert "without a rate to keep: table, geometric shares. The mode that loses most keeps 57% of its share;" in page
    assert page.count("without a rate to keep") == 1


def test_only_kinds_as_ill_as_the_promise_have_a_rate_to_keep():
    known = {case.name: case for case in CASES}
    # A quarter each, of what is left when three quarters of both are gone.
    world = WORLDS["table"]()
    due = float((world.shares[1] + world.shares[4]) / world.shares.sum())
    assert known["table, two at a quarter"].least_left == pytest.approx(0.25 / (1 - 0.75 * due))
    assert known["table, two at a quarter"].least_left < PROMISED_LEFT < known["table, geometric shares"].least_left
    assert known["digits, geometric shares"].is_promised
    assert known["table, woven"].least_left == 0
    assert not known["table, shares a little off"].is_promised  # it is not ill
    assert [case.name for case in CASES if case.is_ill and not case.is_promised] == ["table, geometric shares"]


def test_a_seed_holds_every_kind(tmp_path, monkeypatch):
    monkeypatch.setattr(held_out_kinds, "judged", lambda case, *rest: {"verdict": "x", "found": [], "right": False})
    monkeypatch.setattr(held_out_kinds, "_reference", lambda family, seed: None)
    held_out_kinds.main(quick=True, out=tmp_path)
    stored = json.loads((tmp_path / "held_out_kinds.json").read_text())
    assert set(stored["all kinds/0"]["sets"]) == {case.name for case in CASES}
    assert (tmp_path / "held_out_kinds.md").read_text().startswith("# Kinds that nobody tuned to")


@pytest.mark.slow
def test_density_would_condemn_healthy_fives_before_glued_digits():
    glued = halves_of_two(real_digits(), 1000, torch.Generator().manual_seed(0))
    seen = score(fake=glued, reference=Reference.named("mnist"), value_range=(0, 1))
    trained = zoo.load("five_healthy")
    known = {"reference": reference_of(build(trained.recipe, 0)), "value_range": (0, 1)}
    fives = score(generator=trained.generator, latent=trained.recipe.latent, n=1000, **known)
    assert (seen.finding("off_manifold").status, fives.verdict) == ("found", "healthy")
    low, lower = (card["density"].value / card["density"].typical for card in (seen, fives))
    assert lower < low < 0.5
