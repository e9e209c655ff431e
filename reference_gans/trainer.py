"""How is a GAN trained? Read this file first: games and cures only plug into it."""

from collections.abc import Callable, Iterable
from copy import deepcopy
from dataclasses import dataclass, field

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from reference_gans.cures._base import Cure
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

    @property
    def real(self) -> Tensor:
        """Real samples to compare with."""
        return self.data.real

    def noise(self) -> Tensor:
        """One batch of latents."""
        return self.draw(self.batch, self.latent, self.rng)

    def d(self, x: Tensor) -> Tensor:
        """The discriminator's logits, looking through every cure's glasses."""
        for cure in self.cures:
            x = cure.seen(x, self.rng)
        logits: Tensor = self.discriminator(x)
        return logits


def train(run: Run, steps: int | None = None, observers: Iterable[Callable[[Run], None]] = ()) -> Run:
    """Take ``steps`` generator steps (by default all that are left), calling the observers after each one.

    A step is a step of the *generator*; the discriminator moves before every ``run.g_steps``-th of them. All
    chance comes from ``run.rng``, so a look at the networks between two steps changes nothing.
    """
    observers = tuple(observers)
    for _ in range(run.steps - run.step if steps is None else steps):
        run.step += 1
        if run.push is not None and run.push.step <= run.step <= run.push.until:
            run.push.change(run)
        set_learning_rates(run)
        real = run.data.batch(run.batch, run.rng)

        # Discriminator: tell real from fake.
        if (run.step - 1) % run.g_steps == 0:
            with torch.no_grad():
                fake = run.generator(run.noise())
            d_loss = run.game.d_loss(run.d(real), run.d(fake))
            penalty = sum(cure.d_penalty(run.d, real, fake) for cure in run.cures)
            run.d_optimizer.zero_grad()
            (d_loss + penalty).backward()
            run.d_optimizer.step()
            run.d_loss = d_loss.item()

        # Generator: be taken for real.
        fake = run.generator(run.noise())
        g_loss = run.game.g_loss(run.d(real).detach(), run.d(fake))
        run.g_optimizer.zero_grad()
        g_loss.backward(inputs=list(run.generator.parameters()))  # the discriminator needs no slope here
        run.g_optimizer.step()
        run.g_loss = g_loss.item()

        if run.average is not None:
            follow(run.average, run.generator, run.memory)
        for observe in observers:
            observe(run)
    return run


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
