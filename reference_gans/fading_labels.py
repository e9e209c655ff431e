"""What if the labels are noisy at first? Noise on them that fades, step by step."""

from dataclasses import dataclass, replace

import torch

from reference_gans.labels import ErrorOfLabels, labelled, log_error
from reference_gans.trainer import Run


@dataclass(frozen=True)
class FadingLabels:
    """A change at every step: labels with noise that falls in a straight line, to none in the last step.

    Args:
        width: Labels are drawn from [1 - width, 1] and [0, width], at first.
        error: What labels are measured by.
    """

    width: float
    error: ErrorOfLabels = log_error

    def __call__(self, run: Run) -> None:
        """Give the run the game of its present step."""
        left = max(0.0, 1 - run.step / run.steps)
        off = self.width * left * torch.rand(2, run.batch, 1, generator=run.rng)
        # Under its old name: which game a step is played under follows from the step, as a bundle has to know.
        run.game = replace(labelled(1 - off[0], off[1], self.error), name=run.game.name)
