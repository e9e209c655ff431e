"""Do distant parts of a picture belong together, as they do in real pictures?"""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor
from torch.nn import functional

from collapse_metrics.records import Measurement
from collapse_metrics.stats.jackknife import blocks_of, jackknife_interval
from collapse_metrics.stats.u_statistics import normal_interval

CELLS, END = 7, 3
"""A picture is cut into so many cells a side, and each end has so many of them. The middle is left out: neighbouring
cells are alike in any picture of strokes, also across a seam."""

WIDTH = CELLS * END
"""Cells at one end."""

CHUNK = 256
"""Pictures that are made small at once."""

FEWEST = 50
"""Fewest samples that are asked, as for neighbours."""

MOST_MODES = 100
"""With more modes, their moments would fill the file, and each would be known from a few pictures."""

LEAST_USUAL = 0.8
"""What real pictures have to score beside other real ones. Below, the ends of the data have little to do with each
other, and nothing is measured."""


@dataclass(frozen=True)
class LongRange:
    """What the ends of real pictures have to do with each other.

    ``moments`` is ``(modes, 2, entries)``: of each mode, for top and bottom and for left and right, the means that a
    covariance is made of, in double precision, which the difference of large means needs. ``usual`` is what real
    pictures score beside others, ``error`` the standard deviation of that times the root of the number of pictures.
    """

    moments: Tensor
    usual: float
    error: float

    @classmethod
    def fit(cls, pictures: Tensor, called: Tensor, modes: int, *, seed: int = 0) -> "LongRange | None":
        """Moments of real pictures; ``None`` of anything else, of too many modes, or where ends have little in common.

        Args:
            pictures: Real ones, ``(n, channels, height, width)``, at least 7 a side.
            called: The mode that each is taken for.
            modes: How many there are.
            seed: Decides which half of the pictures stands in for a perfect generator first.
        """
        if pictures.ndim != 4 or modes > MOST_MODES or min(pictures.shape[2:]) < CELLS:
            return None
        ends = _ends(pictures)
        order = torch.randperm(len(ends), generator=torch.Generator().manual_seed(seed))
        scores, errors = [], []
        for first, second in ((0, 1), (1, 0)):
            known = _by_mode(ends[order[first::2]], called[order[first::2]], modes)
            two = order[second::2]
            scores.append(_score(ends[two], called[two], known))
            without = [_score(ends[two[kept]], called[two[kept]], known) for kept in blocks_of(len(two), seed=seed)]
            errors.append(float(torch.tensor(without).std(correction=0)) * ((len(without) - 1) * len(two)) ** 0.5)
        usual, error = sum(scores) / 2, sum(errors) / 2
        return cls(_by_mode(ends, called, modes), usual, error) if usual >= LEAST_USUAL else None

    @classmethod
    def read(cls, held: dict[str, Tensor]) -> "LongRange | None":
        """From a reference's tensors; ``None`` where the file has none."""
        if "long_range" not in held:
            return None
        return cls(held["long_range"].double(), *held["long_range_usual"].tolist())

    def tensors(self) -> dict[str, Tensor]:
        """As they go into a reference's file."""
        return {
            "long_range": self.moments,
            "long_range_usual": torch.tensor([self.usual, self.error], dtype=torch.float64),
        }

    @staticmethod
    def shapes(modes: int) -> dict[str, tuple[int, ...]]:
        """Shapes of the tensors in a sound file."""
        return {"long_range": (modes, 2, 3 + 2 * WIDTH + WIDTH**2), "long_range_usual": (2,)}


