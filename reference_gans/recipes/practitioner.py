"""Why does my first GAN always draw the same picture? A practitioner's three GANs, and every fix that was tried."""

from dataclasses import replace
from functools import partial

from torch import Tensor

from reference_gans import networks
from reference_gans.cures.r1 import R1
from reference_gans.fading_noise import FadingNoise
from reference_gans.labels import labelled, squared_error
from reference_gans.networks import Layers
from reference_gans.noise import constant, normal, uniform
from reference_gans.objectives import NON_SATURATING, SQUARED_ERROR, Game
from reference_gans.recipes import _checks
from reference_gans.recipes._base import Recipe, adam, sgd


def _d_product(real: Tensor, fake: Tensor) -> Tensor:
    return fake.mean() - real.mean()


def _g_product(real: Tensor, fake: Tensor) -> Tensor:
    return -fake.mean()


PRODUCT = Game("product", _d_product, _g_product)
"""Bare logits: with a parameter a side and the real sample 0, one player lowers ``rise * at``, the other raises it."""

ONE_PARAMETER_CIRCLES = Recipe(
    name="one_parameter_circles",
    shows="Two numbers that chase each other round the balance and never arrive.",
    verdict=None,
    check=_checks.CIRCLES,
    data="point",
    latent=1,
    generator=networks.position,
    discriminator=networks.slope,
    steps=2000,
    game=PRODUCT,
    optimizer=sgd,
    batch=1,
    g_lr=0.1,
    d_lr=0.1,
)
"""The real sample is 0, the generator says ``at``, the discriminator's logit is ``rise * x``; balance is (0, 0).

Three seeds: after 2,000 steps, some thirty rounds, as far from it as they began, to .05. With the log loss the
circles do shrink, slowly: .20 after 2,000 steps in the same three seeds.
"""

ONE_PARAMETER_SETTLES = replace(
    ONE_PARAMETER_CIRCLES,
    name="one_parameter_settles",
    shows="The same two numbers arrive: a penalty on the discriminator's slope brakes the chase.",
    check=_checks.SETTLES,
    cures=(R1(1.0),),
)

PATTERN_1010 = Recipe(
    name="pattern_1010",
    shows="The pattern 1010 after some 10,000 rows: always the same row, for its input is constant.",
    verdict=None,
    check=_checks.PATTERN_DRAWN,
    data="pattern_1010",
    latent=1,
    noise=constant,
    generator=networks.pattern_generator,
    discriminator=networks.pattern_discriminator,
    steps=10_000,
    game=SQUARED_ERROR,
    optimizer=sgd,
    batch=1,
    g_lr=0.01,
    d_lr=0.01,
)

FIRST_ATTEMPT = Recipe(
    name="mnist_first_attempt",
    shows="One picture for every noise: sigmoids, squared errors, one number as noise, one digit a step.",
    verdict=None,
    check=_checks.SAME_PICTURE,
    data="digits",
    latent=1,
    noise=uniform,
    generator=networks.picture_generator,
    discriminator=networks.picture_discriminator,
    steps=60_000,
    game=SQUARED_ERROR,
    optimizer=sgd,
    batch=1,
    g_lr=0.01,
    d_lr=0.01,
)

_MENDED = Layers(slope=0.02, norm="layer")

IMPROVED = replace(
    FIRST_ATTEMPT,
    name="mnist_improved",
    shows="Different pictures for different noise: leaky units, layer norm, log loss, Adam, a hundred inputs.",
    check=_checks.DIFFERENT_PICTURES,
    latent=100,
    noise=normal,
    generator=partial(networks.picture_generator, layers=_MENDED),
    discriminator=partial(networks.picture_discriminator, layers=_MENDED),
    steps=240_000,
    game=NON_SATURATING,
    optimizer=adam,
    g_lr=1e-4,
    d_lr=1e-4,
    betas=(0.9, 0.999),
    long=True,
)

IMPROVED_BATCHED = replace(
    IMPROVED,
    name="mnist_improved_batched",
    shows="Different pictures for different noise: the improved networks in a tenth of the time, 32 digits a step.",
    steps=2400,
    batch=32,
    g_lr=5e-4,
    d_lr=5e-4,
    betas=(0.5, 0.999),
    long=False,
)

_SHORT = replace(FIRST_ATTEMPT, steps=6000)


def _layers(name: str, tried: str, layers: Layers, batch: int = 1) -> Recipe:
    """The first attempt with other layers on both sides; only a generator cannot pool."""
    return replace(
        _SHORT,
        name=f"mnist_first_{name}",
        shows=tried,
        generator=partial(networks.picture_generator, layers=replace(layers, pool=1)),
        discriminator=partial(networks.picture_discriminator, layers=layers),
        batch=batch,
    )


UNMEASURED = "Not measured over seeds: whether it is still one picture for every noise. The first attempt with "

TRIED = (
    _layers(
        "batch_norm", UNMEASURED + "batch norm, which needs more than one digit a step.", Layers(norm="batch"), batch=32
    ),
    _layers("pooling", UNMEASURED + "pooled pixels.", Layers(pool=2)),
    _layers("dropout", UNMEASURED + "dropout.", Layers(dropout=0.3)),
    _layers("wide", UNMEASURED + "four times the width.", Layers(widths=(800,))),
    _layers("narrow", UNMEASURED + "a quarter of the width.", Layers(widths=(50,))),
    _layers("deep", UNMEASURED + "three hidden layers.", Layers(widths=(200, 200, 200))),
    replace(
        _SHORT,
        name="mnist_first_soft_labels",
        shows=UNMEASURED + "labels .9 and .1.",
        game=labelled(0.9, 0.1, squared_error),
    ),
    replace(
        _SHORT,
        name="mnist_first_fading_noise",
        shows=UNMEASURED + "noise on inputs and labels that fades.",
        every_step=FadingNoise(inputs=0.3, labels=0.3, error=squared_error),
    ),
    replace(_SHORT, name="mnist_first_fast", shows=UNMEASURED + "ten times the rates.", g_lr=0.1, d_lr=0.1),
    replace(_SHORT, name="mnist_first_slow", shows=UNMEASURED + "a tenth of the rates.", g_lr=0.001, d_lr=0.001),
    replace(_SHORT, name="mnist_first_short", shows=UNMEASURED + "a tenth of the training."),
    replace(FIRST_ATTEMPT, name="mnist_first_longer", shows=UNMEASURED + "four epochs.", steps=240_000, long=True),
)
"""What the question says was tried without success, each alone, at a tenth of the training."""

RECIPES = (
    ONE_PARAMETER_CIRCLES,
    ONE_PARAMETER_SETTLES,
    PATTERN_1010,
    FIRST_ATTEMPT,
    IMPROVED,
    IMPROVED_BATCHED,
    *TRIED,
)
