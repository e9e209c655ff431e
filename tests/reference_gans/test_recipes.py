"""Recipes: complete, frozen, buildable, and pushed when they say."""

import dataclasses
import subprocess
import sys

import pytest
import torch

from reference_gans.recipes import RECIPES, build
from reference_gans.trainer import train

every_recipe = pytest.mark.parametrize("recipe", RECIPES.values(), ids=RECIPES.keys())


@every_recipe
def test_builds_and_takes_a_step(recipe):
    run = train(build(recipe, 0), steps=1)
    with torch.no_grad():
        samples = run.judged.eval()(torch.zeros(4, run.latent))
    assert samples.shape[1:] == run.real.shape[1:]
    assert torch.isfinite(torch.tensor([run.d_loss, run.g_loss])).all()
    assert run.judged is (run.average if recipe.judged == "ema" else run.generator)


@every_recipe
def test_is_frozen_and_says_what_it_shows(recipe):
    assert recipe.shows.endswith(".")
    with pytest.raises(dataclasses.FrozenInstanceError):
        recipe.steps = 1


@every_recipe
def test_a_push_lies_within_the_run(recipe):
    if recipe.push is None:
        assert recipe.push_step is None
    else:
        assert 0 < recipe.push_step < recipe.push.until <= recipe.steps


def test_the_seed_decides_the_networks_and_torchs_state_does_not():
    recipe = RECIPES["ring8_healthy"]
    first = build(recipe, 1).generator.state_dict()
    torch.randn(5)
    assert all(torch.equal(v, first[k]) for k, v in build(recipe, 1).generator.state_dict().items())
    assert not torch.equal(build(recipe, 2).generator.state_dict()["1.weight"], first["1.weight"])


def test_the_noise_fades_from_the_push_on():
    recipe = RECIPES["mnist_slides"]
    run = build(dataclasses.replace(recipe, batch=4), 0)
    run.step = recipe.push_step - 3
    gains = []
    train(run, steps=5, observers=[lambda run: gains.append(run.generator.get_buffer("0.gain").item())])
    assert gains == pytest.approx([1, 1, 0.9, 0.81, 0.729])


def test_healthy_and_collapsed_fives_differ_in_the_noise_alone():
    healthy, collapsed = RECIPES["five_healthy"], RECIPES["five_collapsed"]
    told = {name: getattr(healthy, name) for name in ("name", "shows", "verdict", "latent")}
    assert dataclasses.replace(collapsed, **told) == healthy


@pytest.mark.parametrize("seed", [0, 1])
def test_the_collapsed_mlp_draws_one_picture_for_every_noise(seed):
    run = train(build(RECIPES["mnist_mlp_collapsed"], seed), steps=60)
    rng = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        fake = run.generator(torch.randn(100, run.latent, generator=rng)).flatten(1)
    assert torch.pdist(fake).mean() < 0.05 * torch.pdist(run.real[:100].flatten(1)).mean()


def test_the_package_itself_loads_no_torch():
    code = "import sys, reference_gans; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
