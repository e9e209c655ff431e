"""The study of stacked digits: modes are counted right, and a quick try writes its page."""

import json
import math

import pytest
import torch

from reference_gans.studies import stacked_modes
from reference_gans.studies._runs import Runs


def test_only_accepted_samples_make_modes():
    called = torch.tensor([5, 5, 7, 999, 0])
    accepted = torch.tensor([True, True, False, True, False])
    seen = stacked_modes.of_calls(called, accepted)
    assert (seen["modes"], seen["modes_of_all"], seen["accepted"], seen["samples"]) == (2, 4, 0.6, 5)
    everywhere = stacked_modes.of_calls(called[:2].repeat(500), torch.ones(1000, dtype=torch.bool))
    assert everywhere["kl"] == pytest.approx(math.log(1000), abs=1e-3)  # one mode of a thousand
    assert stacked_modes.of_calls(called, torch.zeros(5, dtype=torch.bool))["kl"] is None


def test_even_modes_have_no_divergence():
    called = torch.arange(26_000) % 1000
    seen = stacked_modes.of_calls(called, torch.ones(26_000, dtype=torch.bool))
    assert seen["modes"] == 1000
    assert abs(seen["kl"]) < 0.03  # counts that are too even for chance lie a little below 0


def test_the_page_gives_ranges_over_seeds():
    runs = Runs(stacked_modes.one_run, None, 5000)
    row = {"modes": 900, "modes_of_all": 990, "accepted": 0.5, "kl": 0.2, "curve": [1, 2], "train_seconds": 60.0}
    runs.outcomes = {"half/0": row, "half/1": {**row, "modes": 950, "kl": None}, "quarter/0": row}
    page = "\n".join(stacked_modes.page(runs))
    assert (
        "| half | `stacked_mnist_quick_half` | 2 | 900 to 950 | 990 to 990 | 0.50 to 0.50 | 0.200 | 60 to 60 |" in page
    )
    assert "| quarter | `stacked_mnist_quick_quarter` | 1 | 900 |" in page


@pytest.mark.slow
def test_a_quick_try_writes_page_and_figure(tmp_path):
    stacked_modes.main(quick=True, out=tmp_path)
    assert len(json.loads((tmp_path / "stacked_modes.json").read_text())) == len(stacked_modes.ARMS)
    assert (tmp_path / "stacked_modes.svg").read_text().count("<polyline") == len(stacked_modes.ARMS)
