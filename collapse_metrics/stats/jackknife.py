"""How far would the number move with other samples? Delete-block jackknife, which invents no duplicates."""

from collections.abc import Callable

import numpy as np
import torch
from scipy import stats
from torch import Tensor

BLOCKS = 10
"""Groups of samples left out in turn. Ten keep the cost at eleven evaluations; the t-quantile with nine
degrees of freedom pays for the coarse variance. The ordinary bootstrap is not an option: it repeats samples,
and every measure of nearness or distinctness sees repeats as collapse."""


def blocks_of(n: int, *, blocks: int = BLOCKS, seed: int = 0) -> list[Tensor]:
    """Rows to *keep* in each turn: a seeded shuffle cut into ``blocks`` parts, one part left out a time."""
    order = torch.randperm(n, generator=torch.Generator().manual_seed(seed))
    parts = torch.tensor_split(order, min(blocks, n))
    return [torch.cat([p for j, p in enumerate(parts) if j != i]) for i in range(len(parts))]


def jackknife_interval(
    compute: Callable[[Tensor], float], n: int, value: float, *, level: float = 0.95, seed: int = 0
) -> tuple[float, float]:
    """Interval around ``value`` = ``compute(all n rows)`` from leaving out each of ten random blocks.

    Args:
        compute: Takes the rows to keep and returns the number.
        n: How many rows there are.
        value: The number on all rows.
        level: Coverage of the two-sided interval, under independent samples and a smooth statistic.
        seed: Decides which rows share a block.

    Returns:
        Low and high end; both equal ``value`` where all blocks agree.
    """
    if n < 2:
        return value, value
    kept = blocks_of(n, seed=seed)
    b = len(kept)
    replicates = np.array([compute(rows) for rows in kept])
    variance = (b - 1) / b * np.square(replicates - replicates.mean()).sum()
    half = float(stats.t.ppf((1 + level) / 2, b - 1) * np.sqrt(variance))
    return value - half, value + half
