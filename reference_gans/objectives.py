"""Which game do the two networks play?"""

from collections.abc import Callable
from dataclasses import dataclass

from torch import Tensor
from torch.nn.functional import relu, softplus

LossOfLogits = Callable[[Tensor, Tensor], Tensor]
"""Logits of the real batch, logits of the fake batch -> a scalar loss."""


@dataclass(frozen=True)
class Game:
    """What the discriminator minimises, and what the generator minimises."""

    name: str
    d_loss: LossOfLogits
    g_loss: LossOfLogits


def _d_non_saturating(real: Tensor, fake: Tensor) -> Tensor:
    return softplus(-real).mean() + softplus(fake).mean()


def _g_non_saturating(real: Tensor, fake: Tensor) -> Tensor:
    return softplus(-fake).mean()


def _d_squared_error(real: Tensor, fake: Tensor) -> Tensor:
    return (real.sigmoid() - 1).square().mean() + fake.sigmoid().square().mean()


def _g_squared_error(real: Tensor, fake: Tensor) -> Tensor:
    return (fake.sigmoid() - 1).square().mean()


def _d_relativistic(real: Tensor, fake: Tensor) -> Tensor:
    return softplus(fake - real).mean()


def _g_relativistic(real: Tensor, fake: Tensor) -> Tensor:
    return softplus(real - fake).mean()


def _d_wasserstein(real: Tensor, fake: Tensor) -> Tensor:
    return fake.mean() - real.mean()


def _d_hinge(real: Tensor, fake: Tensor) -> Tensor:
    return relu(1 - real).mean() + relu(1 + fake).mean()


def _g_please(real: Tensor, fake: Tensor) -> Tensor:
    return -fake.mean()


NON_SATURATING = Game("non-saturating", _d_non_saturating, _g_non_saturating)
r"""Each sample is judged alone: :math:`-\log D(x) - \log(1 - D(G(z)))` against :math:`-\log D(G(z))`.

Goodfellow et al. 2014, https://arxiv.org/abs/1406.2661, in logits: ``softplus(-l)`` is ``-log sigmoid(l)``.
At balance the discriminator's loss is ``2 log 2`` and the generator's ``log 2``.
"""

SQUARED_ERROR = Game("squared error", _d_squared_error, _g_squared_error)
r"""Distance of probabilities from labels: :math:`(D(x) - 1)^2 + D(G(z))^2` against :math:`(D(G(z)) - 1)^2`.

``D`` ends in a sigmoid here, as in first attempts that people write by hand; where it is sure, its slope is
next to nothing. Least-squares GANs (Mao et al. 2016, https://arxiv.org/abs/1611.04076) go without the sigmoid.
At balance the discriminator's loss is 1/2 and the generator's 1/4.
"""

RELATIVISTIC = Game("relativistic", _d_relativistic, _g_relativistic)
r"""A fake has only to beat a real one: :math:`\log(1 + e^{D(G(z)) - D(x)})`, and the pair swapped.

A generator gains nothing by piling up where ``D`` is high, since every fake is weighed against some real
sample; that removes the bad basins in which modes stay dropped (Sun et al. 2020,
https://arxiv.org/abs/2011.04926). Jolicoeur-Martineau 2018, https://arxiv.org/abs/1807.00734; the swap of
the non-saturating form is that of R3GAN's code (Huang et al. 2024, https://arxiv.org/abs/2501.05441).
At balance both losses are ``log 2``.
"""

WASSERSTEIN = Game("wasserstein", _d_wasserstein, _g_please)
r"""The critic's mean on fakes less its mean on real samples, against minus its mean on fakes.

Minus the critic's loss estimates a distance between the two distributions, up to the critic's steepness, and
is the number to watch; the generator's loss alone means nothing. It is a distance only while something bounds
how steep the critic is: play it with ``WeightClipping`` or ``GradientPenalty``, otherwise it has no bottom.
At balance the critic's loss is 0. Arjovsky et al. 2017, https://arxiv.org/abs/1701.07875.
"""

HINGE = Game("hinge", _d_hinge, _g_please)
r"""A sample that is judged right by a margin of 1 teaches the discriminator nothing more.

:math:`E\,(1 - D(x))_+ + E\,(1 + D(G(z)))_+` against :math:`-E\,D(G(z))`. With all logits 0 the
discriminator's loss is 2. Lim and Ye 2017, https://arxiv.org/abs/1705.02894; the usual partner of
``SpectralNorm`` (Miyato et al. 2018, https://arxiv.org/abs/1802.05957).
"""
