"""PacGAN: what if the discriminator judges several samples of one source together?"""

from dataclasses import dataclass
from typing import final

from torch import Tensor, nn

from reference_gans.cures._base import Cure
from reference_gans.cures._layers import first_layer, wider


@final
@dataclass(frozen=True)
class PacGan(Cure):
    r"""The discriminator gives one logit to each pack of :math:`m` samples, all real or all fake.

    Packs of a generator that dropped modes are less diverse than real packs, and that shows in one glance.
    The samples are laid side by side along channels or features, and only the first layer is made wider.
    Lin et al. 2018, https://arxiv.org/abs/1712.04086.

    How to read it: losses are means over packs. A batch of ``n`` gives ``n / m`` logits, so they scatter more.

    Known traps: the batch must divide into packs. In a relativistic game one pack is weighed against one pack.
    A slope penalty counts the slope of a logit with respect to its whole pack, so it is about ``m`` times that
    of a single sample. The widened layer must be the first one that the network lists. Weights of a layer
    that SpectralNorm holds cannot be widened: put SpectralNorm last.

    Args:
        size: :math:`m`, samples in a pack.
    """

    size: int = 2

    def __post_init__(self) -> None:
        if self.size < 1:
            raise ValueError(f"`size` counts the samples of a pack and must be at least 1, got {self.size}.")

    def discriminator(self, d: nn.Module) -> nn.Module:
        """Pack first; then the network with a wider first layer."""
        name, first = first_layer(d)
        inputs = first.in_features if isinstance(first, nn.Linear) else first.in_channels
        widened = wider(first, self.size * inputs)
        if name == "":  # the network is nothing but this layer
            return nn.Sequential(Pack(self.size), widened)
        d.set_submodule(name, widened)
        return nn.Sequential(Pack(self.size), d)


class Pack(nn.Module):
    """Rows 0 to m-1 side by side, then rows m to 2m-1, and so on."""

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        """``(n, c, ...)`` to ``(n / m, m * c, ...)``."""
        if len(x) % self.size:
            raise ValueError(f"a batch must divide into packs of {self.size}, got {len(x)} samples.")
        return x.reshape(len(x) // self.size, self.size * x.shape[1], *x.shape[2:])
