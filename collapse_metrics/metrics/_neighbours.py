"""How far is the nearest one? Exact neighbour distances, in row chunks so that memory stays bounded."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

CHUNK = 2048
"""Rows of the distance matrix held at once: 2048 x 10,000 float64 is 0.16 GB."""

SAME_POINT = 1e-12
"""Squared distances below this share of the two squared norms are rounding, and are taken as zero.

float64 products leave an error near 1e-15 of the squared norms; float32 features differ by 1e-14 of them when
they differ in their last bit. Without this, repeated samples would lie at 1e-8 from each other, not at zero.
"""

TIE = 1e-6
"""Distances that agree to a millionth are one distance. Where a generated sample is a copy of a real one, the same
distance is computed twice, once for the radius and once for the reach, and may differ in its last digits; float32
features carry a relative error of 1e-7 anyway."""

REMEMBERED = 16
"""Sets whose radii are kept. A reference is asked for its radii at every check of a training."""


def within(distance: Float[Tensor, "*shape"], radius: Float[Tensor, "*radii"]) -> Bool[Tensor, "*shape"]:
    """Whether a distance ends in the ball or on its edge; rounding never decides a tie."""
    return distance <= radius * (1 + TIE)


def nearest(x: Float[Tensor, "n dim"], to: Float[Tensor, "m dim"]) -> tuple[Float[Tensor, " n"], Int[Tensor, " n"]]:
    """Distance from every row of ``x`` to the nearest row of ``to``, and which row that is."""
    pairs = [block.min(dim=1) for _, block in distance_blocks(x, to)]
    return torch.cat([p.values for p in pairs]), torch.cat([p.indices for p in pairs])


def kth_neighbour_distance(x: Float[Tensor, "n dim"], k: int) -> Float[Tensor, " n"]:
    """Distance from every row of ``x`` to its ``k``-th nearest *other* row; remembered by content."""
    key = (_digest(x), k)
    if key in _remembered:
        _remembered.move_to_end(key)
        return _remembered[key].clone()
    radii = []
    for start, block in distance_blocks(x, x):
        rows = torch.arange(len(block))
        block[rows, start + rows] = torch.inf  # a row is not its own neighbour
        radii.append(block.kthvalue(k, dim=1).values)
    _remembered[key] = torch.cat(radii)
    if len(_remembered) > REMEMBERED:
        _remembered.popitem(last=False)
    return _remembered[key].clone()


_remembered: OrderedDict[tuple[str, int], Tensor] = OrderedDict()
"""Radii by (digest of the set, k), the oldest first."""


def _digest(x: Tensor) -> str:
    """Of the values, not of the object: a set may be changed in place, also through an array that shares its memory."""
    values = x.detach().cpu().contiguous()
    digest = hashlib.blake2b(f"{x.device} {x.dtype} {tuple(x.shape)}".encode(), digest_size=16)
    digest.update(values.view(torch.uint8).numpy().tobytes())
    return digest.hexdigest()


def distance_blocks(x: Tensor, y: Tensor) -> Iterator[tuple[int, Tensor]]:
    """Rows of the distance matrix between ``x`` and ``y``, a chunk at a time, in float64."""
    # Far from the origin, the products below would lose all digits. The median, because one diverged sample must not
    # drag it away; and because it is a value of the data, which keeps whole numbers whole and their ties exact.
    centre = y.detach().double().median(dim=0).values
    x, y = x.detach().double() - centre, y.detach().double() - centre
    y_norm = y.square().sum(dim=1)
    for start in range(0, len(x), CHUNK):
        rows = x[start : start + CHUNK]
        norms = rows.square().sum(dim=1)[:, None] + y_norm
        squared = torch.addmm(norms, rows, y.T, alpha=-2.0)
        squared[squared < SAME_POINT * norms] = 0.0
        yield start, squared.sqrt_()
