"""Unrolled GAN: what if the generator plays against the discriminator's answer to it?"""

from dataclasses import dataclass
from functools import partial
from typing import final

import torch
from torch import Tensor

from reference_gans.cures._base import Cure, Judge, Training, Weights


@final
@dataclass(frozen=True)
class Unrolled(Cure):
    r"""In its step the generator faces the discriminator as it would be after ``k`` more steps of its own.

    :math:`\theta_D^{i+1} = \theta_D^i - \eta\,\nabla L_D(\theta_D^i, \theta_G)`, and the generator descends
    :math:`L_G(\theta_D^k(\theta_G), \theta_G)`. The slope goes **through** the inner steps, second derivatives
    included, so the generator sees how the discriminator would react. The discriminator itself then moves
    from where it was, by one step. Metz et al. 2017, https://arxiv.org/abs/1611.02163.

    How to read it: ``run.g_loss`` is the loss against the discriminator's answer, so curves of different ``k`` do
    not compare.

    Known traps: inner steps are plain gradient descent, as in the paper's equations, not Adam: ``rate`` is not
    that of the optimizer. A small one leaves the discriminator where it is, a large one lets its answer run away,
    and the generator then chases nothing. All inner steps see the same batches. Penalties on slopes hold their samples
    fixed, so the way through these is left out. Time and memory grow like ``k``. ``k = 0`` is no unrolling.

    Args:
        k: Inner steps.
        rate: :math:`\eta`.
    """

    k: int = 5
    rate: float = 0.01

    def opponent(self, d: Judge, real: Tensor, fake: Tensor, run: Training) -> Judge:
        """The discriminator after ``k`` steps, as a function of the generator's samples."""
        weights: Weights = dict(run.discriminator.named_parameters())
        for _ in range(self.k):
            d = partial(run.d, weights=weights)
            loss = sum(run.d_terms(d, real, fake), torch.zeros(()))
            slopes = torch.autograd.grad(
                loss, list(weights.values()), create_graph=True, allow_unused=True, materialize_grads=True
            )
            weights = {name: w - self.rate * slope for (name, w), slope in zip(weights.items(), slopes, strict=True)}
        return d if self.k == 0 else partial(run.d, weights=weights)
