"""What do all neighbour metrics share? One distance matrix, from which each is read for any choice of rows."""

from collections.abc import Callable
from copy import copy
from functools import cached_property

import numpy as np
import torch
from torch import Tensor

from collapse_metrics.metrics._neighbours import distance_blocks, kth_neighbour_distance, within
from collapse_metrics.metrics.intrinsic_dimension_ratio import KEPT

NEAREST = 64
"""Nearest siblings of each row that are kept in order. Of a tenth of the rows, one of 64 is among them but once in a
thousand times; for those, and where more are asked for, the whole row of distances is read."""

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
        held = torch.cat([held for held, _ in blocks])
        self.balls, self.inside = held.shape[1], held.sum(dim=1)
        self.held = np.packbits(held.numpy(), axis=1)  # an eighth of the memory, and of the time to read it
        self.neighbour = torch.cat([neighbour for _, neighbour in blocks])
        # In float32: half the memory, and the snapping to zero has been done in float64.
        self.siblings = torch.cat([block.float() for _, block in distance_blocks(fake, fake)])
        self.siblings.fill_diagonal_(torch.inf)

    def only(self, rows: Tensor) -> "NeighbourTable":
        """The table of these rows alone, without measuring a distance again."""
        part = copy(self)
        for name in ("_near", "_has_twin"):
            part.__dict__.pop(name, None)
        part.fake, part.held, part.inside = self.fake[rows], self.held[rows.numpy()], self.inside[rows]
        part.neighbour, part.siblings = self.neighbour[rows], self.siblings[rows[:, None], rows]
        return part

    def coverage(self, rows: Tensor) -> float:
        """Share of real rows with one of the chosen rows in their ball."""
        reached = np.bitwise_or.reduce(self.held[rows.numpy()], axis=0)
        return float(np.unpackbits(reached, count=self.balls).mean())

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
        return (self._closest(some, 1)[:, 0] == 0).double().sum().item() / len(rows)

    @cached_property
    def _has_twin(self) -> Tensor:
        """Which rows another row of the whole set repeats: without them there is nothing to look up."""
        return self.siblings.amin(dim=1) == 0

    def sibling_distance(self, rows: Tensor) -> float:
        """Median distance from a chosen row to the nearest other chosen row."""
        return self.nearest_sibling(rows).median().item()

    def nearest_sibling(self, rows: Tensor) -> Tensor:
        """Distance from each chosen row to the nearest other chosen row."""
        return self._closest(rows, 1)[:, 0]

    @cached_property
    def _near(self) -> tuple[Tensor, Tensor]:
        """Distances to the nearest rows of all, in order, and which these are."""
        found = self.siblings.topk(min(NEAREST, len(self.siblings)), largest=False)
        return found.values, found.indices

    def _closest(self, rows: Tensor, count: int) -> Tensor:
        """Distances from each chosen row to the ``count`` nearest other chosen rows."""
        chosen = torch.zeros(len(self.siblings), dtype=torch.bool)
        chosen[rows] = True
        away, column = self._near
        rank = chosen[column[rows]].cumsum(dim=1)
        place = torch.stack([(rank >= wanted).int().argmax(dim=1) for wanted in range(1, count + 1)], dim=1)
        closest = away[rows].gather(1, place)
        unsure = rank[:, -1] < count
        if unsure.any():
            whole = self.siblings[rows[unsure][:, None], rows]
            closest[unsure] = whole.topk(count, largest=False).values
        return closest

    def dimension(self, rows: Tensor) -> tuple[float, float]:
        """Local dimension of the chosen rows by TwoNN, copies left out, and its standard error; 0 of hardly any rows.

        The law of ``intrinsic_dimension_ratio``: the ratio of the distances to the second and the first neighbour, of
        which the largest tenth is only known to be so large.
        """
        first, second = self._closest(rows, 2).double().T
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
