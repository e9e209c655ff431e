"""Does a full DCGAN collapse, and do flipped labels help? A student's project, at its size and at one for two cores."""

from collections.abc import Callable
from dataclasses import replace
from functools import partial

from torch import nn

from reference_gans import networks
from reference_gans.labels import flipped
from reference_gans.recipes import _checks
from reference_gans.recipes._base import Recipe

STEPS_OF_70_EPOCHS = 70 * (60_000 // 64)


def _generator(size: int, width: int, slope: float = 0.0) -> Callable[[int], nn.Module]:
    return partial(networks.student_generator, size=size, width=width, slope=slope)


def _discriminator(size: int, width: int) -> Callable[[], nn.Module]:
    return partial(networks.student_discriminator, size=size, width=width)


FULL = Recipe(
    name="student_dcgan",
    shows="Not measured: days on one core, made for --device. Digits, from the networks of the report (ReLU).",
    verdict=None,
    check=_checks.DIFFERENT_PICTURES,
    data="digits_64",
    latent=100,
    generator=_generator(64, 64),
    discriminator=_discriminator(64, 64),
    steps=STEPS_OF_70_EPOCHS,
    g_lr=2e-4,
    d_lr=2e-4,
    long=True,
)

FULL_AS_CODED = replace(
    FULL,
    name="student_dcgan_as_coded",
    shows="Not measured, made for --device. As the code has it: LeakyReLU(True), whose slope is 1, so that the "
    "generator is linear between its batch norms.",
    generator=_generator(64, 64, slope=1.0),
)

FULL_FASHION = replace(
    FULL,
    name="student_dcgan_fashion",
    shows="Not measured, made for --device; needs --data-root. Clothes, from the networks of the report.",
    data="fashion_64",
)

SMALL = replace(
    FULL,
    name="student_dcgan_small",
    shows="Different digits, which its discriminator still tells from real ones: scaled to 32 x 32 and 8 filters.",
    data="digits_32",
    generator=_generator(32, 8),
    discriminator=_discriminator(32, 8),
    steps=1500,
    long=False,
)
"""A minute and a half on one core; 1,500 steps are an epoch and a half of MNIST, or 19 of the packaged 5,000 digits.

Seeds 0 to 2 on the latter: pictures lie .57, .65 and .86 times as far apart as real ones, so that there is no collapse
to cure; after 600 steps .18, .42 and .55. Distances only, no verdict was asked for.
"""

SMALL_AS_CODED = replace(
    SMALL,
    name="student_dcgan_small_as_coded",
    shows="The small one with slope 1, a generator that is linear between its batch norms: digits still differ.",
    generator=_generator(32, 8, slope=1.0),
)

SMALL_FASHION = replace(
    SMALL,
    name="student_dcgan_small_fashion",
    shows="Not measured over seeds; needs --data-root. Clothes, at 32 x 32 and 8 filters.",
    data="fashion_32",
)


def with_flips(recipe: Recipe, percent: int, measured: str = "") -> Recipe:
    """The same run with so many per cent of the discriminator's labels swapped, rounded down in each batch."""
    return replace(
        recipe,
        name=f"{recipe.name}_flip_{percent:02d}",
        shows=f"{measured}{percent} % of the labels swapped, {int(percent / 100 * recipe.batch)} of a batch.",
        game=flipped(percent / 100),
    )


FLIPPED = tuple(with_flips(SMALL_AS_CODED, percent) for percent in (1, 5, 10, 15, 20))
"""Five seeds of each and no collapse, whatever the share: docs/studies/label_flipping.md."""

FULL_FLIPPED = tuple(with_flips(FULL_AS_CODED, percent, "Not measured. ") for percent in (1, 5, 10, 15, 20))

RECIPES = (FULL, FULL_AS_CODED, FULL_FASHION, *FULL_FLIPPED, SMALL, SMALL_AS_CODED, SMALL_FASHION, *FLIPPED)
