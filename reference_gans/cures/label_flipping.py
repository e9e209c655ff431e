"""Label flipping: what if the discriminator is now and then told the wrong answer?"""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from reference_gans.cures._base import Cure, Training


@final
@dataclass(frozen=True)
class LabelFlipping(Cure):
    r"""Each pair of a real and a fake logit changes places with probability ``rate``, in the D step only.

    A tip among practitioners (Chintala et al. 2016, https://github.com/soumith/ganhacks), without a paper.
    A swap flips both labels of a pair, and it makes sense in every game, also where fakes are judged against
    real samples. Real sample ``i`` and fake ``i`` have nothing in common, so each label is wrong with
    probability ``rate``, as with a coin for each.

    How to read it: in the non-saturating game the best discriminator answers
    :math:`\rho + (1 - 2 \rho) p` where it would have answered :math:`p`, for a rate :math:`\rho`; its loss
    never falls below the entropy of the coin, twice.

    Known traps: a coin for each pair, never ``int(rate * batch)`` of them, which is none at all in a small
    batch.

    Args:
        rate: Probability that a label is wrong, from 0 to below one half.
    """

    rate: float = 0.05

    def __post_init__(self) -> None:
        if not 0 <= self.rate < 0.5:
            raise ValueError(f"`rate` must lie in [0, 0.5), got {self.rate}: from one half on, labels teach nothing.")

    def labels(self, real: Tensor, fake: Tensor, run: Training) -> tuple[Tensor, Tensor]:
        """Swap some of the pairs."""
        coin = torch.rand(len(real), generator=run.rng).to(real.device).reshape(-1, *[1] * (real.ndim - 1))
        flipped = coin < self.rate
        return torch.where(flipped, fake, real), torch.where(flipped, real, fake)
