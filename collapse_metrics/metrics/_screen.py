"""Which pairs may be near? Lower bounds of squared distances in float32, and exact distances for the few that matter.

A matrix product in float32 is twice as fast as in float64 and half as large, but its rounding decides ties and
hides near copies. Here it only *screens*: every bound keeps below the true squared distance by several times the
rounding, and whatever the bounds cannot decide is computed again, exactly.
"""

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property

import torch
from torch import Tensor

TILE = 2048
"""Rows and columns of one block of bounds: 16 MB in float32, which stays in the last-level cache."""

GROUP = 32
"""Columns that share one minimum. The smallest k entries of a row lie in the k groups with the smallest minima, and
finding those takes one quick pass and a short selection."""

SPARE = 8
"""Candidates kept beyond k, so that near ties are decided without looking at the whole row again."""

SLACK = 1.5e-6
"""Share of the two squared norms by which a bound stays below the float32 distance. Rounding takes at most 4e-7 of
them, from 2 to 2,048 dimensions, for normal, skewed and heavy-tailed rows (tests/metrics/test_screen.py measures it);
beyond 4,096 dimensions it may grow with the square root."""

BOX = 1e15
"""Largest coordinate, of rows that are mostly near one, in float32 tiles: its square still has room for a sum."""

SAME_POINT = 1e-12
"""Squared distances below this share of the two squared norms are rounding, and are taken as zero: float32 features
that differ in their last bit differ by 1e-14 of it."""

MOST_DIRECT = 1 << 19
"""Numbers held at once while pairs of rows are subtracted: 4 MB in float64."""


