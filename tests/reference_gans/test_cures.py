"""Cures: what is asked of all of them; R1 and R2 on cases with a known answer."""

from dataclasses import fields, replace
from importlib import import_module
from pkgutil import iter_modules

import pytest
import torch
from torch import nn

from reference_gans import cures
from reference_gans.cures._base import Cure
from reference_gans.cures.diff_augment import DiffAugment
from reference_gans.cures.dragan import Dragan
from reference_gans.cures.feature_matching import FeatureMatching
from reference_gans.cures.gradient_penalty import GradientPenalty
from reference_gans.cures.historical_averaging import HistoricalAveraging
from reference_gans.cures.instance_noise import InstanceNoise
from reference_gans.cures.label_flipping import LabelFlipping
from reference_gans.cures.label_smoothing import LabelSmoothing
from reference_gans.cures.minibatch_discrimination import MinibatchDiscrimination
from reference_gans.cures.minibatch_stddev import MinibatchStddev
from reference_gans.cures.mode_seeking import ModeSeeking
from reference_gans.cures.pac_gan import PacGan
from reference_gans.cures.r1 import R1
from reference_gans.cures.r2 import R2
from reference_gans.cures.spectral_norm import SpectralNorm
from reference_gans.cures.unrolled import Unrolled
from reference_gans.cures.weight_clipping import WeightClipping
from reference_gans.objectives import HINGE, NON_SATURATING, RELATIVISTIC, WASSERSTEIN
from reference_gans.recipes import RECIPES, build
from reference_gans.trainer import train

for _module in iter_modules(cures.__path__):
    import_module(f"reference_gans.cures.{_module.name}")

EVERY = [cure for cure in Cure.__subclasses__() if cure.__module__.startswith("reference_gans.")]
RING = replace(RECIPES["ring8_healthy"], batch=16, steps=6, cures=(), game=NON_SATURATING)
COMBINED = {
    "wgan": (WASSERSTEIN, (WeightClipping(),)),
    "wgan-gp": (WASSERSTEIN, (GradientPenalty(),)),
    "sn-gan": (HINGE, (SpectralNorm(),)),
    "packed r3gan": (RELATIVISTIC, (PacGan(), R1(), R2())),
    "packed wgan-gp": (WASSERSTEIN, (PacGan(4), GradientPenalty())),
    "unrolled r3gan": (RELATIVISTIC, (R1(), R2(), Unrolled(k=2))),
    "unrolled sn-gan": (HINGE, (InstanceNoise(), SpectralNorm(), Unrolled(k=2))),
    "all that add features": (
        RELATIVISTIC,
        (PacGan(), MinibatchDiscrimination(), MinibatchStddev(), FeatureMatching(), SpectralNorm()),
    ),
    "slopes of groups": (RELATIVISTIC, (MinibatchStddev(5), MinibatchDiscrimination(8, 2), R1(), R2())),
    "labels": (NON_SATURATING, (LabelSmoothing(), LabelFlipping(), InstanceNoise(), Dragan())),
    "penalties of the generator": (RELATIVISTIC, (ModeSeeking(), HistoricalAveraging(), LabelFlipping())),
}


def weights(run):
    return torch.cat([p.detach().flatten() for net in (run.generator, run.discriminator) for p in net.parameters()])


@pytest.mark.parametrize("cure", [c for c in EVERY if c is not DiffAugment])
def test_every_cure_takes_part_and_depends_on_the_seed_alone(cure):
    recipe = replace(RING, cures=(cure(),))
    before = torch.random.get_rng_state()
    first = train(build(recipe, 0))
    assert torch.equal(torch.random.get_rng_state(), before)
    torch.rand(100)
    assert torch.equal(weights(train(build(recipe, 0))), weights(first))
    assert torch.isfinite(weights(first)).all()
    plain = weights(train(build(RING, 0)))
    assert weights(first).shape != plain.shape or not torch.equal(weights(first), plain)


@pytest.mark.parametrize("name", COMBINED)
def test_cures_that_are_taken_together_get_on(name):
    game, together = COMBINED[name]
    run = train(build(replace(RING, game=game, cures=together, d_steps=2), 0))
    assert torch.isfinite(weights(run)).all()


def test_augmentation_takes_part_where_there_are_pictures():
    recipe = replace(RECIPES["mnist_mlp_collapsed"], steps=2, cures=(DiffAugment(),))
    assert torch.isfinite(weights(train(build(recipe, 0)))).all()


@pytest.mark.parametrize("cure", EVERY)
def test_every_cure_is_final_frozen_and_one_file_that_asks_a_question(cure):
    assert cure.__final__
    assert cure() == cure()
    assert hash(cure()) == hash(cure())
    assert all(getattr(cure(), field.name) == field.default for field in fields(cure))
    assert import_module(cure.__module__).__doc__.splitlines()[0].endswith("?")
    assert "https://" in cure.__doc__


@pytest.mark.parametrize("cure", [R1(gamma=2.0), R2(gamma=2.0)])
def test_a_linear_discriminator_has_a_known_penalty(cure, rng):
    d = nn.Linear(3, 1)
    x = torch.randn(5, 3, generator=rng)
    assert cure.d_penalty(d, x, x, None).item() == pytest.approx(d.weight.square().sum().item())


def test_r1_looks_at_the_real_and_r2_at_the_fake():
    def bowl(x):  # the slope at x is x itself
        return x.square().sum(dim=1) / 2

    real, fake = torch.full((2, 3), 1.0), torch.full((2, 3), 2.0)
    assert R1(gamma=1.0).d_penalty(bowl, real, fake, None).item() == pytest.approx(3 / 2)
    assert R2(gamma=1.0).d_penalty(bowl, real, fake, None).item() == pytest.approx(12 / 2)


def test_penalty_flattens_the_discriminator(rng):
    d = nn.Linear(3, 1)
    R1(gamma=2.0).d_penalty(d, torch.randn(5, 3, generator=rng), torch.zeros(5, 3), None).backward()
    assert torch.allclose(d.weight.grad, 2 * d.weight)


def test_a_cure_that_overrides_nothing_changes_nothing(rng):
    none, d, x = Cure(), nn.Linear(3, 1), torch.randn(5, 3, generator=rng)
    assert none.discriminator(d) is d
    assert none.seen(x, None) is x
    assert all(label is x for label in none.labels(x, x, None))
    assert none.d_penalty(d, x, x, None).item() == 0
    assert none.g_penalty(d, x, x, x, None).item() == 0
    assert none.game(NON_SATURATING) is NON_SATURATING
    assert none.opponent(d, x, x, None) is d
