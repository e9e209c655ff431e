"""Moments: what are the mean and the covariance of samples that have gone by?"""

from typing import Any

import torch
from jaxtyping import Float
from torch import Tensor

from collapse_metrics._checks import check_feature_sets, check_rows
from collapse_metrics.streaming._base import Accumulator
from collapse_metrics.streaming._from_moments import READ


class Moments(Accumulator):
    r"""Number, mean and centred moments of rows, in float64.

    Batches are combined about their own means (Chan, Golub, LeVeque 1979), so that nothing is lost where features
    lie far from the origin. The one state is a table of ``dim + 1`` rows: first the number, the mean, and
    :math:`\sum |x - \bar x|^4`; below, for each feature, :math:`\sum |x - \bar x|^2 (x - \bar x)` and
    :math:`\sum (x - \bar x)(x - \bar x)^T`.

    Args:
        unit: Whether rows are first brought to length 1, and moments taken about zero instead of the mean. The second
            moment then has the eigenvalues of the matrix of cosines of all samples, over ``n``.
        real: Moments of the real rows that the samples are compared with, from ``table`` of another one.

    Example:
        >>> import torch
        >>> seen = Moments()
        >>> seen.update(torch.tensor([[1000.0, 0.0], [1002.0, 0.0]]))
        >>> seen.update(torch.tensor([[1004.0, 3.0]]))
        >>> seen.mean.tolist(), seen.covariance.tolist()
        ([1002.0, 1.0], [[4.0, 3.0], [3.0, 3.0]])
    """

    def __init__(self, *, unit: bool = False, real: Tensor | None = None) -> None:
        self.unit = unit
        fixed = {} if real is None else {"real": real}
        super().__init__({"moments": (torch.empty(0, dtype=torch.float64), "cat")}, fixed, unit=unit)

    @classmethod
    def of(cls, rows: Float[Tensor, "n dim"]) -> "Moments":
        """The moments of these rows."""
        seen = cls()
        seen.update(rows)
        return seen

    @property
    def n(self) -> int:
        """How many samples have gone by."""
        return int(self.states["moments"][0, 0, 0]) if len(self.states["moments"]) else 0

    @property
    def table(self) -> Float[Tensor, "rows columns"]:
        """Everything that is kept, as the class describes it."""
        check_rows(1, fake=torch.empty(self.n, 0))
        return self.states["moments"][0]

    @property
    def mean(self) -> Float[Tensor, " dim"]:
        """Mean row."""
        return self._centred()[0, 1:-1]

    @property
    def scatter(self) -> Float[Tensor, "dim dim"]:
        """Sum of every row's product with itself, about the mean."""
        return self._centred()[1:, 1:-1]

    @property
    def covariance(self) -> Float[Tensor, "dim dim"]:
        """Covariance, over ``n - 1``."""
        check_rows(2, fake=torch.empty(self.n, 0))
        return self.scatter / (self.n - 1)

    @property
    def fourth_powers(self) -> float:
        """Sum of the fourth powers of the distances from the mean."""
        return float(self._centred()[0, -1])

    @property
    def second_moment(self) -> Float[Tensor, "dim dim"]:
        """Mean of every row's product with itself, about zero."""
        mean = self.table[0, 1:-1]  # zero for unit rows, which are taken about zero
        return self.table[1:, 1:-1] / self.n + torch.outer(mean, mean)

    @property
    def mean_squared_distance(self) -> float:
        """Mean squared distance over all pairs of different rows: twice the trace of the covariance."""
        return 2 * float(self.covariance.trace())

    def update(self, fake: Any) -> None:
        """Take a batch of feature rows."""
        self._check(fake)
        rows = torch.as_tensor(fake).detach().double()
        if not len(rows):
            return
        if self.unit:
            rows = rows / torch.linalg.vector_norm(rows, dim=1, keepdim=True)
        mean = rows.new_zeros(rows.shape[1]) if self.unit else _mean(rows)
        batch = _table(rows - mean, mean).to(self.states["moments"].device)
        self.states["moments"] = torch.cat([self.states["moments"].reshape(-1, *batch.shape), batch[None]])
        self.fold()

    def fold(self) -> None:
        """Combine the moments of several parts."""
        parts = self.states["moments"]
        if len(parts) > 1:
            self.states["moments"] = _combined(parts)[None]

    def result(self, name: str, **options: Any) -> float:
        """The metric of this name, of everything that has gone by."""
        if name not in READ:
            raise ValueError(f"one of {', '.join(READ)} is needed, got {name!r}.")
        self.check_seen()
        return READ[name](self, **options)

    def _check(self, fake: Any) -> None:
        rows = torch.as_tensor(fake)
        check_feature_sets(fake=rows)
        for table in (*self.states["moments"], *self.fixed.values()):
            if rows.shape[1] != len(table) - 1:
                raise ValueError(
                    f"rows must have the {len(table) - 1} features of those before, got {rows.shape[1]}: use one "
                    "embedder throughout."
                )
        if self.unit and (torch.linalg.vector_norm(rows, dim=1) == 0).any():
            raise ValueError("`fake` has rows of zeros, which point nowhere: cosines need rows of some length.")

    def _centred(self) -> Tensor:
        if self.unit:
            raise ValueError("moments of unit rows are taken about zero, there is no mean: make them with unit=False.")
        return self.table


def _mean(rows: Tensor) -> Tensor:
    # Around the first row: the mean of equal rows is that row, to the last digit.
    return rows[0] + (rows - rows[0]).mean(dim=0)


def _table(centred: Tensor, mean: Tensor) -> Tensor:
    squares = centred.square().sum(dim=1)
    table = centred.new_zeros(len(mean) + 1, len(mean) + 2)
    table[0, 0], table[0, 1:-1], table[0, -1] = len(centred), mean, squares.square().sum()
    table[1:, 0], table[1:, 1:-1] = centred.T @ squares, centred.T @ centred
    return table


def _combined(parts: Tensor) -> Tensor:
    """One table of several: every part is moved to the mean of all."""
    n, means, scatter, cubes = parts[:, 0, 0], parts[:, 0, 1:-1], parts[:, 1:, 1:-1], parts[:, 1:, 0]
    mean = means[0] + (n[:, None] * (means - means[0])).sum(dim=0) / n.sum()
    off = mean - means
    far = off.square().sum(dim=1)
    spread = scatter.diagonal(dim1=1, dim2=2).sum(dim=1)
    along = (scatter @ off[:, :, None])[:, :, 0]
    table = torch.zeros_like(parts[0])
    table[0, 0], table[0, 1:-1] = n.sum(), mean
    table[1:, 1:-1] = scatter.sum(dim=0) + (n[:, None] * off).T @ off
    # Of |x - off|^2 (x - off) and |x - off|^4, summed over rows x with mean zero.
    table[1:, 0] = (cubes - 2 * along - (spread + n * far)[:, None] * off).sum(dim=0)
    fourth = parts[:, 0, -1] - 4 * (off * cubes).sum(dim=1) + 4 * (off * along).sum(dim=1)
    table[0, -1] = (fourth + 2 * far * spread + n * far.square()).sum()
    return table
