"""Counts: how many samples fell into each mode?"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from jaxtyping import Int
from torch import Tensor

from collapse_metrics._registry import METRICS
from collapse_metrics.streaming._base import Accumulator


class Counts(Accumulator):
    """Samples per mode. Exact for every metric that asks for ``counts``.

    Args:
        modes: How many modes there are.
        fixed: What the metric asks for beside the counts, such as ``shares``.

    Example:
        >>> import torch
        >>> seen = Counts(3, fixed={"shares": torch.tensor([0.5, 0.25, 0.25], dtype=torch.float64)})
        >>> seen.update(torch.tensor([0, 0, 1]))
        >>> seen.update(torch.tensor([1, 0]))
        >>> seen.counts.tolist()
        [3, 2, 0]
        >>> round(seen.result("mode_coverage"), 3)
        0.667
    """

    def __init__(self, modes: int, *, fixed: Mapping[str, Tensor] | None = None) -> None:
        if modes < 1:
            raise ValueError(f"`modes` must be at least 1, got {modes}.")
        self.modes = modes
        super().__init__({"counts": (torch.zeros(modes, dtype=torch.long), "sum")}, fixed or {}, modes=modes)

    @property
    def counts(self) -> Int[np.ndarray, " modes"]:
        """Samples per mode."""
        return self.states["counts"].cpu().numpy().copy()

    @property
    def n(self) -> int:
        """How many samples have gone by."""
        return int(self.states["counts"].sum())

    def update(self, fake_modes: Any) -> None:
        """Take the modes of a batch of samples: one index from 0 to ``modes - 1`` a sample.

        Samples that are not like the data at all are left out before, or they count.
        """
        called = self._checked(fake_modes)
        self.states["counts"] = self.states["counts"] + torch.bincount(called, minlength=self.modes)

    def add(self, counts: Any) -> None:
        """Take samples that somebody else has counted: one whole number a mode."""
        more = torch.as_tensor(counts).detach()
        whole = more.long()
        if more.shape != (self.modes,) or (whole != more).any() or (whole < 0).any():
            raise ValueError(f"`counts` must be {self.modes} whole numbers of samples, got {counts}.")
        self.states["counts"] = self.states["counts"] + whole.to(self.states["counts"].device)

    def result(self, name: str, **options: Any) -> float:
        """The metric of this name, of everything that has gone by."""
        self.check_seen()
        return METRICS[name].compute(counts=self.counts, **self.data(), **options)

    def _checked(self, fake_modes: Any) -> Tensor:
        called = torch.as_tensor(fake_modes).detach().to(self.states["counts"].device)
        if called.ndim != 1 or called.is_floating_point() or called.is_complex():
            raise ValueError(
                f"modes must be one whole number a sample, got {called.dtype} of shape {tuple(called.shape)}: "
                "pass `probs.argmax(dim=1)`."
            )
        called = called.long()
        if len(called) and (called.min() < 0 or called.max() >= self.modes):
            raise ValueError(
                f"modes must lie from 0 to {self.modes - 1}, got {int(called.min())} to {int(called.max())}: "
                "leave out samples without a mode."
            )
        return called
