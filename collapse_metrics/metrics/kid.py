"""Kernel distance (KID): do the mean, spread and skew of the two clouds agree, without a bias at small n?"""

import math
from collections.abc import Callable
from dataclasses import dataclass

import torch
from jaxtyping import Float
from torch import Tensor

from collapse_metrics._checks import check_feature_sets, check_rows
from collapse_metrics._registry import metric
from collapse_metrics.stats.u_statistics import normal_interval

ROWS = 512
"""Rows of a kernel matrix held at once: 512 x 10,000 float64 is 41 MB."""


def kid_interval(
    *,
    real: Float[Tensor, "n_real dim"],
    fake: Float[Tensor, "n_fake dim"],
    degree: int = 3,
    level: float = 0.95,
) -> tuple[float, float]:
    """Interval for what the generator scores on average against these real samples.

    With the real samples fixed, the score is a mean over pairs of generated ones; its variance is estimated without
    bias, the second-order term included, which is the larger one for a good generator.
    """
    _check(real, fake, degree)
    sums = _sums(real, fake, degree)
    value, m = sums.value, len(fake)
    if m < 4:
        return -math.inf, math.inf
    # A pair of fakes counts as its kernel less what both have in common with the real data, around the score.
    offset = sums.to_real + (value - sums.within_real) / 2
    rows = sums.fake - (m - 1) * offset - (offset.sum() - offset)
    squares = (
        sums.fake_squares
        - 4 * (offset * sums.fake).sum()
        + 2 * (m - 2) * offset.square().sum()
        + 2 * offset.sum().square()
    )
    # The square of the mean less the unbiased estimate of its squared expectation from pairs that share no sample.
    variance = (4 * rows.square().sum() - 2 * squares).item() / (m * (m - 1) * (m - 2) * (m - 3))
    return normal_interval(value, math.sqrt(max(0.0, variance)), level=level)


@metric(
    best=0.0,
    collapsed=math.inf,
    paper="https://arxiv.org/abs/1801.01401",
    unmoved_by={"turn"},
    span=(-math.inf, math.inf),
    interval=kid_interval,
)
def kid(*, real: Float[Tensor, "n_real dim"], fake: Float[Tensor, "n_fake dim"], degree: int = 3) -> float:
    r"""Unbiased squared distance of the two kernel means, for the kernel :math:`(x^\top y / d + 1)^3`.

    The mean kernel of two real samples plus that of two generated ones, less twice that of one of each; a sample
    is never paired with itself. With features of the Inception network this is the KID. Degree 3 sees the first
    three moments of all features together.

    Reading the number:
        - **Healthy**: 0 on average at *every* sample size, so half the time a little below. Its interval says whether
          it is credibly above.
        - **Collapsed**: as large as the features are far from their origin; there is no fixed end.
        - **Blind to** near copies: 400 different pictures behind 1,000 samples hardly move it, and it cannot tell a
          dropped mode from a wrong proportion or from noise. It *rewards* copies of the training data.
        - **Compare only** scores with the same embedder and ``degree``, and the same origin and scale of the
          features; sample sizes may differ.

    Args:
        real: Features of real samples.
        fake: Features of generated samples, from the same embedder.
        degree: Of the polynomial kernel.

    Returns:
        The squared distance; below 0 by chance.

    Raises:
        ValueError: If the sets differ in dimension, hold NaN or infinity, or have fewer than two rows, or if
            ``degree`` is below 1.

    Cost:
        Time ``(n_real ** 2 / 2 + n_real * n_fake + n_fake ** 2 / 2) * dim``; memory a block of kernel values.

    Example:
        >>> import torch
        >>> line = torch.arange(10.0)[:, None]
        >>> round(kid(real=line, fake=line + 1, degree=1), 6)
        -0.833333
        >>> round(kid(real=line, fake=line + 3, degree=1), 6)
        7.166667

    Reference:
        Binkowski, Sutherland, Arbel, Gretton, *Demystifying MMD GANs*, ICLR 2018. Published programs average a hundred
        random subsets of 1,000 rows and give the scatter of the subsets as if it were an error; we take all pairs
        once, which is the same on average and scatters less, and give an interval. For one subset of all rows the
        numbers agree. The constant part of the kernel cancels and is left out: features far from 0 keep their digits.
    """
    _check(real, fake, degree)
    return _sums(real, fake, degree).value


def _check(real: Tensor, fake: Tensor, degree: int) -> None:
    check_feature_sets(real=real, fake=fake)
    check_rows(2, real=real, fake=fake)
    if degree < 1:
        raise ValueError(f"`degree` of the kernel must be at least 1, got {degree}: 3 is usual.")


@dataclass(frozen=True)
class _Sums:
    """Mean kernel of two real samples; of every generated one, mean with the real and sum with its siblings."""

    within_real: float
    to_real: Tensor
    fake: Tensor
    fake_squares: Tensor

    @property
    def value(self) -> float:
        m = len(self.fake)
        within_fake = self.fake.sum() / (m * (m - 1))
        return self.within_real + (within_fake - 2 * self.to_real.mean()).item()


def _sums(real: Tensor, fake: Tensor, degree: int) -> _Sums:
    # Around the mean of the real data a kernel value is a constant, which cancels, plus terms of the size of the
    # differences. In sums of raw values the constant of features near 1,000 would leave no digit of the rest.
    dim, n = real.shape[1], len(real)
    centre = sum(part.double().sum(dim=0) for part in real.detach().split(ROWS)) / n
    at_centre = 1 + (centre.square().sum() / dim).item()
    weights = [math.comb(degree, power) * at_centre ** (degree - power) for power in range(degree, 0, -1)]
    x, y = real.detach().double() - centre, fake.detach().double() - centre

    def kernel(rows: Tensor, others: Tensor) -> Tensor:
        change = torch.addmm((others @ centre)[None] + (rows @ centre)[:, None], rows, others.T).div_(dim)
        powers = torch.full_like(change, weights[0])
        for weight in weights[1:]:
            powers.mul_(change).add_(weight)
        return powers.mul_(change)

    within_real, _ = _pair_sums(x, kernel)
    fake_sums, fake_squares = _pair_sums(y, kernel)
    to_real = torch.cat([kernel(part, x).mean(dim=1) for part in y.split(ROWS)])
    return _Sums(within_real.sum().item() / (n * (n - 1)), to_real, fake_sums, fake_squares)


def _pair_sums(x: Tensor, kernel: Callable[[Tensor, Tensor], Tensor]) -> tuple[Tensor, Tensor]:
    """Of every row the sum over its pairs with other rows, and of all ordered pairs the sum of squares."""
    sums, squares = torch.zeros_like(x[:, 0]), torch.zeros_like(x[0, 0])
    for start in range(0, len(x), ROWS):
        block = kernel(x[start : start + ROWS], x[start:])
        size = len(block)
        block[:, :size].fill_diagonal_(0.0)
        sums[start : start + size] += block.sum(dim=1)
        sums[start + size :] += block[:, size:].sum(dim=0)
        squares += 2 * block.square().sum() - block[:, :size].square().sum()
    return sums, squares
