"""In how many directions does a set spread? Sums of products of rows, in float64 and block by block."""

from collections.abc import Iterator
from functools import cached_property

import torch
from torch import Tensor

from collapse_metrics.metrics._kernels import lengths
from collapse_metrics.metrics._screen import SAME_POINT

BLOCK = 2048
"""Rows, or columns, held in float64 at once: 2048 x 2048 is 34 MB. The whole set may not fit twice."""


class Cloud:
    """Rows moved by one centre and shrunk each by its own length; in float64, of which a block exists at a time."""

    def __init__(self, rows: Tensor, *, centre: Tensor | None = None, length: Tensor | None = None) -> None:
        self.rows, self.centre, self.length = rows.detach(), centre, length

    def __len__(self) -> int:
        return len(self.rows)

    def parts(self) -> Iterator[Tensor]:
        """Blocks of whole rows."""
        for start in range(0, len(self), BLOCK):
            yield self._cut(slice(start, start + BLOCK), slice(None))

    @cached_property
    def gram(self) -> Tensor:
        """The smaller one of ``X.T @ X`` and ``X @ X.T``; both have the same eigenvalues but for zeros."""
        side = min(self.rows.shape)
        total = torch.zeros(side, side, dtype=torch.float64, device=self.rows.device)
        if self._tall:
            for part in self.parts():
                total.addmm_(part.T, part)
        else:
            for start in range(0, self.rows.shape[1], BLOCK):
                part = self._cut(slice(None), slice(start, start + BLOCK))
                total.addmm_(part, part.T)
        return total

    def energies(self, gram: Tensor) -> Tensor:
        """Of every row, the sum of its squared products with all rows, itself included."""
        if self._tall:
            return torch.cat([((part @ gram) * part).sum(dim=1) for part in self.parts()])
        return gram.square().sum(dim=1)

    def squared_lengths(self) -> Tensor:
        """Of every row, its squared length."""
        return torch.cat([part.square().sum(dim=1) for part in self.parts()])

    def pull(self, weights: Tensor) -> Tensor:
        """Of every row, its product with the weighted sum of all rows."""
        starts = range(0, len(self), BLOCK)
        parts = zip(self.parts(), starts, strict=True)
        total = torch.stack([weights[start : start + BLOCK] @ part for part, start in parts]).sum(dim=0)
        return torch.cat([part @ total for part in self.parts()])

    @property
    def _tall(self) -> bool:
        return self.rows.shape[1] <= len(self)

    def _cut(self, rows: slice, columns: slice) -> Tensor:
        part = self.rows[rows, columns].double()
        if self.centre is not None:
            part = part - self.centre[columns]
        if self.length is not None:
            part = part / self.length[rows, None]
        return part


def directions(rows: Tensor) -> Cloud:
    """The rows shrunk to length one: their products are cosines."""
    return Cloud(rows, length=lengths(rows))


def centred(rows: Tensor) -> Cloud | None:
    """The rows around their mean; none where they differ by no more than rounding."""
    # Around the first row first: copies then give exact zeros, and rows far from the origin keep their digits.
    first = rows[0].detach().double()
    around_first = Cloud(rows, centre=first)
    centre = first + torch.stack([part.sum(dim=0) for part in around_first.parts()]).sum(dim=0) / len(rows)
    cloud = Cloud(rows, centre=centre)
    if cloud.squared_lengths().sum() <= SAME_POINT * Cloud(rows).squared_lengths().sum():
        return None
    return cloud


def spectrum(gram: Tensor) -> Tensor:
    """Eigenvalues, of which those that are rounding are exactly zero."""
    found: Tensor = torch.linalg.eigvalsh(gram)
    noise = found[-1] * len(found) * torch.finfo(found.dtype).eps
    return torch.where(found > noise, found, 0.0)
