"""The study of the Wasserstein loss: the exact distance is exact, and a critic never says more than its steepness."""

import json

import numpy as np
import pytest
import torch
from scipy import stats

from reference_gans.studies import wasserstein
from reference_gans.studies._runs import Runs


def test_the_distance_of_two_samples_of_the_line_is_that_of_their_sorted_values(rng):
    x, y = torch.randn(60, 1, generator=rng), 2 * torch.randn(60, 1, generator=rng) + 1
    line = stats.wasserstein_distance(x[:, 0].numpy(), y[:, 0].numpy())
    assert wasserstein.exact_distance(x, y) == pytest.approx(line, rel=1e-6)


def test_a_shift_costs_its_length_in_the_plane(rng):
    x = torch.randn(40, 2, generator=rng)
    assert wasserstein.exact_distance(x, x[torch.randperm(40, generator=rng)] + torch.tensor([3.0, 4.0])) == (
        pytest.approx(5, abs=1e-6)
    )


def test_the_steepness_of_a_plane_is_its_slope_along_the_line():
    x = torch.tensor([[0.0, 0], [1, 0], [3, 0], [3, 0]])
    assert wasserstein.steepness(x, 2 * x[:, 0] + 1) == pytest.approx(2)
    assert wasserstein.steepness(x, torch.tensor([0.0, 1, 6, 6])) == pytest.approx(2.5)


@pytest.mark.slow
def test_a_quick_try_keeps_within_the_theory(tmp_path):
    wasserstein.main(quick=True, out=tmp_path)
    runs = json.loads((tmp_path / "wasserstein.json").read_text())
    assert set(runs) == {f"{arm}/0" for arm in wasserstein.ARMS}
    for run in runs.values():
        # Kantorovich and Rubinstein: no critic separates the two samples by more than its steepness times the distance.
        assert (np.array(run["estimate"]) <= np.multiply(run["steepness"], run["exact"]) + 1e-5).all()
        assert len(run["exact"]) == 2
    page = (tmp_path / "wasserstein.md").read_text()
    assert page.count("| 1 |") == len(wasserstein.ARMS)
    assert "nan" not in page.partition("| critic |")[0]
    assert (tmp_path / "wasserstein.svg").read_text().count("<polyline") == 2 * len(wasserstein.ARMS)


def test_the_page_says_how_often_a_loss_was_negative():
    runs = Runs(wasserstein.one_run, None, 3)
    names = ("printed", "g_loss", "estimate", "steepness", "exact", "floor")
    numbers = ([-1, 1, -1, -2], [1, 1, 1, -1], [4, 3, 2, -1], [2, 2, 2, 2], [4, 3, 2, 1], [0.1] * 4)
    runs.outcomes = {"clipping at 0.1/0": {**dict(zip(names, numbers, strict=True)), "steps": 3}}
    row = next(line for line in wasserstein.page(runs) if line.startswith("| clipping at 0.1"))
    cells = [cell.strip() for cell in row.strip("|").split("|")]
    assert cells[4:] == ["1.00 to 1.00", "0.25 to 0.25, at most 0.50", "0.75 to 0.75", "0.25 to 0.25", "0.25 to 0.25"]
