"""One-sided label smoothing: what if the discriminator may never be quite sure of a real sample?"""

from dataclasses import dataclass, replace
from typing import final

from torch import Tensor

from reference_gans.cures._base import Cure
from reference_gans.objectives import NON_SATURATING, Game


@final
@dataclass(frozen=True)
class LabelSmoothing(Cure):
    r"""Real samples get the target :math:`1 - \epsilon` instead of 1; fakes keep 0.

    In logits the cross-entropy towards :math:`1 - \epsilon` is that towards 1 plus :math:`\epsilon D(x)`, so
    the discriminator gains nothing beyond the logit :math:`\log((1 - \epsilon) / \epsilon)`.
    Salimans et al. 2016, https://arxiv.org/abs/1606.03498.

    How to read it: the discriminator's loss at balance is no longer ``2 log 2``, since its best answer where
    real and fake are equally likely is :math:`(1 - \epsilon) / 2`. Curves with and without it do not compare.

    Known traps: smoothing fakes as well (two-sided) pulls the generator's samples towards where they already
    are. Only cross-entropy has targets, so every game but the non-saturating one is refused. It calibrates the
    discriminator; it does not add modes.

    Args:
        epsilon: What is taken off the target of real samples.
    """

    epsilon: float = 0.1

    def game(self, game: Game) -> Game:
        """The same game with a softer target."""
        if game.d_loss is not NON_SATURATING.d_loss:
            raise ValueError(
                f"label smoothing needs the non-saturating game, whose labels have targets, got {game.name!r}: "
                "choose that game, or LabelFlipping, which every game understands."
            )

        def d_loss(real: Tensor, fake: Tensor) -> Tensor:
            return game.d_loss(real, fake) + self.epsilon * real.mean()

        return replace(game, name=f"{game.name}, smoothed by {self.epsilon:g}", d_loss=d_loss)
