"""Who lies in whose neighbourhood? Balls around real rows, and one pass over the samples that counts everything."""

from collections import OrderedDict
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from collapse_metrics._checks import check_feature_sets, check_k, check_rows
from collapse_metrics.metrics._neighbours import (
    REMEMBERED,
    SECOND_LOOK,
    TIE,
    Neighbourhood,
    digest,
    neighbourhood,
    whole_rows,
)
from collapse_metrics.metrics._screen import Rows, bounds, doubt, squared

AT_ONCE = 1 << 19
"""Pairs looked at together: where everything lies in every ball, a tile has four million of them."""

MANY = 1 << 16
"""Undecided pairs from which on a whole float64 product is cheaper than subtracting pair by pair."""


@dataclass(frozen=True)
class Balls:
    """Real rows with the ball around each that ends at its ``k``-th nearest real neighbour: fit once, ask often.

    Attributes:
        rows: The real rows.
        k: How many neighbours fix a radius.
        reach: Squared radius of each ball.
        clipped: The same, none larger than the median: for clipped density.
        usual: What real rows score among themselves before clipped density divides by it.
    """

    rows: Rows
    k: int
    reach: Tensor
    clipped: Tensor
    usual: float

    @classmethod
    def fit(cls, *, real: Float[Tensor, "n_real dim"], k: int = 5) -> "Balls":
        """Measure the radii of real rows."""
        check_feature_sets(real=real)
        check_k(k, real=real)
        return cls._around(Rows(real.detach().clone()), k)  # the caller may change the rows in place

    @classmethod
    def _around(cls, rows: Rows, k: int) -> "Balls":
        near = neighbourhood(rows, rows, k)
        # The middle of an even number of radii, as numpy takes it and the authors of clipped density do.
        clipped = near.reach.clamp(max=near.reach.sqrt().quantile(0.5).square())
        inside = _inside_own(rows, near, clipped)
        return cls(rows, k, near.reach, clipped, (inside / k).clamp(max=1).mean().item())

    @property
    def radius(self) -> Tensor:
        """Distance of every real row to its ``k``-th nearest other one."""
        return self.reach.sqrt()

    def __len__(self) -> int:
        return len(self.rows)


def balls_of(real: "Tensor | Balls", k: int, **sets: Tensor) -> Balls:
    """The balls of real rows, or those that were fitted before; the other sets are checked against them."""
    if isinstance(real, Balls):
        if real.k != k:
            raise ValueError(f"the balls were fitted with k={real.k}, got k={k}: leave k out or fit again.")
        check_feature_sets(real=real.rows.rows[:1], **sets)
    else:
        check_feature_sets(real=real, **sets)
        check_k(k, real=real)
    for name, rows in sets.items():
        check_rows(1, **{name: rows})
    return real if isinstance(real, Balls) else _remembered_balls(real, k)


def _remembered_balls(real: Tensor, k: int) -> Balls:
    key, rows = (digest(real), k), Rows(real)
    if key in _remembered:
        _remembered.move_to_end(key)
        return Balls(rows, k, *_remembered[key])
    balls = Balls._around(rows, k)
    _remembered[key] = balls.reach, balls.clipped, balls.usual
    if len(_remembered) > REMEMBERED:
        _remembered.popitem(last=False)
    return balls


_remembered: OrderedDict[tuple[str, int], tuple[Tensor, Tensor, float]] = OrderedDict()
"""What balls are made of besides the rows, by (digest of the rows, k), the oldest first: a reference is asked again and
again, with ever new samples."""


@dataclass
class BallCounts:
    """What one pass over the samples counted.

    Attributes:
        inside: For each sample, in how many balls it lies.
        clipped: For each sample, in how many balls it lies whose radius is clipped.
        held: For each real row, how many samples lie in its ball.
        recalled: For each real row, whether it lies in the ball of a sample; all false where not asked for.
    """

    inside: Tensor
    clipped: Tensor
    held: Tensor
    recalled: Tensor


