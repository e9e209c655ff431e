"""The study of the size of the noise: symptoms and their AUC on made-up runs, and fives that are known to come out."""

import json

import numpy as np
import pytest
import torch

from reference_gans.data import SOURCES
from reference_gans.studies import latent_size
from reference_gans.studies._runs import Runs


def made(swing, diversity, seed=0, steps=200):
    noise = np.random.default_rng(seed).standard_normal((2, steps))
    return {
        "g_losses": (1 + swing * noise[0]).tolist(),
        "d_losses": (1 + 0.1 * noise[1]).tolist(),
        "right": [[0.9, 0.4]] * (steps // latent_size.EVERY),
        "fives": 7,
        "diversity": diversity,
        "steps": steps,
    }


def test_auc_against_pairs_written_down():
    collapsed, healthy = np.array([3.0, 1.0]), np.array([1.0, 0.0, 2.0])
    assert latent_size.auc(collapsed, healthy) == pytest.approx((3 + 1 + 0.5) / 6)
    assert latent_size.auc(healthy, collapsed) == pytest.approx(1 - 4.5 / 6)
    assert latent_size.auc_interval(np.array([2.0, 3.0]), np.array([0.0, 1.0])) == (1.0, 1.0)


def test_symptoms_of_a_run_that_swings_and_one_that_does_not():
    calm, wild = (latent_size.symptoms(made(swing, 0.9)) for swing in (0.1, 0.5))
    assert wild["swing of G's loss"] == pytest.approx(5 * calm["swing of G's loss"])
    assert wild["memory of G's loss"] == pytest.approx(calm["memory of G's loss"])
    assert (calm["D right about real"], calm["D right about fake"]) == (0.9, 0.4)
    assert calm["sameness"] == -0.9
    assert list(calm) == list(latent_size.SYMPTOMS)


def test_fives_that_are_drawn_come_out_and_no_others(rng):
    fives = SOURCES["fives"](None)
    drawn = torch.cat([fives.base[[3, 17]].repeat(100, 1, 1, 1), fives.base[[5]]])
    assert latent_size.fives_reached(drawn + 0.02 * torch.randn(drawn.shape, generator=rng), fives.base) == [3, 17]
    assert len(latent_size.fives_reached(fives.real, fives.base)) == len(fives.base)


def test_the_page_tells_the_arms_apart_by_what_differs():
    runs = Runs(latent_size.one_run, None, 200)
    for seed in range(3):
        runs.outcomes[f"upsampling, 128 dimensions/{seed}"] = made(0.1, 0.95, seed)
        runs.outcomes[f"upsampling, 1 dimension/{seed}"] = made(0.5, 0.5, seed + 10)
    rows = {line.split(" | ")[0].strip("| "): line for line in latent_size.page(runs) if line.startswith("|")}
    assert rows["swing of G's loss"].endswith("| 1.00 | 1.00 to 1.00 |")
    assert rows["sameness"].endswith("| 1.00 | 1.00 to 1.00 |")
    assert "| 0.50 | 0.50 to 0.50 |" in rows["D right about real"]
    assert latent_size.figure(runs).count("<polyline") == 6


def many(fives, swing, runs=6):
    return [{**made(swing, 0.9, seed), "fives": fives} for seed in range(runs)]


def test_the_outcome_is_read_from_the_runs():
    calm, wild = many(20, 0.1), many(10, 0.5)
    assert "swing of G's loss tells them apart as the note says" in latent_size.outcome(calm, wild)
    assert "swing of G's loss tells them apart the other way round" in latent_size.outcome(many(20, 0.5), many(10, 0.1))
    assert "swing of G's loss is not shown to tell them apart" in latent_size.outcome(calm, many(10, 0.1))
    assert "0 of 6 runs with 128 dimensions are healthy" in latent_size.outcome(many(19, 0.1), wild)
    assert (
        latent_size.outcome(calm[:2], wild[:2]).count("is not shown to tell them apart") == 2
    )  # two seeds prove nothing
    for healthy, collapsed in ((many(19, 0.1), wild), (calm, many(11, 0.5))):
        assert "did not come out" in latent_size.outcome(healthy, collapsed)


@pytest.mark.slow
def test_a_quick_try_writes_page_and_figure(tmp_path):
    latent_size.main(quick=True, out=tmp_path)
    runs = json.loads((tmp_path / "latent_size.json").read_text())
    assert {len(run["g_losses"]) for run in runs.values()} == {140}
    assert all(0 <= share <= 1 for run in runs.values() for pair in run["right"] for share in pair)
    assert "| transposed, 1 dimension | 2 |" in (tmp_path / "latent_size.md").read_text()


def test_looking_at_accuracies_changes_nothing():
    from reference_gans.recipes import RECIPES, build
    from reference_gans.trainer import train

    run, alone = (build(RECIPES["five_as_noted"], 0) for _ in range(2))
    train(run, 3, [latent_size.accuracies])
    train(alone, 3)
    for mine, theirs in zip(
        run.discriminator.state_dict().values(), alone.discriminator.state_dict().values(), strict=True
    ):
        assert torch.equal(mine, theirs)
