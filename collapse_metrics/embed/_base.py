"""What does an embedder take, and what does it hand back?"""

from abc import ABC, abstractmethod
from dataclasses import dataclass

import torch
from torch import Tensor


@dataclass(frozen=True)
class Embedded:
    """Feature rows, and class probabilities where the embedder has classes.

    ``features`` is ``(n, dim)`` float32; ``probs`` is ``(n, modes + 1)`` float32 whose rows sum
    to 1 and whose LAST column is "not like the data", or ``None`` for embedders without classes.
    """

    features: Tensor
    probs: Tensor | None


class Embedder(ABC):
    """Turns images, or anything else, into feature rows."""

    name: str
    modes: tuple[str, ...]
    parts: int = 1
    """How many classifications of one kind, independent of each other, spell a mode: three digits in three colours."""

    @property
    @abstractmethod
    def fingerprint(self) -> str:
        """A short hash of the weights and of the version of the code."""

    @abstractmethod
    def __call__(self, images: Tensor) -> Embedded:
        """Embed samples, one a row; picture embedders take ``(n, channels, height, width)`` in [0, 1]."""

    @property
    def takes_pictures(self) -> bool:
        """Whether samples are pictures, with a range of values that has to be known."""
        return True

    def accepts(self, probs: Tensor) -> Tensor:
        """Which rows count as data: the probability of "not like the data" lies below one half."""
        return probs[:, -1] < 0.5

    def unseen(self, samples: Tensor) -> Tensor:
        """Which samples the embedder has not learnt from, as far as it knows: those belong in a reference."""
        return torch.ones(len(samples), dtype=torch.bool)
