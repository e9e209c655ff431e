"""How is a GAN trained? Read this file first: games and cures only plug into it."""

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.func import functional_call
from torch.optim import Optimizer

from reference_gans.cures._base import Cure, Judge, Weights
from reference_gans.data import Data
from reference_gans.noise import Draw, normal
from reference_gans.objectives import Game


@dataclass(frozen=True)
class Push:
    """What turns a healthy run into a collapsing one: a change made at every step from one to another."""

    step: int
    change: Callable[["Run"], None]
    until: int


@dataclass
class Run:
    """Everything about one training that is under way. Observers read it; only ``train`` changes it."""

    generator: nn.Module
    discriminator: nn.Module
    g_optimizer: Optimizer
    d_optimizer: Optimizer
    data: Data
    latent: int
    game: Game
    rng: torch.Generator
    steps: int
    g_lr: float
    d_lr: float
    batch: int = 64
    d_steps: int = 1
    g_steps: int = 1
    cures: tuple[Cure, ...] = ()
    decay_from: float = 1.0
    average: nn.Module | None = None
    memory: float = 0.995
    push: Push | None = None
    judged: nn.Module = field(default_factory=nn.Identity)
    draw: Draw = normal
    step: int = 0
    d_loss: float = float("nan")
    g_loss: float = float("nan")
    kept: dict[str, Tensor] = field(default_factory=dict)

    @property
    def real(self) -> Tensor:
        """Real samples to compare with."""
        return self.data.real

    def noise(self) -> Tensor:
        """One batch of latents."""
        return self.draw(self.batch, self.latent, self.rng)

    def d(self, x: Tensor, weights: Weights | None = None) -> Tensor:
        """The discriminator's logits, looking through every cure's glasses; if given, with other weights."""
        for cure in self.cures:
            x = cure.seen(x, self)
        logits: Tensor = self.discriminator(x) if weights is None else functional_call(self.discriminator, weights, x)
        return logits

    def d_terms(self, d: Judge, real: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
        """The discriminator's loss, and what the cures add to it."""
        real_logits, fake_logits = d(real), d(fake)
        for cure in self.cures:
            real_logits, fake_logits = cure.labels(real_logits, fake_logits, self)
        penalties = [cure.d_penalty(d, real, fake, self) for cure in self.cures]
        return self.game.d_loss(real_logits, fake_logits), sum(penalties, torch.zeros(()))


def train(run: Run, steps: int | None = None, observers: Iterable[Callable[[Run], None]] = ()) -> Run:
    """Take ``steps`` generator steps (by default all that are left), calling the observers after each one.

    A step is a step of the *generator*; the discriminator takes ``run.d_steps`` before every ``run.g_steps``-th
    of them. All chance comes from ``run.rng``, so a look at the networks between two steps changes nothing.
    """
    observers = tuple(observers)
    for _ in range(run.steps - run.step if steps is None else steps):
        run.step += 1
        if run.push is not None and run.push.step <= run.step <= run.push.until:
            run.push.change(run)
        set_learning_rates(run)
        real = run.data.batch(run.batch, run.rng)
        for turn in range(run.d_steps if (run.step - 1) % run.g_steps == 0 else 0):
            real = real if turn == 0 else run.data.batch(run.batch, run.rng)
            discriminator_step(run, real)
        generator_step(run, real)
        for cure in run.cures:
            cure.after_step(run)
        if run.average is not None:
            follow(run.average, run.generator, run.memory)
        for observe in observers:
            observe(run)
    return run


def discriminator_step(run: Run, real: Tensor) -> None:
    """Tell real from fake."""
    with torch.no_grad():
        fake = run.generator(run.noise())
    d_loss, penalty = run.d_terms(run.d, real, fake)
    run.d_optimizer.zero_grad()
    (d_loss + penalty).backward()
    run.d_optimizer.step()
    run.d_loss = d_loss.item()
    for cure in run.cures:
        cure.after_d_step(run)


def generator_step(run: Run, real: Tensor) -> None:
    """Be taken for real."""
    z = run.noise()
    fake = run.generator(z)
    d: Judge = run.d
    for cure in run.cures:
        d = cure.opponent(d, real, fake, run)
    g_loss = run.game.g_loss(d(real), d(fake))
    penalty = sum((cure.g_penalty(d, z, real, fake, run) for cure in run.cures), torch.zeros(()))
    run.g_optimizer.zero_grad()
    (g_loss + penalty).backward(inputs=list(run.generator.parameters()))  # the discriminator needs no slope here
    run.g_optimizer.step()
    run.g_loss = g_loss.item()


def set_learning_rates(run: Run) -> None:
    """Full until ``decay_from`` of the run, then down in a straight line, to 1 % in the last step."""
    share_left = (1 - run.step / run.steps) / (1 - run.decay_from) if run.decay_from < 1 else 1.0
    left = min(1.0, max(0.01, share_left))
    for optimizer, lr in ((run.g_optimizer, run.g_lr), (run.d_optimizer, run.d_lr)):
        for group in optimizer.param_groups:
            group["lr"] = lr * left


@torch.no_grad()
def follow(average: nn.Module, generator: nn.Module, memory: float) -> None:
    """Move a running average of the generator, batch-norm statistics included, towards its newest state."""
    for mean, new in zip(average.state_dict().values(), generator.state_dict().values(), strict=True):
        if mean.is_floating_point():
            mean.lerp_(new, 1 - memory)
        else:
            mean.copy_(new)  # batch norm's count of batches


def average_of(generator: nn.Module) -> nn.Module:
    """A copy that starts where the generator starts, learns nothing itself, and is used for sampling."""
    return deepcopy(generator).requires_grad_(False).eval()
