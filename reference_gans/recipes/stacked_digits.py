"""How many of a thousand modes come out? Stacked MNIST with a whole discriminator, a half and a quarter of one."""

from dataclasses import replace
from functools import partial

from reference_gans import networks
from reference_gans.cures.pac_gan import PacGan
from reference_gans.cures.r1 import R1
from reference_gans.cures.r2 import R2
from reference_gans.objectives import RELATIVISTIC
from reference_gans.recipes._base import Recipe

STACKED = Recipe(
    name="stacked_mnist",
    shows="Not measured: 500,000 steps, made for --device. A test of small discriminators; here it is whole.",
    verdict=None,
    data="stacked_digits",
    latent=256,
    generator=networks.stack_generator,
    discriminator=networks.stack_discriminator,
    steps=500_000,
    batch=128,
    g_lr=1e-4,
    d_lr=2e-4,
    long=True,
)


def _share_of_discriminator(recipe: Recipe, word: str, share: float) -> Recipe:
    return replace(
        recipe,
        name=f"{recipe.name}_{word}",
        shows=f"Not measured. The same with a {word} of the discriminator's channels.",
        discriminator=partial(networks.stack_discriminator, share=share),
    )


SHORT = replace(
    STACKED,
    name="stacked_mnist_short",
    shows="Not measured. The same networks for two cores: fewer steps, higher rates.",
    steps=1500,
    batch=64,
    g_lr=1e-3,
    d_lr=1e-3,
    long=False,
)

QUICK = replace(
    STACKED,
    name="stacked_mnist_quick",
    shows="Nearly all of the thousand modes within a quarter of an hour: relativistic game, two slope penalties, a "
    "discriminator of linear layers, an average of the generator.",
    latent=32,
    generator=networks.quick_stack_generator,
    discriminator=networks.quick_stack_discriminator,
    steps=5000,
    game=RELATIVISTIC,
    cures=(R1(0.375), R2(0.375)),
    batch=64,
    g_lr=3e-3,
    d_lr=3e-3,
    betas=(0.0, 0.99),
    decay_from=0.5,
    memory=0.998,
    judged="ema",
    long=True,
)
"""The training of ``mnist_dcgan_healthy`` for three colours. Modes, over seeds: docs/studies/stacked_modes.md."""

QUICK_HALF, QUICK_QUARTER = (
    replace(
        QUICK,
        name=f"stacked_mnist_quick_{word}",
        shows=f"Fewer of the thousand modes: the same with a {word} of the discriminator's widths.",
        discriminator=partial(networks.quick_stack_discriminator, share=share),
    )
    for word, share in (("half", 1 / 2), ("quarter", 1 / 4))
)
"""One seed of each so far: docs/studies/stacked_modes.md."""

QUICK_PAIRS = replace(
    QUICK_QUARTER,
    name="stacked_mnist_quick_quarter_pairs",
    shows="Fewer still: the quarter of a discriminator, which judges two pictures at once (PacGAN).",
    cures=(R1(0.375), R2(0.375), PacGan(2)),
)

SHARED = tuple(
    made
    for recipe in (STACKED, SHORT)
    for made in (
        recipe,
        _share_of_discriminator(recipe, "half", 1 / 2),
        _share_of_discriminator(recipe, "quarter", 1 / 4),
    )
)

RECIPES = (*SHARED, QUICK, QUICK_HALF, QUICK_QUARTER, QUICK_PAIRS)
