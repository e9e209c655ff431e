"""Minibatch standard deviation: what if the discriminator is told how much a group of samples varies?"""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from reference_gans.cures._base import Cure
from reference_gans.cures._layers import with_extra_features

EPSILON = 1e-8
"""Added to variances, as in the paper's code: the square root has a slope at 0, and no spread reads 1e-4."""


@final
@dataclass(frozen=True)
class MinibatchStddev(Cure):
    r"""One more feature before the last layer: the standard deviation in a group of samples.

    For each feature the deviation over the group, then the mean over the features; every sample of the group
    gets this number. Karras et al. 2018, https://arxiv.org/abs/1710.10196.

    How to read it: real and fake batches go through the discriminator apart, so the number says how varied
    each of the two is.

    Known traps: a batch that does not divide into groups of ``group`` is cut into groups that are as even as
    possible and at least this large; a batch smaller than that is one group. Samples are no longer judged
    alone: a slope penalty then sees the slope of all logits of the group at a sample. It is one mean
    over all features: the loss of a few modes moves it little.

    Args:
        group: Samples in a group.
    """

    group: int = 4

    def discriminator(self, d: nn.Module) -> nn.Module:
        """The same network with one more feature before its last layer."""
        return with_extra_features(d, GroupStddev(self.group), count=1)


class GroupStddev(nn.Module):
    """Appends one column, the mean standard deviation of the features within a group of rows."""

    def __init__(self, group: int) -> None:
        super().__init__()
        self.group = group

    def forward(self, x: Tensor) -> Tensor:
        """``(n, features)`` to ``(n, features + 1)``."""
        groups = max(1, len(x) // self.group)
        group = torch.arange(len(x)) * groups // len(x)  # of each row; sizes differ by one at most
        size = group.bincount()[:, None]

        def group_mean(rows: Tensor) -> Tensor:
            return rows.new_zeros(groups, rows.shape[1]).index_add(0, group, rows) / size

        variance = group_mean((x - group_mean(x)[group]).square())
        spread = (variance + EPSILON).sqrt().mean(dim=1, keepdim=True)
        return torch.cat([x, spread[group]], dim=1)
