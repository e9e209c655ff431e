"""Minibatch discrimination: what if the discriminator is told how close each sample is to the others?"""

from dataclasses import dataclass
from typing import final

import torch
from torch import Tensor, nn

from reference_gans.cures._base import Cure
from reference_gans.cures._layers import last_linear, with_extra_features


@final
@dataclass(frozen=True)
class MinibatchDiscrimination(Cure):
    r"""More features before the last layer: :math:`o_{ib} = \sum_j \exp(-\lVert M_{ib} - M_{jb} \rVert_1)`.

    :math:`M_i = f(x_i)\,T` is a learnt projection of a sample's features to ``kernels`` rows of ``dims``
    numbers; the sum runs over the batch, sample ``i`` itself included, which always gives 1.
    Salimans et al. 2016, https://arxiv.org/abs/1606.03498.

    How to read it: a feature of 1 means a sample that is like no other; one of ``n``, a batch of equals.

    Known traps: the sum grows with the batch, so a discriminator is not to be used with another batch size.
    Time and memory ``n * n * kernels * dims``. Samples are no longer judged alone, as for
    ``MinibatchStddev``. Features with a large scale are all far apart, and the sum is then blind.

    Args:
        kernels: New features.
        dims: Numbers that each of them compares.
    """

    kernels: int = 50
    dims: int = 5

    def discriminator(self, d: nn.Module) -> nn.Module:
        """The same network with more features before its last layer."""
        _, last = last_linear(d)
        return with_extra_features(d, Closeness(last.in_features, self.kernels, self.dims), count=self.kernels)


class Closeness(nn.Module):
    """Appends, for each kernel, how close a row is to all the rows."""

    def __init__(self, features: int, kernels: int, dims: int) -> None:
        super().__init__()
        self.projection = nn.Parameter(torch.randn(features, kernels, dims) / features**0.5)

    def forward(self, x: Tensor) -> Tensor:
        """``(n, features)`` to ``(n, features + kernels)``."""
        projected = torch.einsum("nf,fkd->nkd", x, self.projection)
        distance = (projected[:, None] - projected[None]).abs().sum(dim=-1)
        return torch.cat([x, (-distance).exp().sum(dim=1)], dim=1)
