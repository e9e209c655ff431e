"""What does the training loop ask of a data set?"""

from typing import Protocol

import torch
from torch import Tensor


class Data(Protocol):
    """Something to learn: fresh batches for the loop, and a fixed sample to compare with."""

    @property
    def real(self) -> Tensor:
        """A fixed sample."""

    def batch(self, n: int, rng: torch.Generator) -> Tensor:
        """``n`` real samples; every draw comes from ``rng``."""
