"""Feature matching: what if the generator only has to hit the mean of the discriminator's features?"""

from dataclasses import dataclass, replace
from typing import final

from torch import Tensor

from reference_gans.cures._base import Cure, Judge, Training
from reference_gans.cures._layers import features
from reference_gans.objectives import Game


@final
@dataclass(frozen=True)
class FeatureMatching(Cure):
    r"""The generator's loss is :math:`\lVert E f(x) - E f(G(z)) \rVert^2`, ``f`` what enters D's last layer.

    Salimans et al. 2016, https://arxiv.org/abs/1606.03498. The discriminator plays on as before.

    How to read it: the loss is 0 when the batches agree in the mean, which they never quite do.

    Known traps: means can agree while modes are missing. With ``alone`` the game's own generator loss is
    replaced, and ``run.g_loss``, which leaves penalties out, reads 0. The features' scale is the
    discriminator's choice, so losses of different steps hardly compare.

    Args:
        weight: Of the penalty.
        alone: Replace the generator's loss, as published; otherwise add to it.
    """

    weight: float = 1.0
    alone: bool = True

    def game(self, game: Game) -> Game:
        """Without a generator's loss of its own, if the features are to be matched alone."""
        return replace(game, name=f"{game.name}, features matched", g_loss=_none) if self.alone else game

    def g_penalty(self, d: Judge, z: Tensor, real: Tensor, fake: Tensor, run: Training) -> Tensor:
        """Squared distance of the mean features."""
        aim, now = (features(d, run.discriminator, x).mean(dim=0) for x in (real, fake))
        return self.weight * (aim - now).square().sum()


def _none(real: Tensor, fake: Tensor) -> Tensor:
    return fake.new_zeros(())
