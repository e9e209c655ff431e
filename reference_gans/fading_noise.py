"""What if both sides are blurred at first? Noise on what the discriminator sees, and on its labels, that fades."""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from reference_gans.cures._base import Cure
from reference_gans.labels import ErrorOfLabels, labelled, log_error
from reference_gans.trainer import Run


@final
@dataclass(frozen=True)
class InputNoise(Cure):
    """Adds N(0, sd) to everything that the discriminator sees."""

    sd: float

    def seen(self, x: Tensor, rng: torch.Generator) -> Tensor:
        """The batch with noise on it."""
        return x + self.sd * torch.randn(x.shape, generator=rng).to(x.device)


@dataclass(frozen=True)
class FadingNoise:
    """A change at every step: noise that falls in a straight line, to none in the last step.

    Args:
        inputs: Standard deviation on the samples, at first.
        labels: Labels are drawn from [1 - labels, 1] and [0, labels], at first.
        error: What labels are measured by.
    """

    inputs: float = 0.0
    labels: float = 0.0
    error: ErrorOfLabels = log_error

    def __call__(self, run: Run) -> None:
        """Give the run the cures and the game of its present step."""
        left = max(0.0, 1 - run.step / run.steps)
        if self.inputs:
            others = tuple(cure for cure in run.cures if not isinstance(cure, InputNoise))
            run.cures = (*others, InputNoise(self.inputs * left))
        if self.labels:
            off = self.labels * left * torch.rand(2, run.batch, 1, generator=run.rng)
            run.game = labelled(1 - off[0], off[1], self.error)
