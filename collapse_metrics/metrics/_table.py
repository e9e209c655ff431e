"""What do all neighbour metrics share? One distance matrix, from which each is read for any choice of rows."""

from collections.abc import Callable
from functools import cached_property

import torch
from torch import Tensor

from collapse_metrics.metrics._neighbours import distance_blocks, kth_neighbour_distance, within
from collapse_metrics.metrics.intrinsic_dimension_ratio import KEPT

MUTUAL = 2**0.5
"""Samples that are each other's nearest share one distance, so that at worst half of them say something new."""


class NeighbourTable:
    """Distances of generated rows to fixed real rows and to each other, measured once.

    ``coverage``, ``density`` and ``distinct_neighbours`` give what the metrics of these names give for
    ``fake[rows]``, without measuring a distance again: leaving out blocks of samples, and drawing many sets of
    real rows to see what a perfect generator would score, cost next to nothing.
    """

    def __init__(self, *, real: Tensor, fake: Tensor, k: int = 5) -> None:
        self.k, self.fake = k, fake
        radius = kth_neighbour_distance(real, k)
        blocks = [(within(block, radius), block.argmin(dim=1)) for _, block in distance_blocks(fake, real)]
        self.held = torch.cat([held for held, _ in blocks])
        self.inside = self.held.sum(dim=1)
        self.neighbour = torch.cat([neighbour for _, neighbour in blocks])
        # In float32: half the memory, and the snapping to zero has been done in float64.
        self.siblings = torch.cat([block.float() for _, block in distance_blocks(fake, fake)])
        self.siblings.fill_diagonal_(torch.inf)

    def coverage(self, rows: Tensor) -> float:
        """Share of real rows with one of the chosen rows in their ball."""
        return self.held[rows].any(dim=0).double().mean().item()

    def density(self, rows: Tensor) -> float:
        """Mean number of balls around one of the chosen rows, over k."""
        return self.inside[rows].double().mean().item() / self.k

    def distinct_neighbours(self, rows: Tensor) -> float:
        """Different nearest real rows of the chosen rows, per chosen row."""
        return len(self.neighbour[rows].unique()) / len(rows)

    def duplicate_rate(self, rows: Tensor) -> float:
        """Share of the chosen rows that another chosen row repeats exactly."""
        some = rows[self._has_twin[rows]]
        if len(some) < 2:
            return 0.0
        return (self.siblings[some[:, None], some].amin(dim=1) == 0).double().sum().item() / len(rows)

    @cached_property
    def _has_twin(self) -> Tensor:
        """Which rows another row of the whole set repeats: without them there is nothing to look up."""
        return self.siblings.amin(dim=1) == 0

    def sibling_distance(self, rows: Tensor) -> float:
        """Median distance from a chosen row to the nearest other chosen row."""
        return self.siblings[rows[:, None], rows].amin(dim=1).median().item()

    def dimension(self, rows: Tensor) -> tuple[float, float]:
        """Local dimension of the chosen rows by TwoNN, copies left out, and its standard error; 0 of hardly any rows.

        The law of ``intrinsic_dimension_ratio``: the ratio of the distances to the second and the first neighbour, of
        which the largest tenth is only known to be so large.
        """
        first, second = self.siblings[rows[:, None], rows].topk(2, largest=False).values.double().T
        logs = (second / first)[first > 0].log().sort().values
        kept = int(len(logs) * KEPT)
        if kept < 2 or logs[kept - 1] <= 0:
            return 0.0, 0.0
        value = (kept - 1) / logs.clamp(max=logs[kept - 1]).sum().item()
        return value, value * MUTUAL / kept**0.5

    def measure(self, name: str) -> Callable[[Tensor], float]:
        """The measure of a registered metric's name."""
        found: Callable[[Tensor], float] = getattr(self, name)
        return found
