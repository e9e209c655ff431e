"""What defines a run? Everything but its seed, with what it must show."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import torch
from torch import nn
from torch.optim import Optimizer

from reference_gans.cures._base import Cure
from reference_gans.data import SOURCES, OnDevice
from reference_gans.noise import Draw, Moved, normal
from reference_gans.objectives import NON_SATURATING, Game
from reference_gans.recipes._checks import Check
from reference_gans.trainer import Push, Run, average_of

MakeOptimizer = Callable[[Iterable[nn.Parameter], float, tuple[float, float]], Optimizer]
"""Parameters, rate, Adam's memories -> the optimizer."""


def adam(parameters: Iterable[nn.Parameter], lr: float, betas: tuple[float, float]) -> Optimizer:
    """Adam."""
    return torch.optim.Adam(parameters, lr=lr, betas=betas)


def sgd(parameters: Iterable[nn.Parameter], lr: float, betas: tuple[float, float]) -> Optimizer:
    """Plain gradient descent, which remembers nothing."""
    return torch.optim.SGD(parameters, lr=lr)


@dataclass(frozen=True)
class Recipe:
    """Everything that defines one run but its seed, and what the run must show.

    Args:
        name: As on the command line.
        shows: What comes out, seed after seed, and why.
        verdict: The word that a monitor has to end with; ``None`` where no word is promised.
        data: A key of ``data.SOURCES``.
        latent: Dimensions of the noise.
        generator: Latent size -> network.
        discriminator: -> network.
        steps: Generator steps.
        game: Who minimises what.
        cures: What is done against collapse.
        batch: Samples of each kind in a step.
        d_steps: Discriminator steps whenever it moves, each on fresh samples.
        g_steps: Generator steps from one move of the discriminator to the next.
        g_lr: Rate of the generator.
        d_lr: Rate of the discriminator. Two rates that differ are TTUR.
        betas: Adam's memories, for both.
        decay_from: From this share of the run on, both rates fall in a straight line to 1 %.
        memory: Of the running average of the generator's weights; ``None`` keeps none.
        judged: Which of the two the verdict is about: the generator itself or its running average.
        push: What is changed on the way, and when.
        noise: What the generator hears.
        optimizer: What makes both optimizers.
        d_betas: Adam's memories for the discriminator, where they differ.
        every_step: A change made before every step, such as noise that fades; not beside a push.
        check: What has to be seen at the end, where no reference can say it, or beside the verdict.
        of_ten: So many of the seeds 0 to 9 show it at least, by the stored table; ``None`` is not measured yet.
        long: Takes more than a few minutes on one core, so that tables of all recipes leave it out.
    """

    name: str
    shows: str
    verdict: Literal["healthy", "partial_collapse", "collapse", "broken"] | None
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
    noise: Draw = normal
    optimizer: MakeOptimizer = adam
    d_betas: tuple[float, float] | None = None
    every_step: Callable[[Run], None] | None = None
    check: Check | None = None
    of_ten: int | None = None
    long: bool = False

    @property
    def push_step(self) -> int | None:
        """The step at which a healthy run is pushed into collapse, if it is."""
        return self.push.step if self.push else None

    @property
    def promised(self) -> str:
        """The promise in a word or two: the verdict, the name of the check, or that there is none yet."""
        words: list[str] = [self.verdict] if self.verdict else []
        words += [self.check.name] if self.check else []
        return ", ".join(words) or "nothing yet"


def build(recipe: Recipe, seed: int = 0, data_root: Path | None = None, *, device: str | torch.device = "cpu") -> Run:
    """Make the networks, optimizers and data of a run; torch's own random state is left alone.

    All chance is drawn on the CPU, so a seed means the same start, data order and noise on every device.
    """
    device = torch.device(device)
    with torch.random.fork_rng(devices=[]):
        torch.default_generator.manual_seed(seed)  # torch.manual_seed would also seed the GPUs, for good
        generator, discriminator = recipe.generator(recipe.latent), recipe.discriminator()
        for cure in recipe.cures:  # a cure may add layers, so it draws from the same seeded chance
            discriminator = cure.discriminator(discriminator)
    game = recipe.game
    for cure in recipe.cures:
        game = cure.game(game)
    generator, discriminator = generator.to(device), discriminator.to(device)
    average = average_of(generator) if recipe.memory is not None else None
    data, draw = SOURCES[recipe.data](data_root), recipe.noise
    if device.type != "cpu":
        data, draw = OnDevice(data, device), Moved(draw, device)
    return Run(
        generator=generator,
        discriminator=discriminator,
        g_optimizer=recipe.optimizer(generator.parameters(), recipe.g_lr, recipe.betas),
        d_optimizer=recipe.optimizer(discriminator.parameters(), recipe.d_lr, recipe.d_betas or recipe.betas),
        data=data,
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
        push=_push(recipe),
        judged=average if recipe.judged == "ema" and average is not None else generator,
        draw=draw,
    )


def _push(recipe: Recipe) -> Push | None:
    if recipe.every_step is None:
        return recipe.push
    if recipe.push is not None:
        raise ValueError(f"{recipe.name!r} needs `push` or `every_step`, got both: leave one out.")
    return Push(step=1, change=recipe.every_step, until=recipe.steps)
