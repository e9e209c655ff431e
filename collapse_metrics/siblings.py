"""How near is the nearest sibling, and how often is it nearer than it hardly ever is among real samples?"""

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from collapse_metrics.metrics._table import NeighbourTable
from collapse_metrics.records import Measurement
from collapse_metrics.stats.jackknife import jackknife_interval
from collapse_metrics.stats.next_score import range_of_next
from collapse_metrics.stats.shares import clopper_pearson

NEAR = 0.01
"""A near copy has a sibling nearer than this share of real samples has one ..."""

NEARER_THAN = 0.5
"""... and nearer than this part of the usual distance. In many dimensions all distances are alike, and a generator
whose samples lie a tenth closer would have nothing but near copies by the first alone."""


def measure_siblings(
    table: NeighbourTable, usual: list[Tensor], used: float, about: dict[str, Any], *, seed: int
) -> Iterator[Measurement]:
    """``neighbour_ratio``, which medians make steady, and ``near_duplicate_rate``, which sees the copies of a few.

    Args:
        table: Distances of accepted samples.
        usual: Of sets of held-out rows of the same make-up, the distance from each row to its nearest sibling.
        used: Share of the held-out rows in each set.
        about: Embedder, step and number of real rows, for the record.
        seed: Decides which samples are left out together.

    Yields:
        Each, where real rows lie apart at all; of near copies nothing is said where real rows often repeat exactly.
    """
    middles, n = [away.median().item() for away in usual], len(table.fake)
    unit = float(np.mean(middles))
    close = min(float(torch.cat(usual).quantile(NEAR)), NEARER_THAN * unit)
    if unit > 0:

        def ratio(kept: Tensor) -> float:
            return table.sibling_distance(kept) / unit

        value, low, high = _sure(ratio, n, seed)
        expected = range_of_next([middle / unit for middle in middles], used=used)
        yield Measurement("neighbour_ratio", value, low, high, expected, n_fake=n, **about)
    if close > 0:

        def near(kept: Tensor) -> float:
            return _below(table.nearest_sibling(kept), close)

        value, low, high = _sure(near, n, seed)
        # Near copies come in pairs at least. Of few, or none, leaving samples out says nothing.
        high = max(high, clopper_pearson(math.ceil(value * n / 2), math.ceil(n / 2))[1])
        expected = range_of_next([_below(away, close) for away in usual], used=used, span=(0.0, 1.0))
        yield Measurement("near_duplicate_rate", value, low, min(high, 1.0), expected, n_fake=n, **about)


def _below(away: Tensor, close: float) -> float:
    return (away < close).double().mean().item()


def _sure(compute: Callable[[Tensor], float], n: int, seed: int) -> tuple[float, float, float]:
    """The value, and the ends of its interval."""
    value = compute(torch.arange(n))
    low, high = jackknife_interval(compute, n, value, seed=seed)
    return value, max(low, 0.0), high
