"""In how many ways do samples of one mode differ? Directions of their scatter, and dimensions that they fill."""

import math
from collections.abc import Iterator
from typing import Any

import numpy as np
import torch
from torch import Tensor

from collapse_metrics.metrics._table import NeighbourTable
from collapse_metrics.metrics._within import directions_within
from collapse_metrics.metrics.participation_ratio import SOME_ROWS, directions_of
from collapse_metrics.records import Measurement
from collapse_metrics.reference import Reference
from collapse_metrics.stats.jackknife import jackknife_interval
from collapse_metrics.stats.next_score import range_of_next
from collapse_metrics.stats.u_statistics import log_interval, normal_interval

ROWS = 500
"""Samples whose scatter is taken apart: ten directions of sixty show among them, in milliseconds."""

DRAWS = 5
"""Sets of held-out rows beside them; each costs some milliseconds at every look."""


def measure_ranks(
    table: NeighbourTable,
    called: Tensor,
    reference: Reference,
    perfect: tuple[list[Tensor], float],
    about: dict[str, Any],
    *,
    seed: int,
) -> Iterator[Measurement]:
    """``direction_ratio`` and ``dimension_ratio``: those of the samples over those of as many real rows.

    Args:
        table: Distances of accepted samples, in a random order.
        called: Mode of each.
        reference: The real data.
        perfect: Sets of held-out rows of the same make-up, and the share of the held-out rows in each.
        about: Embedder, step and number of real rows, for the record.
        seed: Decides which samples are left out together.

    Yields:
        Each, where real rows have directions and dimensions at all.
    """
    draws, used = perfect
    some = min(ROWS, len(called))
    used *= some / len(called)
    # Draws come sorted by mode, and a part of one is to hold all modes.
    sets = [draw[_mixed(len(draw), number)[:some]] for number, draw in enumerate(draws[:DRAWS])]
    rows = table.fake[:some]

    def directions(kept: Tensor) -> float:
        return directions_within(rows[kept], called[kept])

    wide = np.array([directions_within(reference.fresh[kept], reference.fresh_modes[kept]) for kept in sets])
    if wide.mean() > 0:
        value, unit = directions(torch.arange(some)), float(wide.mean())
        low, high = jackknife_interval(directions, some, value, seed=seed)
        ends = max(low, 0.0) / unit, high / unit
        usual = range_of_next((wide / unit).tolist(), used=used)
        yield Measurement("direction_ratio", value / unit, *ends, usual, n_fake=some, **about)
    local = np.array([reference.real_table.dimension(kept)[0] for kept in sets])
    if local.mean() > 0:
        value, error = table.dimension(torch.arange(some))
        unit = float(local.mean())
        low, high = normal_interval(value / unit, error / unit)
        usual = range_of_next((local / unit).tolist(), used=used)
        yield Measurement("dimension_ratio", value / unit, max(low, 0.0), high, usual, n_fake=some, **about)


def measure_raw_directions(raw: Tensor, reference: Reference, about: dict[str, Any]) -> Iterator[Measurement]:
    """``raw_directions``: along how many directions all samples vary, of whatever mode, over those of real samples.

    The only word on rank where hardly any sample is like the data, so that little can be said within modes.

    Args:
        raw: Samples as flat rows, in a random order.
        reference: The real data; references of earlier versions did not keep the number.
        about: Embedder and step, for the record.

    Yields:
        The ratio, where both numbers are there.
    """
    unit, unit_error = reference.raw_directions, reference.raw_directions_error
    if not unit or unit_error is None:  # none are kept of real rows that are nearly all the same
        return
    value, error = directions_of(raw)
    spread = math.hypot(error, unit_error)
    if not math.isfinite(spread):
        return
    ends = log_interval(value / unit, error)
    yield Measurement(
        "raw_directions", value / unit, *ends, log_interval(1.0, spread), n_fake=min(len(raw), SOME_ROWS), **about
    )


def _mixed(n: int, number: int) -> Tensor:
    return torch.randperm(n, generator=torch.Generator().manual_seed(number))
