"""The study of the whole ring and grid: a perfect sampler passes, each defect fails by its own name."""

import json
from dataclasses import replace

import pytest
import torch
from torch import nn

from reference_gans.networks import Waves
from reference_gans.noise import Bits
from reference_gans.recipes import RECIPES, build
from reference_gans.studies import whole_mixtures
from reference_gans.studies._runs import Runs


class Sampler(nn.Module):
    """Draws from the ring itself, changed by ``bend``, whatever the latents are."""

    def __init__(self, run, bend):
        super().__init__()
        self.run, self.bend, self.weight = run, bend, nn.Parameter(torch.zeros(1))

    def forward(self, z):
        return self.bend(self.run.data, self.run.data.batch(len(z), torch.Generator().manual_seed(3)))


def judged(bend):
    run = build(RECIPES["ring8_whole"], 0)
    return whole_mixtures.judged(replace(run, judged=Sampler(run, bend)))


def shown(seen):
    return [holds(seen) for holds in whole_mixtures.PROMISES.values()]


def narrower(share):
    def bend(data, x):
        centre = data.centres[torch.cdist(x, data.centres).argmin(dim=1)]
        return centre + share * (x - centre)

    return bend


def without_a_mode(data, x):
    mode = torch.cdist(x, data.centres).argmin(dim=1)
    return x - data.centres[mode] + data.centres[mode.clamp(min=1)]


def with_a_bridge(data, x):
    return torch.cat([x[:-100], torch.linspace(-1, 1, 100)[:, None].expand(-1, 2)])


def test_a_perfect_sampler_shows_everything():
    seen = judged(lambda data, x: x)
    assert shown(seen) == [True] * 4
    assert whole_mixtures.perfect(seen)
    assert (seen["modes"], seen["of"]) == (8, 8)
    assert seen["width"] == pytest.approx(1, abs=0.03)


@pytest.mark.parametrize(("bend", "lost"), [(narrower(0.85), [1, 3]), (without_a_mode, [0, 2]), (with_a_bridge, [1])])
def test_each_defect_costs_its_own_promise(bend, lost):
    seen = judged(bend)
    assert [i for i, held in enumerate(shown(seen)) if not held] == lost
    assert not whole_mixtures.perfect(seen)


def test_the_page_counts_what_was_shown():
    runs = Runs(whole_mixtures.one_run, None, 0)
    good = {**judged(lambda data, x: x), "curve": [0.5, 0.9], "steps": 0, "cpu_seconds": 10.0}
    runs.outcomes = {"ring/0": good, "ring/1": {**good, "modes": 7, "cpu_seconds": 30.0}, "ring/2": good}
    page = "\n".join(whole_mixtures.page(runs))
    assert "| every mode | 2 of 3 (0.09 to 0.99) |" in page
    assert "| all four | 2 of 3 (0.09 to 0.99) |" in page
    assert "| ring, `ring8_whole` | 3 | 7 to 8 of 8 |" in page
    assert "| 10 (30) |" in page
    assert "Why not nearer" not in page
    runs.outcomes["ring, 2.5 times as long/0"] = good
    assert "| ring, 2.5 times as long | 1 | 8 of 8 |" in "\n".join(whole_mixtures.page(runs))


def test_a_quick_try_writes_page_and_figure(tmp_path):
    whole_mixtures.main(quick=True, out=tmp_path)
    assert set(json.loads((tmp_path / "whole_mixtures.json").read_text())) == {
        f"{arm}/0" for arm in ("ring", "grid", *whole_mixtures.NEARER)
    }
    assert (tmp_path / "whole_mixtures.svg").read_text().count("<polyline") == 2


def test_coins_are_fair_and_normal_numbers_follow():
    z = Bits(3)(4000, 5, torch.Generator().manual_seed(0))
    assert z.shape == (4000, 5)
    assert set(z[:, :3].unique().tolist()) == {-1.0, 1.0}
    # 4,000 tosses: more than .09 away from 0 on average has probability below 1e-7 for each of five inputs
    assert z.mean(dim=0).abs().max() < 0.09
    assert z[:, 3:].std() == pytest.approx(1, abs=0.05)
    with pytest.raises(ValueError, match="latent of 6 inputs or more"):
        Bits(6)(10, 5, torch.Generator())


def test_waves_double_their_frequency():
    x = torch.tensor([[0.5, -1.0]])
    seen = Waves(2)(x)
    expected = torch.cat([x, x.sin(), x.cos(), (2 * x).sin(), (2 * x).cos()], dim=1)
    assert torch.equal(seen, expected)
