"""Instance noise: what if both players' samples are blurred until they overlap, and then less and less?"""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor

from reference_gans.cures._base import Cure, Training


@final
@dataclass(frozen=True)
class InstanceNoise(Cure):
    r"""The discriminator sees :math:`x + \sigma_t \epsilon`, :math:`\epsilon \sim N(0, 1)`, real or fake.

    With noise the two distributions overlap, so a perfect discriminator is not possible and its slopes lead
    somewhere. :math:`\sigma_t` falls in a straight line from ``sd`` to exactly 0 at the share ``until`` of the
    run. Sønderby et al. 2017, https://arxiv.org/abs/1610.04490; Arjovsky and Bottou 2017,
    https://arxiv.org/abs/1701.04862; local convergence: Mescheder et al. 2018,
    https://arxiv.org/abs/1801.04406.

    How to read it: the discriminator's loss is high as long as the noise is, and falls with it. That fall is
    the schedule, not a discriminator that wins.

    Known traps: noise that stays blurs what the generator learns. The unit is that of the data: 0.1 is faint
    for pixels in -1..1 and five spreads of a narrow mode. It must be drawn for real and fake alike, and in
    the generator's step too, otherwise it tells the two apart.

    Args:
        sd: Of the noise in the first step.
        until: Share of the run after which there is none.
    """

    sd: float = 0.1
    until: float = 0.5

    def sd_at(self, step: int, steps: int) -> float:
        """Standard deviation in one step of so many."""
        return self.sd * max(0.0, 1 - (step - 1) / (self.until * steps)) if self.until > 0 else 0.0

    def seen(self, x: Tensor, run: Training) -> Tensor:
        """A noisy copy, or the samples themselves once the noise is gone."""
        sd = self.sd_at(run.step, run.steps)
        return x + sd * torch.randn(x.shape, generator=run.rng).to(x.device) if sd > 0 else x
