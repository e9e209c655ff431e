"""The study of symptoms: modes that are counted right, families that count alike, and outcomes that follow."""

import json
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from reference_gans.data import SOURCES
from reference_gans.recipes import RECIPES, build
from reference_gans.studies import symptoms
from reference_gans.studies._runs import Runs
from reference_gans.studies._symptom_families import ARMS, COUNTS, FAMILIES, family_of
from reference_gans.trainer import train


def runs_of(value_of, modes_of=lambda arm, seed: 1.0 if seed % 2 else 0.5, seeds=4):
    """Runs with one number for every symptom; odd seeds are healthy."""
    runs = Runs(symptoms.one_run, None, 1000)
    for arm in ARMS:
        for seed in range(seeds):
            numbers = dict.fromkeys(symptoms.SYMPTOMS, value_of(arm, seed))
            runs.outcomes[f"{arm}/{seed}"] = {**numbers, "modes": modes_of(arm, seed), "cpu_seconds": 1.0}
    return runs


class Draws(torch.nn.Module):
    """Draws given rows, again and again."""

    def __init__(self, rows):
        super().__init__()
        self.rows = torch.nn.Parameter(rows)

    def forward(self, z):
        return self.rows[torch.arange(len(z)) % len(self.rows)]


def run_that_draws(rows, data):
    judged = Draws(rows)
    return SimpleNamespace(
        judged=judged, generator=judged, data=data, latent=2, draw=lambda n, latent, rng: torch.zeros(n, latent)
    )


def test_modes_are_counted_where_samples_are_nearest():
    for family, name in (("ring", "ring"), ("grid", "grid")):
        data = SOURCES[name](None)
        some = data.centres[: len(data.centres) // 2] + 0.3  # near no centre, nearest to these
        assert COUNTS[family](run_that_draws(some, data)) == pytest.approx(len(some) / len(data.centres))
    peaks = SOURCES["two_peaks"](None)
    assert COUNTS["two Gaussians"](run_that_draws(torch.tensor([[-5.0], [4.0]]), peaks)) == 1.0
    assert COUNTS["two Gaussians"](run_that_draws(torch.tensor([[2.0], [4.0]]), peaks)) == 0.5
    fives, digits = SOURCES["fives"](None), SOURCES["digits"](None)
    assert COUNTS["fives"](run_that_draws(fives.base[:10], fives)) == 0.25
    three = torch.cat([digits.real[digits.labels == digit][:1] for digit in (0, 1, 7)])
    assert COUNTS["digits"](run_that_draws(three, digits)) == pytest.approx(0.3)


def test_a_run_has_collapsed_at_half_of_the_modes():
    assert symptoms.has_collapsed({"modes": 0.5})
    assert not symptoms.has_collapsed({"modes": 0.52})


def test_the_gradient_is_that_of_the_last_step():
    layer = torch.nn.Linear(2, 1)
    layer.weight.grad, layer.bias.grad = torch.tensor([[3.0, 0.0]]), torch.tensor([4.0])
    assert symptoms.gradient_norm(SimpleNamespace(generator=layer)) == pytest.approx(5)


def test_accuracies_are_those_of_a_discriminator_that_knows_and_they_change_nothing():
    run, alone = (build(RECIPES["mnist_improved_batched"], 0) for _ in range(2))
    real = run.data.real
    train(run, 2, [lambda run: symptoms.accuracies(run, real)])
    train(alone, 2)
    for mine, theirs in zip(run.generator.state_dict().values(), alone.generator.state_dict().values(), strict=True):
        assert torch.equal(mine, theirs)
    knows = SimpleNamespace(
        generator=lambda z: torch.zeros(len(z), 1),
        discriminator=lambda x: x - 0.5,
        draw=lambda n, latent, rng: torch.zeros(n, latent),
        latent=1,
        step=3,
    )
    assert symptoms.accuracies(knows, torch.ones(10, 1)) == (1.0, 1.0)
    assert symptoms.accuracies(knows, torch.zeros(10, 1)) == (0.0, 1.0)


def test_runs_are_compared_within_their_family():
    # The families lie far apart, and within each the collapsed (even) seeds show more.
    place = {family: 100 * i for i, family in enumerate(FAMILIES)}
    found = symptoms.aucs(runs_of(lambda arm, seed: place[family_of(arm)] - seed % 2), "sameness")
    assert found == dict.fromkeys(FAMILIES, 1.0)
    runs = runs_of(lambda arm, seed: seed, lambda arm, seed: float(seed > 0) if arm.startswith("ring") else 1.0)
    assert symptoms.aucs(runs, "sameness") == {"ring": 0.0}


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([1.0, 0.9, 0.8, 0.9, 0.7], "confirmed"),
        ([0.0, 0.1, 0.2, 0.1, 0.3], "refuted: the opposite"),
        ([0.25, 0.75, 0.6, 0.4, 0.5], "refuted: its sign turns"),
        ([0.26, 0.75, 0.6, 0.4, 0.5], "not decided"),
        ([0.25, 0.74, 0.6, 0.4, 0.5], "not decided"),
        ([1.0, 1.0, 1.0], "not decided"),
    ],
)
def test_outcomes_follow_from_the_numbers(values, said):
    assert symptoms.outcome(dict(zip(FAMILIES, values, strict=False))) == said


def test_the_interval_resamples_families():
    low, high = symptoms.interval({"a": 0.0, "b": 1.0})
    assert (low, high) == (0.0, 1.0)
    low, high = symptoms.interval({str(i): 0.6 for i in range(5)})
    assert (low, high) == pytest.approx((0.6, 0.6))
    values = {str(i): i / 10 for i in range(11)}
    low, high = symptoms.interval(values)
    reach = 1.96 * np.std(list(values.values())) / 11**0.5
    assert (low, high) == pytest.approx((0.5 - reach, 0.5 + reach), abs=0.03)


def test_the_page_shows_families_side_by_side():
    worth = {"ring": 1, "grid": 1, "two Gaussians": -1, "fives": 1, "digits": 1}
    page = list(symptoms.page(runs_of(lambda arm, seed: worth[family_of(arm)] * -(seed % 2))))
    row = next(line for line in page if line.startswith("| sameness |"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[2:8] == ["1.00", "1.00", "0.00", "1.00", "1.00", "0.80"]
    assert cells[9] == "refuted: its sign turns"
    assert "| ring | `ring8_collapsed` | 2,000 | 4 | 0.50 to 1.00 | 2 |" in page


@pytest.mark.slow
def test_a_quick_try_looks_at_every_family(tmp_path):
    symptoms.main(quick=True, out=tmp_path)
    runs = json.loads((tmp_path / "symptoms.json").read_text())
    assert set(runs) == {f"{arm}/0" for arm in ARMS}
    for run in runs.values():
        assert set(symptoms.SYMPTOMS) < set(run)
        assert all(np.isfinite(run[name]) for name in symptoms.SYMPTOMS)
        assert 0 <= run["modes"] <= 1
    page = (tmp_path / "symptoms.md").read_text()
    assert f"of {len(symptoms.SYMPTOMS)}: " in page
    assert (tmp_path / "symptoms.svg").exists()


def test_one_short_run_gives_every_symptom():
    arm = next(arm for arm in ARMS if arm.startswith("two Gaussians"))
    one = symptoms.one_run(arm, 0, 1)
    assert set(one) == {*symptoms.SYMPTOMS, "modes"}
    assert one == symptoms.one_run(arm, 0, 1)
    assert symptoms.steps_of(arm, 1000) == 5000
