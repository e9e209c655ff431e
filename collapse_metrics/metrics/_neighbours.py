"""How far is the nearest one? Exact neighbour distances; memory stays bounded whatever the number of rows."""

import hashlib
from collections import OrderedDict
from collections.abc import Iterator
from dataclasses import dataclass

import torch
from jaxtyping import Bool, Float, Int
from torch import Tensor

from collapse_metrics.metrics._screen import (
    SAME_POINT,
    SPARE,
    Rows,
    doubt,
    nearest_candidates,
    squared,
)

CHUNK = 2048
"""Rows of a float64 distance matrix held at once: 2048 x 10,000 is 0.16 GB."""

SECOND_LOOK = 256
"""Rows at once that float32 bounds could not decide and that are measured again in float64."""

TIE = 1e-9
"""Distances that agree to a billionth are one distance. Where a generated sample is a copy of a real one, the same
distance is computed twice, once for the radius and once for the reach, and may differ in the last digits of float64."""

REMEMBERED = 16
"""Sets whose radii are kept. A reference is asked for its radii at every check of a training."""


def within(distance: Float[Tensor, "*shape"], radius: Float[Tensor, "*radii"]) -> Bool[Tensor, "*shape"]:
    """Whether a distance ends in the ball or on its edge; rounding never decides a tie."""
    return distance <= radius * (1 + TIE)


@dataclass(frozen=True)
class Neighbourhood:
    """Of every row the squared distance to its k-th neighbour, and candidates for who is within it.

    ``complete`` says of which rows every neighbour within that distance is among the candidates.
    """

    reach: Tensor
    column: Tensor
    low: Tensor
    high: Tensor
    complete: Tensor


def neighbourhood(x: Rows, y: Rows, k: int) -> Neighbourhood:
    """The k-th nearest row of ``y`` to every row of ``x``, which is no neighbour of itself where both are one set."""
    others = len(y) - (x is y)
    found = nearest_candidates(x, y, min(k + SPARE, others))
    row = torch.arange(len(x), device=found.column.device)
    low = found.bound.double() / x.unit
    high = low + doubt(x, y, row[:, None], found.column)
    # What decides lies between the k-th smallest lower bound and the k-th smallest upper one.
    nearer = high < low[:, k - 1 : k]
    open_ = ~nearer & (low <= high.kthvalue(k, dim=1, keepdim=True).values)
    exact = torch.where(nearer, -1.0, torch.inf).double()
    i, place = open_.nonzero(as_tuple=True)
    exact[i, place] = squared(x, y, i, found.column[i, place])
    low[i, place] = high[i, place] = exact[i, place]
    reach = exact.kthvalue(k, dim=1).values
    # Not `low`, which holds the exact distances by now.
    complete = (found.bound[:, -1] / x.unit > reach * (1 + TIE) ** 2) | (low.shape[1] == others)
    for rows in row[~complete].split(SECOND_LOOK):
        again = whole_rows(x, y, rows)
        column = again.topk(low.shape[1], dim=1, largest=False).indices
        exactly = squared(x, y, rows.repeat_interleave(low.shape[1]), column.flatten()).view(column.shape)
        reach[rows] = exactly.kthvalue(k, dim=1).values
        found.column[rows], low[rows], high[rows] = column, exactly, exactly
    return Neighbourhood(reach, found.column, low, high, complete)


def whole_rows(x: Rows, y: Rows, rows: Tensor) -> Tensor:
    """Squared distances of some rows of ``x`` to all of ``y`` in float64; infinite to itself where both are one set."""
    if len(rows) == 0:  # as a rule, the bounds decide every row
        return torch.empty(0, len(y), dtype=torch.float64, device=rows.device)
    centred = x.rows[rows].double() - x.centre
    own = centred.square().sum(dim=1, keepdim=True)  # the kept norms are of float32 rows, too coarse here
    found = torch.empty(len(rows), len(y), dtype=torch.float64, device=rows.device)
    for start in range(0, len(y), CHUNK):
        part = y.rows[start : start + CHUNK].double() - y.centre
        norms = own + part.square().sum(dim=1)
        block = torch.addmm(norms, centred, part.T, alpha=-2.0)
        block[block < SAME_POINT * norms] = 0.0
        found[:, start : start + CHUNK] = block
    if x is y:
        found[torch.arange(len(rows), device=rows.device), rows] = torch.inf
    return found


def nearest(x: Float[Tensor, "n dim"], to: Float[Tensor, "m dim"]) -> tuple[Float[Tensor, " n"], Int[Tensor, " n"]]:
    """Distance from every row of ``x`` to the nearest row of ``to``, and which row that is, the first of equals."""
    theirs = Rows(to)
    mine = Rows(x, like=theirs)
    found = neighbourhood(mine, theirs, 1)
    near = found.low <= (found.reach * (1 + TIE) ** 2)[:, None]
    column = torch.where(near, found.column, len(to)).amin(dim=1)
    for rows in (~found.complete).nonzero().flatten().split(SECOND_LOOK):
        again = whole_rows(mine, theirs, rows)
        column[rows] = (again <= again.amin(dim=1, keepdim=True) * (1 + TIE) ** 2).int().argmax(dim=1)
    return found.reach.sqrt(), column


def kth_neighbour_distance(x: Float[Tensor, "n dim"], k: int) -> Float[Tensor, " n"]:
    """Distance from every row of ``x`` to its ``k``-th nearest *other* row; remembered by content."""
    key = (digest(x), k)
    if key in _remembered:
        _remembered.move_to_end(key)
        return _remembered[key].clone()
    rows = Rows(x)
    _remembered[key] = neighbourhood(rows, rows, k).reach.sqrt()
    if len(_remembered) > REMEMBERED:
        _remembered.popitem(last=False)
    return _remembered[key].clone()


_remembered: OrderedDict[tuple[str, int], Tensor] = OrderedDict()
"""Radii by (digest of the set, k), the oldest first."""


def digest(x: Tensor) -> str:
    """Of the values, not of the object: a set may be changed in place, also through an array that shares its memory."""
    values = x.detach().cpu().contiguous()
    taken = hashlib.sha256(f"{x.device} {x.dtype} {tuple(x.shape)}".encode())
    taken.update(values.view(torch.uint8).numpy().data)
    return taken.hexdigest()


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
        squares = torch.addmm(norms, rows, y.T, alpha=-2.0)
        squares[squares < SAME_POINT * norms] = 0.0
        yield start, squares.sqrt_()
