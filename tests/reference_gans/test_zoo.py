"""The shipped generators load, are small, and are what they say."""

import json

import pytest
import torch

import collapse_metrics as cm
from reference_gans import zoo
from reference_gans.data import SOURCES
from reference_gans.studies import zoo as study


def draw(trained, n=600):
    z = torch.randn(n, trained.recipe.latent, generator=torch.Generator().manual_seed(1))
    return trained.generator(z)


def test_every_shipped_recipe_has_a_bundle_and_no_other():
    assert zoo.names() == sorted(study.SHIPPED)
    assert sum(file.stat().st_size for file in zoo.ZOO.glob("*.safetensors")) < zoo.MOST_BYTES


@pytest.mark.parametrize("name", sorted(study.SHIPPED))
def test_a_bundle_draws_what_it_drew_when_it_was_saved(name):
    trained = zoo.load(name)
    first, again = draw(trained), draw(zoo.load(name))
    assert torch.equal(first, again)
    assert torch.isfinite(first).all()
    assert not trained.generator.training
    assert trained.kind == study.SHIPPED[name]


@pytest.mark.parametrize("name", ["mnist_mlp_collapsed", "mnist_dcgan_healthy"])
def test_the_verdict_of_a_bundle_is_found_again_on_other_noise(name):
    trained = zoo.load(name)
    card = cm.score(fake=draw(trained, 1000), reference="mnist", value_range=(0, 1))
    assert str(card.verdict) == trained.verdict


def test_the_ring_is_whole_in_the_healthy_bundle_and_a_point_in_the_collapsed_one():
    centres = SOURCES["ring"](None).centres
    modes = {
        name: len(torch.cdist(draw(zoo.load(name)), centres).argmin(dim=1).unique())
        for name in ("ring8_healthy", "ring8_collapsed")
    }
    assert modes == {"ring8_healthy": 8, "ring8_collapsed": 1}


def test_an_unknown_name_is_told_which_there_are():
    with pytest.raises(ValueError, match=r"ring8_healthy.*'ring9'"):
        zoo.load("ring9")


@pytest.mark.slow
def test_a_quick_try_trains_saves_and_tabulates(tmp_path):
    study.main(quick=True, out=tmp_path)
    rows = json.loads((tmp_path / "zoo.json").read_text())
    assert [row["steps"] for row in rows] == [20, 20]
    page = (tmp_path / "zoo.md").read_text()
    assert "| `ring8_collapsed` | collapsed: one of eight Gaussians |" in page
    assert {file.name for file in tmp_path.glob("*.safetensors")} == {
        "ring8_healthy.safetensors",
        "ring8_collapsed.safetensors",
    }
