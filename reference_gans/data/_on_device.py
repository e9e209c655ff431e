"""How do batches reach an accelerator? Drawn on the CPU, so that a seed means the same everywhere, then moved."""

from dataclasses import dataclass

import torch
from torch import Tensor

from reference_gans.data._base import Data


@dataclass(frozen=True)
class OnDevice:
    """Data whose batches arrive on a device; the fixed sample stays on the CPU."""

    source: Data
    device: torch.device

    @property
    def real(self) -> Tensor:
        """The fixed sample, on the CPU."""
        return self.source.real

    def batch(self, n: int, rng: torch.Generator) -> Tensor:
        """The next ``n`` samples, moved."""
        return self.source.batch(n, rng).to(self.device)

    def state_dict(self) -> dict[str, Tensor]:
        """Where the source is in its epoch, if it goes through one."""
        state: dict[str, Tensor] = self.source.state_dict() if hasattr(self.source, "state_dict") else {}
        return state

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on from there."""
        if state and hasattr(self.source, "load_state_dict"):
            self.source.load_state_dict(state)
