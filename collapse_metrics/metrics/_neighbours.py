"""How far is the nearest one? Exact neighbour distances, in row chunks so that memory stays bounded."""

import weakref
from collections.abc import Iterator

import torch
from jaxtyping import Float, Int
from torch import Tensor

CHUNK = 2048
"""Rows of the distance matrix held at once: 2048 x 10,000 float64 is 0.16 GB."""

SAME_POINT = 1e-12
"""Squared distances below this share of the two squared norms are rounding, and are taken as zero.

float64 products leave an error near 1e-15 of the squared norms; float32 features differ by 1e-14 of them when
they differ in their last bit. Without this, repeated samples would lie at 1e-8 from each other, not at zero.
"""


def nearest(x: Float[Tensor, "n dim"], to: Float[Tensor, "m dim"]) -> tuple[Float[Tensor, " n"], Int[Tensor, " n"]]:
    """Distance from every row of ``x`` to the nearest row of ``to``, and which row that is."""
    pairs = [block.min(dim=1) for _, block in distance_blocks(x, to)]
    return torch.cat([p.values for p in pairs]), torch.cat([p.indices for p in pairs])


def kth_neighbour_distance(x: Float[Tensor, "n dim"], k: int) -> Float[Tensor, " n"]:
    """Distance from every row of ``x`` to its ``k``-th nearest *other* row; remembered while ``x`` lives."""
    key = (id(x), x._version, k)
    if key in _remembered:
        return _remembered[key]
    radii = []
    for start, block in distance_blocks(x, x):
        rows = torch.arange(len(block))
        block[rows, start + rows] = torch.inf  # a row is not its own neighbour
        radii.append(block.kthvalue(k, dim=1).values)
    _remembered[key] = torch.cat(radii)
    weakref.finalize(x, _remembered.pop, key, None)
    return _remembered[key]


_remembered: dict[tuple[int, int, int], Tensor] = {}
"""Radii by (set, version of its data, k). A reference is asked for its radii at every check of a training."""


def distance_blocks(x: Tensor, y: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Rows of the distance matrix between ``x`` and ``y``, a chunk at a time, in float64."""
    centre = y.double().mean(dim=0)  # far from the origin, the products below would lose all digits
    x, y = x.double() - centre, y.double() - centre
    y_norm = y.square().sum(dim=1)
    for start in range(0, len(x), CHUNK):
        rows = x[start : start + CHUNK]
        norms = rows.square().sum(dim=1)[:, None] + y_norm
        squared = torch.addmm(norms, rows, y.T, alpha=-2.0)
        squared[squared < SAME_POINT * norms] = 0.0
        yield start, squared.sqrt_()