def count(balls: Balls, fake: Float[Tensor, "n_fake dim"], *, recall: bool = False) -> BallCounts:
    """Count who lies in whose ball, on the edge or inside."""
    x, y = Rows(fake, like=balls.rows), balls.rows
    edge = (1 + TIE) ** 2
    own = Rows(fake)
    reach = neighbourhood(own, own, balls.k).reach * edge if recall else torch.full((len(fake),), -torch.inf)
    limits = {"ball": balls.reach * edge, "clipped": balls.clipped * edge, "own": reach.double().to(fake.device)}
    whole = {"device": fake.device, "dtype": torch.long}
    found = BallCounts(
        torch.zeros(len(x), **whole),  # type: ignore[call-overload]
        torch.zeros(len(x), **whole),  # type: ignore[call-overload]
        torch.zeros(len(y), **whole),  # type: ignore[call-overload]
        torch.zeros(len(y), dtype=torch.bool, device=fake.device),
    )
    for start, column, block in bounds(x, y):
        _take(found, x, y, limits, (start, column), block)
    return found


def _take(
    found: BallCounts, x: Rows, y: Rows, limits: dict[str, Tensor], corner: tuple[int, int], block: Tensor
) -> None:
    """Count within one tile: by their bounds where those decide, else by exact distances."""
    start, column = corner
    mine, theirs = slice(start, start + block.shape[0]), slice(column, column + block.shape[1])
    # Rounded up to float32, so that no pair on the edge is missed; what this lets in too much is decided below.
    hit = block <= _up(limits["ball"][theirs] * y.unit)
    if limits["own"][mine].amax() >= 0:
        hit |= block <= _up(limits["own"][mine] * y.unit)[:, None]
    for flat in true_places(hit).split(AT_ONCE):
        i, j = flat // block.shape[1] + start, flat % block.shape[1] + column
        low = block.flatten()[flat].double() / y.unit
        high = low + doubt(x, y, i, j)
        at = {"ball": limits["ball"][j], "clipped": limits["clipped"][j], "own": limits["own"][i]}
        open_ = torch.zeros_like(low, dtype=torch.bool)
        for limit in at.values():
            open_ |= (low <= limit) & (limit < high)
        low[open_] = _exactly(x, y, i[open_], j[open_], column, block.shape[1])
        inside, clipped, own = (low <= at[name] for name in ("ball", "clipped", "own"))
        found.inside += torch.bincount(i[inside], minlength=len(x))
        found.clipped += torch.bincount(i[clipped], minlength=len(x))
        found.held += torch.bincount(j[inside], minlength=len(y))
        found.recalled[j[own]] = True


def _exactly(x: Rows, y: Rows, i: Tensor, j: Tensor, column: int, width: int) -> Tensor:
    """Exact squared distances of pairs in one tile; ``i`` is in ascending order."""
    if len(i) <= MANY:
        return squared(x, y, i, j)
    found = torch.empty(len(i), dtype=torch.float64, device=i.device)
    tile = Rows(y.rows[column : column + width], like=y)
    first, last = int(i[0]), int(i[-1])
    for start in range(first, last + 1, SECOND_LOOK):
        rows = torch.arange(start, min(start + SECOND_LOOK, last + 1), device=i.device)
        block = whole_rows(x, tile, rows)
        chosen = (i >= start) & (i < start + SECOND_LOOK)
        found[chosen] = block[i[chosen] - start, j[chosen] - column]
    return found


def _inside_own(rows: Rows, near: Neighbourhood, clipped: Tensor) -> Tensor:
    """For each real row, in how many clipped balls of the *other* real rows it lies."""
    limit = clipped * (1 + TIE) ** 2
    ball, place = (near.complete[:, None] & (near.low <= limit[:, None])).nonzero(as_tuple=True)
    column, low = near.column[ball, place], near.low[ball, place]
    open_ = near.high[ball, place] > limit[ball]
    low[open_] = squared(rows, rows, ball[open_], column[open_])
    inside = torch.bincount(column[low <= limit[ball]], minlength=len(rows)).double()
    for ball in (~near.complete).nonzero().flatten().split(SECOND_LOOK):
        inside += (whole_rows(rows, rows, ball) <= limit[ball, None]).sum(dim=0)
    return inside


def true_places(mask: Tensor) -> Tensor:
    """Flat places of the true entries; NumPy finds them ten times faster than torch does on a CPU."""
    if mask.device.type != "cpu":
        return mask.flatten().nonzero().flatten()
    import numpy as np

    return torch.from_numpy(np.flatnonzero(mask.numpy()))


def _up(limit: Tensor) -> Tensor:
    return torch.nextafter(limit.float(), torch.tensor(torch.inf, device=limit.device))
