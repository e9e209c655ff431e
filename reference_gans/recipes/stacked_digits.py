"""How many of a thousand modes come out? Stacked MNIST with a whole discriminator, a half and a quarter of one."""

from dataclasses import replace
from functools import partial

from reference_gans import networks
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

RECIPES = tuple(
    made
    for recipe in (STACKED, SHORT)
    for made in (
        recipe,
        _share_of_discriminator(recipe, "half", 1 / 2),
        _share_of_discriminator(recipe, "quarter", 1 / 4),
    )
)