class Rows:
    """Feature rows with what bounding their distances needs: a centre, a scale, squared norms, a share for rounding.

    Args:
        rows: The features.
        like: Take centre and scale from these rows; two sets that are compared need the same ones.

    Attributes:
        centre: Subtracted before anything else, because far from the origin all digits would be lost.
        scale: Power of two that brings the rows to about one, because squares of 1e20 and of 1e-25 have no place in
            float32.
    """

    def __init__(self, rows: Tensor, *, like: "Rows | None" = None) -> None:
        self.rows = floating(rows.detach())
        self.centre: Tensor = middle(self.rows) if like is None else like.centre
        self.scale: float = like.scale if like is not None else self._usual_scale()
        self.slack = SLACK * max(1.0, (rows.shape[1] / 4096) ** 0.5)

    def __len__(self) -> int:
        return len(self.rows)

    @property
    def unit(self) -> float:
        """What a squared distance of one is worth in bounds."""
        return self.scale**2

    @cached_property
    def scaled_norms(self) -> Tensor:
        """Squared norms of the tiles' rows; torch sums in a tree, so float32 is good to a few of its last digits."""
        buffer = self.buffer()
        return torch.cat([self.tile(s, buffer).square_().sum(dim=1) for s in range(0, len(self), TILE)])

    @cached_property
    def norms(self) -> Tensor:
        """Squared norms of the centred rows, in float64 and in the rows' own unit."""
        return self.scaled_norms.double() / self.unit

    @cached_property
    def room(self) -> Tensor:
        """The same, for doubts: without end for rows that stand at the edge of the box instead of where they are."""
        buffer = self.buffer()
        edge = torch.cat([(self.tile(s, buffer).abs_() >= BOX).any(dim=1) for s in range(0, len(self), TILE)])
        return torch.where(edge, torch.inf, self.norms)

    def tile(self, start: int, buffer: Tensor | None = None) -> Tensor:
        """Centred and scaled float32 rows of one tile, written over a buffer where one is given.

        Diverged rows are put at the edge of a box. That brings no two rows further apart, so bounds stay bounds.
        """
        part = self.rows[start : start + TILE]
        if part.dtype != torch.float32 or self.centre.dtype != torch.float32:
            return ((part.to(self.centre.dtype) - self.centre) * self.scale).float().clamp_(-BOX, BOX)
        out = torch.empty_like(part) if buffer is None else buffer[: part.numel()].view(part.shape)
        # One pass over memory instead of two; a power of two scales without rounding.
        scale = torch.tensor(self.scale, device=part.device)
        moved: Tensor = torch.addcmul(-self.centre * self.scale, part, scale, out=out)
        return moved.clamp_(-BOX, BOX) if self.far else moved

    @cached_property
    def far(self) -> bool:
        """Whether some coordinate lies outside of the box."""
        least, most = self.rows.aminmax()
        reach = max(float(most), -float(least)) + float(self.centre.abs().max())
        return not reach * self.scale < BOX

    def buffer(self) -> Tensor:
        """Room for one tile; asked for once, because freed tiles of a dozen megabytes are not always used again."""
        return torch.empty(min(TILE, len(self)) * self.rows.shape[1], dtype=torch.float32, device=self.rows.device)

    def _usual_scale(self) -> float:
        reach = (self.rows[:: max(1, len(self) // 1000)] - self.centre).abs().amax(dim=1)
        largest = float(reach.median()) or float(reach.max())
        return 1.0 if largest == 0 or not math.isfinite(largest) else 2.0 ** -math.frexp(largest)[1]


def floating(rows: Tensor) -> Tensor:
    """Rows in float32 or float64: the half precisions grow, and whole numbers stay whole in float64."""
    if rows.dtype in (torch.float32, torch.float64):
        return rows
    return rows.float() if rows.is_floating_point() else rows.double()


def middle(rows: Tensor) -> Tensor:
    """The centre of a set: the median, because one diverged row must not drag it away."""
    # It is a value of the data, which keeps whole numbers whole and their ties exact. A thousand rows are enough.
    return floating(rows[:: max(1, len(rows) // 1000)]).median(dim=0).values


def bounds(x: Rows, y: Rows, *, half: bool = False) -> Iterator[tuple[int, int, Tensor]]:
    """Tiles ``(first row, first column, bounds)``; with ``half``, only those on or above a symmetric matrix's diagonal.

    Bounds are squared distances times ``unit``. The tensor is reused for the next tile.
    """
    buffer = torch.empty(TILE * TILE, dtype=torch.float32, device=x.rows.device)
    high, wide = ((1 - x.slack) * side.scaled_norms for side in (x, y))
    mine, theirs, made = x.buffer(), y.buffer(), -1
    for start, column in _order(len(x), len(y), half=half):
        if start != made:
            rows, made = x.tile(start, mine), start
        columns = rows if x is y and column == start else y.tile(column, theirs)
        block = buffer[: len(rows) * len(columns)].view(len(rows), len(columns))
        if columns is rows:
            torch.add(wide[column : column + TILE], _with_itself(rows, block), alpha=-2.0, out=block)
        else:
            torch.addmm(wide[column : column + TILE], rows, columns.T, alpha=-2.0, out=block)
        block += high[start : start + TILE, None]
        yield start, column, block


def _with_itself(rows: Tensor, block: Tensor) -> Tensor:
    """Products of all pairs of these rows, three quarters of them computed and one copied."""
    half = len(rows) // 2
    torch.mm(rows[:half], rows.T, out=block[:half])
    torch.mm(rows[half:], rows[half:].T, out=block[half:, half:])
    block[half:, :half] = block[:half, half:].T
    return block


def _order(rows: int, columns: int, *, half: bool) -> list[tuple[int, int]]:
    """Corners of the tiles. Of a half, the diagonal first: then every row has a limit before it meets the others."""
    corners = [(i, j) for i in range(0, rows, TILE) for j in range(0, columns, TILE)]
    return sorted(((i, j) for i, j in corners if j >= i), key=lambda c: c[0] != c[1]) if half else corners


def doubt(x: Rows, y: Rows, i: Tensor, j: Tensor) -> Tensor:
    """How far the true squared distance of pairs may lie above its bound."""
    above: Tensor = 2 * x.slack * (x.room[i] + y.room[j])
    return above


def squared(x: Rows, y: Rows, i: Tensor, j: Tensor) -> Tensor:
    """Exact squared distances of pairs of rows, in float64; what is only rounding is zero."""
    found = torch.empty(len(i), dtype=torch.float64, device=i.device)
    step = max(1, MOST_DIRECT // max(1, x.rows.shape[1]))
    for start in range(0, len(i), step):
        a, b = i[start : start + step], j[start : start + step]
        found[start : start + step] = (x.rows[a].double() - y.rows[b]).square_().sum(dim=1)
    found[found < SAME_POINT * (x.norms[i] + y.norms[j])] = 0.0
    return found


@dataclass
class Candidates:
    """The smallest bounds of every row so far, ascending, and their columns."""

    bound: Tensor
    column: Tensor

    @classmethod
    def none(cls, rows: int, count: int, device: torch.device) -> "Candidates":
        """Nothing known yet."""
        bound = torch.full((rows, count), torch.inf, dtype=torch.float32, device=device)
        return cls(bound, torch.zeros(rows, count, dtype=torch.long, device=device))

    def add(self, start: int, column: int, block: Tensor) -> None:
        """Take note of bounds of the rows from ``start`` to the columns from ``column``."""
        mine = slice(start, start + len(block))
        limit = self.bound[mine, -1]
        if torch.isinf(limit).any():  # the first block of these rows: there is no limit yet
            values, places = block.topk(min(self.bound.shape[1], block.shape[1]), dim=1, largest=False)
            self._merge(mine, values, places + column)
            return
        row, place = _below(block, limit)
        if len(row):
            # Found in the order of rows, so that the place of each within its row is its distance from the first.
            first = torch.searchsorted(row, torch.arange(len(block), device=row.device))
            rank = torch.arange(len(row), device=row.device) - first[row]
            width = int(rank.max()) + 1
            values = torch.full((len(block), width), torch.inf, device=row.device)
            places = torch.zeros(len(block), width, dtype=torch.long, device=row.device)
            values[row, rank] = block[row, place]
            places[row, rank] = place + column
            self._merge(mine, values, places)

    def _merge(self, mine: slice, values: Tensor, places: Tensor) -> None:
        values = torch.cat([self.bound[mine], values], dim=1)
        places = torch.cat([self.column[mine], places], dim=1)
        self.bound[mine], order = values.topk(self.bound.shape[1], dim=1, largest=False)
        self.column[mine] = places.gather(1, order)


def _below(block: Tensor, limit: Tensor) -> tuple[Tensor, Tensor]:
    """Rows and columns of the entries below their row's limit, in the order of rows.

    Entries below the limit lie in groups whose minimum does; finding those takes one quick pass. A group is every
    so-many-th entry, so that minima are taken of whole vectors at a time, along either direction of memory.
    """
    groups = max(1, block.shape[1] // GROUP)
    even = groups * GROUP if block.shape[1] >= GROUP else 0
    found = []
    if even:
        least = _minima(block[:, :even], groups)
        row, group = (least < limit[:, None]).nonzero(as_tuple=True)
        members = group[:, None] + torch.arange(GROUP, device=block.device) * groups
        hit, which = (block[row[:, None], members] < limit[row, None]).nonzero(as_tuple=True)
        found.append((row[hit], members[hit, which]))
    if even < block.shape[1]:
        row, place = (block[:, even:] < limit[:, None]).nonzero(as_tuple=True)
        found.append((row, place + even))
    if len(found) == 1:
        return found[0]
    row, place = (torch.cat(parts) for parts in zip(*found, strict=True))
    order = row.argsort(stable=True)
    return row[order], place[order]


def _minima(block: Tensor, groups: int) -> Tensor:
    """Smallest entry of every group of every row; taken along memory, whichever way the block lies in it."""
    turned = block.stride(0) == 1
    split: Tensor = block.T.unflatten(0, (GROUP, groups)) if turned else block.unflatten(1, (GROUP, groups))
    return split.amin(dim=0).T if turned else split.amin(dim=1)


def nearest_candidates(x: Rows, y: Rows, count: int) -> Candidates:
    """For every row of ``x`` the columns of ``y`` with the smallest bounds; a row is no candidate of itself."""
    found = Candidates.none(len(x), count, x.rows.device)
    for start, column, block in bounds(x, y, half=x is y):
        if x is y and start == column:
            block.fill_diagonal_(torch.inf)
        found.add(start, column, block)
        if x is y and start != column:
            found.add(column, start, block.T)
    return found
