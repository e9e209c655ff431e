"""Historical averaging: what if both players are held back by where they have been?"""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from reference_gans.cures._base import Cure, Judge, Training


@final
@dataclass(frozen=True)
class HistoricalAveraging(Cure):
    r"""Adds :math:`w\,\lVert \theta - \frac{1}{t} \sum_{i=1}^{t} \theta_i \rVert^2` to each player's loss.

    The mean is that of the player's own weights after each step so far, and counts as a constant. In the paper
    it holds the present weights as well, which only shortens the distance by the share :math:`1/t`.
    Salimans et al. 2016, https://arxiv.org/abs/1606.03498.

    How to read it: players that circle each other are drawn to the middle of the circle.

    Known traps: the mean over the whole past is dominated by it, so late in a run it holds back every progress.
    Weights of batch norm take part, its statistics do not. It is a penalty on the weights; an average that is
    only *used* for sampling is ``memory`` of a recipe.

    Args:
        weight: :math:`w`.
    """

    weight: float = 1e-3

    def d_penalty(self, d: Judge, real: Tensor, fake: Tensor, run: Training) -> Tensor:
        """The discriminator's squared distance from its past."""
        return self._distance(run.discriminator, "discriminator", run)

    def g_penalty(self, d: Judge, z: Tensor, real: Tensor, fake: Tensor, run: Training) -> Tensor:
        """The generator's squared distance from its past."""
        return self._distance(run.generator, "generator", run)

    def after_step(self, run: Training) -> None:
        """Take the new weights into the means."""
        count = run.kept.get(_key("count"), torch.zeros(())) + 1
        run.kept[_key("count")] = count
        for player, network in (("discriminator", run.discriminator), ("generator", run.generator)):
            now = _weights(network).detach()
            past = run.kept.get(_key(player), torch.zeros_like(now))
            run.kept[_key(player)] = past + (now - past) / count

    def _distance(self, network: nn.Module, player: str, run: Training) -> Tensor:
        if _key(player) not in run.kept:  # the first step has no past
            return torch.zeros(())
        return self.weight * (_weights(network) - run.kept[_key(player)]).square().sum()


def _key(name: str) -> str:
    return f"historical_averaging.{name}"


def _weights(network: nn.Module) -> Tensor:
    return torch.cat([weight.flatten() for weight in network.parameters()])
