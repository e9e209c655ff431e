"""How does a mode collapse look like? The recipes of a note: forty augmented fives, and two sizes of noise."""

from dataclasses import replace
from functools import partial

from reference_gans import networks
from reference_gans.cures.r1 import R1
from reference_gans.cures.r2 import R2
from reference_gans.objectives import RELATIVISTIC
from reference_gans.recipes._base import Recipe

FIVE_HEALTHY = Recipe(
    name="five_healthy",
    shows="Nearly all of the forty fives, freshly turned and scaled: 128 dimensions of noise.",
    verdict="healthy",
    of_ten=9,
    data="fives",
    latent=128,
    generator=partial(networks.conv_generator, norm=False),
    discriminator=networks.mlp_discriminator,
    steps=1000,
    game=RELATIVISTIC,
    cures=(R1(0.1), R2(0.1)),
    batch=40,
    betas=(0.0, 0.99),
    decay_from=0.5,
)

FIVE_COLLAPSED = replace(
    FIVE_HEALTHY,
    name="five_collapsed",
    shows="A quarter of the forty fives: one dimension of noise is a line, and no line passes all of them.",
    verdict="partial_collapse",
    of_ten=9,
    latent=1,
)
"""The two differ in nothing but the noise. Two seeds each, nearest of the forty for each of 2,000 samples:
128 dimensions reach 38-40 (34-35 of them with .5 % of the samples or more), one dimension reaches 9-10.
"""

AS_NOTED = Recipe(
    name="five_as_noted",
    shows="The note's healthy run: plain log loss, no cure, 128 dimensions of noise, tutorials' upsampling generator.",
    verdict=None,
    data="fives",
    latent=128,
    generator=networks.upsampling_generator,
    discriminator=networks.conv_discriminator,
    steps=700,
    batch=40,
    g_lr=2e-4,
    d_lr=2e-4,
)

AS_NOTED_COLLAPSED = replace(
    AS_NOTED,
    name="five_as_noted_latent_1",
    shows="The note's collapsed run: the same with one dimension of noise.",
    latent=1,
)
"""The note gives data, latent sizes and epochs (100, read as 700 batches of 40); networks and rates are those of
tutorials. Over seeds: docs/studies/latent_size.md.
"""

TRANSPOSED = replace(
    AS_NOTED,
    name="five_as_noted_transposed",
    shows="One to three of the forty fives although the noise has 128 dimensions: the note's run with transposed "
    "convolutions instead of upsampling.",
    generator=partial(networks.conv_generator, norm=False),
)

TRANSPOSED_COLLAPSED = replace(
    TRANSPOSED,
    name="five_as_noted_transposed_latent_1",
    shows="Two to seven of the forty fives: the same with one dimension of noise.",
    latent=1,
)
"""Twenty seeds each: docs/studies/latent_size.md."""

RECIPES = (FIVE_HEALTHY, FIVE_COLLAPSED, AS_NOTED, AS_NOTED_COLLAPSED, TRANSPOSED, TRANSPOSED_COLLAPSED)