def measure_long_range(
    pictures: Tensor,
    called: Tensor,
    accepted: Tensor,
    real: LongRange | None,
    about: dict[str, Any],
    *,
    seed: int,
) -> Iterator[Measurement]:
    """``long_range_correlation``: how much of the covariance between the ends of real pictures those of samples have.

    For top and bottom and for left and right: the product of both covariances over the square of the real one, in units
    of the variances; the lesser counts. 1 where ends go together as in the data, 0 where they know nothing of each
    other. Real pictures of the same make-up of modes, so that who draws one class is compared with that class.

    Args:
        pictures: Samples ``(n, channels, height, width)``.
        called: Mode of each.
        accepted: Which of them are taken for data; the others are left out.
        real: The real pictures' ends, if they were measured.
        about: Embedder and step, for the record.
        seed: Decides which samples are left out together.

    Yields:
        The measurement, if there is something to compare.
    """
    n = int(accepted.sum())
    if real is None or pictures.ndim != 4 or n < FEWEST:
        return
    ends, called = _ends(pictures)[accepted], called[accepted]

    def compute(kept: Tensor) -> float:
        return _score(ends[kept], called[kept], real.moments) / real.usual

    value = compute(torch.arange(n))
    low, high = jackknife_interval(compute, n, value, seed=seed)
    usual = normal_interval(1.0, real.error / real.usual / n**0.5)
    yield Measurement("long_range_correlation", value, low, high, usual, n_fake=n, **about)


def _ends(pictures: Tensor) -> Tensor:
    """Means of cells, ``(n, 2, 2, cells)``: of each picture top and bottom, left and right."""
    # A few at a time: large pictures would be copied whole.
    small = [functional.adaptive_avg_pool2d(some.float().mean(dim=1), CELLS) for some in pictures.split(CHUNK)]
    cells = torch.cat(small).double()
    across = cells.transpose(1, 2)
    pairs = [torch.stack([side[:, :END].flatten(1), side[:, -END:].flatten(1)], dim=1) for side in (cells, across)]
    return torch.stack(pairs, dim=1)


def _moments(ends: Tensor) -> Tensor:
    """Means over pictures, ``(2, entries)``: one, both ends, their squared lengths, and the products of their cells."""
    one, two = ends[:, :, 0], ends[:, :, 1]
    products = torch.einsum("npi,npj->pij", one, two).flatten(1) / len(ends)
    squares = torch.stack([one.square().sum(dim=2).mean(dim=0), two.square().sum(dim=2).mean(dim=0)], dim=1)
    return torch.cat([torch.ones(2, 1), one.mean(dim=0), two.mean(dim=0), squares, products], dim=1)


def _by_mode(ends: Tensor, called: Tensor, modes: int) -> Tensor:
    """Moments of the pictures of each mode; zeros where there is none."""
    found = torch.zeros(modes, *LongRange.shapes(1)["long_range"][1:], dtype=torch.float64)
    for mode in called.unique().tolist():
        found[mode] = _moments(ends[called == mode])
    return found


def _score(ends: Tensor, called: Tensor, real: Tensor) -> float:
    """How much of the real ends' covariance, the lesser of both pairs. Modes without real pictures are left out."""
    known = real[:, 0, 0] > 0
    ends, called = ends[known[called]], called[known[called]]
    if not len(ends):
        return 0.0
    shares = torch.bincount(called, minlength=len(real)).double() / len(called)
    cross, scale = _covariance(_moments(ends))
    like, usual = _covariance(torch.einsum("m,mpe->pe", shares, real))
    agreed, whole = (cross * like).sum(dim=(1, 2)) * usual, like.square().sum(dim=(1, 2)) * scale
    return float(torch.where(whole > 0, agreed / whole, 0.0).min())  # pictures that are all the same agree in nothing


def _covariance(moments: Tensor) -> tuple[Tensor, Tensor]:
    """Covariance between the ends of each pair, and the root of the product of both ends' variances."""
    one, two = moments[:, 1 : 1 + WIDTH], moments[:, 1 + WIDTH : 1 + 2 * WIDTH]
    squares, products = moments[:, 1 + 2 * WIDTH : 3 + 2 * WIDTH], moments[:, 3 + 2 * WIDTH :]
    cross = products.view(-1, WIDTH, WIDTH) - one[:, :, None] * two[:, None, :]
    spread = squares - torch.stack([one.square().sum(dim=1), two.square().sum(dim=1)], dim=1)
    return cross, spread.clamp(min=0).prod(dim=1).sqrt()
