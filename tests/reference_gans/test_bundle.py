"""Bundles: a run that was cut off goes on bit for bit."""

from dataclasses import replace

import pytest
import torch

from reference_gans.bundle import load, save
from reference_gans.cures.historical_averaging import HistoricalAveraging
from reference_gans.cures.instance_noise import InstanceNoise
from reference_gans.cures.label_flipping import LabelFlipping
from reference_gans.cures.pac_gan import PacGan
from reference_gans.cures.r1 import R1
from reference_gans.cures.spectral_norm import SpectralNorm
from reference_gans.data import Digits
from reference_gans.objectives import HINGE
from reference_gans.recipes import RECIPES, build
from reference_gans.trainer import Push, train


def slow_down(run):
    run.g_lr *= 0.5


CURED = replace(
    RECIPES["ring8_healthy"],
    game=HINGE,
    cures=(InstanceNoise(), PacGan(), R1(), LabelFlipping(), HistoricalAveraging(), SpectralNorm()),
    batch=16,
    steps=20,
    d_steps=2,
    memory=0.9,
    decay_from=0.5,
    push=Push(step=4, change=slow_down, until=5),
)
DIGITS = replace(RECIPES["mnist_dcgan_healthy"], batch=16, steps=7)


def started(recipe, seed):
    run = build(recipe, seed)
    if recipe is DIGITS:  # so few of them that an epoch is four batches
        run.data = Digits(run.data.real[:70], run.data.labels[:70])
    return run


def everything(run):
    """Every number that a run holds, by name."""
    held = {"rng": run.rng.get_state(), **run.kept}
    for part in ("generator", "discriminator", "average"):
        held |= {f"{part}.{name}": value for name, value in getattr(run, part).state_dict().items()}
    for part in ("g_optimizer", "d_optimizer"):
        for i, moments in getattr(run, part).state_dict()["state"].items():
            held |= {f"{part}.{i}.{name}": value for name, value in moments.items()}
    numbers = ("step", "d_loss", "g_loss", "g_lr", "d_lr")
    return held | {name: torch.tensor(getattr(run, name), dtype=torch.float64) for name in numbers}


@pytest.mark.parametrize(("recipe", "cut"), [(CURED, 9), (DIGITS, 3)], ids=["cured ring", "digits in mid-epoch"])
def test_a_resumed_run_is_the_uninterrupted_run(recipe, cut, tmp_path):
    whole = everything(train(started(recipe, 3)))
    save(train(started(recipe, 3), steps=cut), tmp_path / "run.pt")
    resumed = everything(train(load(tmp_path / "run.pt", started(recipe, seed=99))))
    assert resumed.keys() == whole.keys()
    for key, value in whole.items():
        assert torch.equal(resumed[key], value), key


@pytest.mark.parametrize("name", ["mnist_first_dropout", "mnist_first_fading_noise"])
def test_chance_in_a_layer_and_labels_that_fade_go_on_too(name, tmp_path):
    recipe = replace(RECIPES[name], steps=8)
    whole = train(build(recipe, 1))
    save(train(build(recipe, 1), 3), tmp_path / "bundle")
    resumed = train(load(tmp_path / "bundle", build(recipe, 9)))
    assert resumed.step == whole.step == 8
    for part in ("generator", "discriminator"):
        states = [getattr(run, part).state_dict().values() for run in (whole, resumed)]
        assert all(torch.equal(mine, theirs) for mine, theirs in zip(*states, strict=True))


def test_saving_changes_nothing(tmp_path):
    plain = everything(train(build(CURED, 0)))
    saved = everything(train(build(CURED, 0), observers=[lambda run: save(run, tmp_path / "run.pt")]))
    assert all(torch.equal(saved[key], value) for key, value in plain.items())
    assert [path.name for path in tmp_path.iterdir()] == ["run.pt"]


def test_what_is_judged_is_restored_with_the_rest(tmp_path):
    recipe = replace(CURED, judged="ema")
    run = train(build(recipe, 0), steps=3)
    save(run, tmp_path / "run.pt")
    again, z = load(tmp_path / "run.pt", build(recipe, 1)), torch.zeros(4, 2)
    assert again.judged is again.average
    assert torch.equal(again.judged(z), run.judged(z))


def test_a_bundle_of_another_run_is_refused_before_anything_is_changed(tmp_path):
    save(build(CURED, 0), tmp_path / "run.pt")
    other = build(replace(CURED, cures=CURED.cures[1:], memory=None), 1)
    before = [p.clone() for p in other.generator.parameters()]
    with pytest.raises(ValueError, match=r"same recipe is needed, but the bundle has cures '\(InstanceNoise.*average"):
        load(tmp_path / "run.pt", other)
    assert all(torch.equal(a, b) for a, b in zip(before, other.generator.parameters(), strict=True))


def test_a_bundle_of_another_format_is_refused(tmp_path):
    torch.save({"format": 0}, tmp_path / "run.pt")
    with pytest.raises(ValueError, match="format 1 is needed, got 0"):
        load(tmp_path / "run.pt", build(CURED, 0))


def test_a_bundle_that_could_run_code_is_not_read(tmp_path):
    torch.save({"format": 1, "plays": slow_down}, tmp_path / "run.pt")
    with pytest.raises(Exception, match="Weights only load failed"):
        load(tmp_path / "run.pt", build(CURED, 0))
