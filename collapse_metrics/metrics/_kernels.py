"""How alike are two samples? Kernels: 1 for a sample and itself, 0 for two that have nothing in common."""

import math
from collections.abc import Iterator
from typing import Literal

import torch
from torch import Tensor

from collapse_metrics.metrics._neighbours import distance_blocks

Kernel = Literal["cosine", "gaussian"]
"""``cosine``: the cosine of the angle between two rows. ``gaussian``: ``exp(-distance² / (2 bandwidth²))``."""


def check_kernel(kernel: str, bandwidth: float | None) -> float:
    """Require a known kernel, and a bandwidth exactly where one is used; hand back the bandwidth, 1 where none is."""
    if kernel not in ("cosine", "gaussian"):
        raise ValueError(f"`kernel` must be 'cosine' or 'gaussian', got {kernel!r}: choose one of the two.")
    if kernel == "cosine" and bandwidth is not None:
        raise ValueError("`bandwidth` is of the gaussian kernel only, got one with 'cosine': leave it out.")
    if kernel == "gaussian" and (bandwidth is None or not 0 < bandwidth < math.inf):
        raise ValueError(
            f"kernel='gaussian' needs a `bandwidth` above 0, got {bandwidth}: the distance at which two samples count "
            "as different, such as the median distance of two real ones; the same for all sets to be compared."
        )
    return bandwidth or 1.0


def lengths(rows: Tensor) -> Tensor:
    """Euclidean length of every row, in float64; a row without a direction is refused."""
    length = torch.cat([part.detach().double().norm(dim=1) for part in rows.split(4096)])
    if (length == 0).any():
        raise ValueError(
            f"the cosine of a row of zeros is not defined, got {int((length == 0).sum())} of {len(rows)} such rows: "
            "leave them out, or use kernel='gaussian'."
        )
    return length


def gaussian_blocks(rows: Tensor, bandwidth: float) -> Iterator[tuple[int, Tensor]]:
    """Rows of the gaussian kernel matrix, a chunk at a time, in float64."""
    for start, distance in distance_blocks(rows, rows):
        yield start, distance.div_(bandwidth).square_().mul_(-0.5).exp_()
