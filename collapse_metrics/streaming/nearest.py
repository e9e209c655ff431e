"""NearestToReference: which real rows have generated samples reached, and which samples reached any?"""

from collections.abc import Callable, Mapping
from typing import Any

import torch
from torch import Tensor

from collapse_metrics._checks import check_feature_sets, check_rows
from collapse_metrics.metrics._balls import BallCounts, Balls, count
from collapse_metrics.metrics._neighbours import nearest
from collapse_metrics.metrics._screen import Rows
from collapse_metrics.metrics.clipped_coverage import filled_share
from collapse_metrics.metrics.clipped_density import clipped_share
from collapse_metrics.stats.occupancy import most_likely_kinds
from collapse_metrics.streaming._base import Accumulator

K = 5
"""Neighbours that fix a radius, as in the metrics."""


class NearestToReference(Accumulator):
    """Everything that neighbour metrics ask of samples beside a fixed reference, in memory of the reference's length.

    The balls around real rows do not move, so it is enough to count how many samples have fallen into each, and,
    over the samples, in how many balls they lay: whole numbers, which add up exactly. ``coverage``, ``precision``,
    ``density``, ``clipped_coverage``, ``clipped_density``, ``distinct_neighbours`` and ``learnt_images`` are those of
    the functions of these names on all samples at once. ``recall`` is not: its balls are those of the generated
    samples, and each shrinks with every further sample.

    Args:
        real: Features of real samples, or the ``Balls`` fitted to them.
        k: How many real neighbours fix the radius of a ball; left out, 5, or what the ``Balls`` were fitted with.
        balls: Whether to count in balls; without, at less cost, only ``distinct_neighbours`` and ``learnt_images``.
        neighbours: Whether to look up the nearest real row of every sample; only those two need it.

    Example:
        >>> import torch
        >>> line = torch.arange(10.0)[:, None]
        >>> seen = NearestToReference(line, k=1)
        >>> seen.update(line[:3])
        >>> seen.update(line[3:4])
        >>> seen.result("coverage"), seen.result("density"), seen.result("distinct_neighbours")
        (0.5, 2.75, 1.0)
    """

    def __init__(
        self,
        real: Any,
        *,
        k: int | None = None,
        balls: bool = True,
        neighbours: bool = True,
    ) -> None:
        rows = real.rows.rows if isinstance(real, Balls) else torch.as_tensor(real)
        check_feature_sets(real=rows)
        check_rows(1, real=rows)
        fixed, states = {"real": rows}, dict.fromkeys(("n",), rows.new_zeros((), dtype=torch.long))
        per_row = rows.new_zeros(len(rows), dtype=torch.long)
        if balls:
            fitted = _fitted(real, k)
            k = fitted.k
            usual = torch.tensor(fitted.usual, dtype=torch.float64, device=rows.device)
            fixed |= {"reach": fitted.reach, "clipped": fitted.clipped, "usual": usual}
            states |= dict.fromkeys(("inside", "within_any", "filling"), states["n"]) | {"held": per_row}
        if neighbours:
            states |= {"hits": per_row}
        super().__init__({name: (state, "sum") for name, state in states.items()}, fixed, k=k if balls else None)
        self.k = k or 0
        self._made: list[tuple[Tensor, Balls]] = []  # shared with copies, for as long as they share the rows

    @property
    def n(self) -> int:
        """How many samples have gone by."""
        return int(self.states["n"])

    @property
    def balls(self) -> Balls:
        """The real rows with their balls."""
        real = self.fixed["real"]
        if not self._made or self._made[0][0] is not real:
            made = Balls(Rows(real), self.k, self.fixed["reach"], self.fixed["clipped"], float(self.fixed["usual"]))
            self._made[:] = [(real, made)]
        return self._made[0][1]

    def __getstate__(self) -> dict[str, Any]:
        """Leave the balls out: they are made again of the fixed tensors."""
        return {**self.__dict__, "_made": []}

    def update(self, fake: Any) -> None:
        """Take a batch of feature rows."""
        check_feature_sets(real=self.fixed["real"][:1], fake=torch.as_tensor(fake))
        rows = torch.as_tensor(fake).detach().to(self.fixed["real"].device)
        if not len(rows):
            return
        more = {"n": torch.tensor(len(rows), device=rows.device)}
        if "held" in self.states:
            found = count(self.balls, rows)
            more |= {
                "inside": found.inside.sum(),
                "within_any": (found.inside > 0).sum(),
                "filling": found.clipped.clamp(max=self.k).sum(),
                "held": found.held,
            }
        if "hits" in self.states:
            _, neighbour = nearest(rows, to=self.fixed["real"])
            more["hits"] = torch.bincount(neighbour, minlength=len(self.fixed["real"]))
        self.states = {name: state + more[name] for name, state in self.states.items()}

    def result(self, name: str, **options: Any) -> float:
        """The metric of this name, of everything that has gone by."""
        if name not in READ:
            raise ValueError(_why_not(name))
        state, read = READ[name]
        if state not in self.states:
            raise ValueError(f"{name} needs what was switched off: leave `balls` and `neighbours` on.")
        self.check_seen()
        if options:
            raise ValueError(f"k is fixed with the reference, got {sorted(options)} at the end.")
        return read(self)


def _fitted(real: Any, k: int | None) -> Balls:
    if not isinstance(real, Balls):
        return Balls.fit(real=torch.as_tensor(real), k=K if k is None else k)
    if k not in (None, real.k):
        raise ValueError(f"the balls were fitted with k={real.k}, got k={k}: leave k out or fit again.")
    return real


def _why_not(name: str) -> str:
    if name == "recall":
        return (
            "recall needs all samples at once, because its balls are those of the samples and shrink with each further "
            "one: use `accumulate('recall', ...)`, which keeps a uniform sample, or ask for coverage."
        )
    return f"one of {', '.join(READ)} is needed, got {name!r}."


def _stand_in(seen: NearestToReference) -> BallCounts:
    """Counts of as many samples with the same sums: the means that metrics take of them are the same."""
    n = seen.n
    inside, filling = ((seen.states[name].double() / n).expand(n) for name in ("inside", "filling"))
    return BallCounts(inside, filling, seen.states["held"], seen.states["held"] > 0)


def _hits(seen: NearestToReference) -> int:
    return int((seen.states["hits"] > 0).sum())


def _learnt_images(seen: NearestToReference) -> float:
    n_real = len(seen.fixed["real"])
    return most_likely_kinds(_hits(seen), seen.n, most=n_real) / n_real


def _share(part: Tensor, whole: int) -> float:
    return int(part) / whole


READ: Mapping[str, tuple[str, Callable[[NearestToReference], float]]] = {
    "coverage": ("held", lambda s: _share((s.states["held"] > 0).sum(), len(s.states["held"]))),
    "precision": ("held", lambda s: _share(s.states["within_any"], s.n)),
    "density": ("held", lambda s: _share(s.states["inside"], s.n) / s.k),
    "clipped_coverage": ("held", lambda s: filled_share(s.balls, _stand_in(s))),
    "clipped_density": ("held", lambda s: clipped_share(s.balls, _stand_in(s))),
    "distinct_neighbours": ("hits", lambda s: _hits(s) / s.n),
    "learnt_images": ("hits", _learnt_images),
}
"""What each metric reads: the state that it cannot do without, and the number."""
