"""Kernel distance (KID): do the mean, spread and skew of the two clouds agree, without a bias at small n?"""

import math
from dataclasses import dataclass

import torch
from jaxtyping import Float
from scipy import stats
from torch import Tensor

from collapse_metrics._checks import check_feature_sets, check_rows
from collapse_metrics._registry import metric

ROWS = 512
"""Rows of a kernel matrix held at once: 512 x 10,000 float64 is 41 MB."""


def kid_interval(
    *,
    real: Float[Tensor, "n_real dim"],
    fake: Float[Tensor, "n_fake dim"],
    degree: int = 3,
    level: float = 0.95,
) -> tuple[float, float]:
    r"""Interval for what the generator scores on average against these real samples.

    With the real samples fixed, the score estimates a squared distance :math:`D` of two means, less a constant. An
    estimate of a squared distance scatters the more the larger the distance is: its variance is
    :math:`a + 4 \lambda D / m`, with :math:`a` what is left at distance 0 and :math:`\lambda` the variance of the
    samples in the direction in which the means differ. So the interval holds every :math:`D` that lies within the
    normal quantile of the estimate *in its own standard deviation*, as Wilson's does for a share. A normal
    interval with the estimated variance missed the average score of a perfect generator in a third of all cases.
    """
    _check(real, fake, degree)
    sums, m = _sums(real, fake, degree), len(fake)
    apart = sums.value + sums.real_noise
    witness = (sums.fake + sums.fake_own) / m - sums.to_real
    # The same plug-in means above and below: their ratio is a variance in the direction that they span.
    plug_in = (witness.mean() - sums.to_real.mean()).item() + sums.within_real + sums.real_noise
    direction = witness.var().item() / plug_in if plug_in > 0 else 0.0
    offset = sums.fake / (m - 1) - sums.fake.mean() / (m - 1) / 2
    squares = sums.fake_squares - 4 * offset @ sums.fake + 2 * (m - 2) * offset @ offset + 2 * offset.sum().square()
    at_zero = 2 * max(0.0, squares.item()) / (m * (m - 1)) ** 2
    quantile = float(stats.norm.ppf((1 + level) / 2)) ** 2
    move = 2 * quantile * direction / m
    half = math.sqrt(max(0.0, move * (2 * apart + move) + quantile * at_zero))
    return min(sums.value, sums.value + move - half), max(sums.value, sums.value + move + half)


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
class _Kernel:
    """The polynomial kernel less its value at the centre of the real data.

    Around the centre a kernel value is a constant, which cancels between the sets, plus terms of the size of the
    differences. In sums of raw values the constant of features near 1,000 would leave no digit of the rest.
    """

    centre: Tensor
    degree: int

    def pairs(self, rows: Tensor, others: Tensor) -> Tensor:
        """Of every row with every other; both given around the centre."""
        return self._lift(torch.addmm((others @ self.centre)[None] + (rows @ self.centre)[:, None], rows, others.T))

    def own(self, rows: Tensor) -> Tensor:
        """Of every row with itself."""
        return self._lift(2 * rows @ self.centre + rows.square().sum(dim=1))

    def _lift(self, change: Tensor) -> Tensor:
        base = 1 + (self.centre.square().mean()).item()
        weights = [math.comb(self.degree, power) * base ** (self.degree - power) for power in range(self.degree + 1)]
        change.div_(len(self.centre))
        powers = torch.full_like(change, weights[-1])
        for weight in weights[-2:0:-1]:
            powers.mul_(change).add_(weight)
        return powers.mul_(change)


@dataclass(frozen=True)
class _Sums:
    """Kernel values of two samples, added up; of generated samples one by one.

    ``within_real``: mean over pairs. ``real_noise``: by how much the mean of so many real samples is apart from the
    mean of all, squared. ``to_real``: mean with the real ones. ``fake``: sum with the other generated ones,
    ``fake_own`` with itself, ``fake_squares`` sum of squares over all ordered pairs.
    """

    within_real: float
    real_noise: float
    to_real: Tensor
    fake: Tensor
    fake_own: Tensor
    fake_squares: Tensor

    @property
    def value(self) -> float:
        m = len(self.fake)
        return self.within_real + (self.fake.sum() / (m * (m - 1)) - 2 * self.to_real.mean()).item()


def _sums(real: Tensor, fake: Tensor, degree: int) -> _Sums:
    real, fake, n = real.detach(), fake.detach(), len(real)
    centre = real.double().mean(dim=0)
    kernel = _Kernel(centre, degree)
    x, y = real.double() - centre, fake.double() - centre
    real_sums, _ = _pair_sums(x, kernel)
    within_real = real_sums.sum().item() / (n * (n - 1))
    real_noise = (kernel.own(x).mean().item() - within_real) / n
    to_real = torch.cat([kernel.pairs(part, x).mean(dim=1) for part in y.split(ROWS)])
    fake_sums, fake_squares = _pair_sums(y, kernel)
    return _Sums(within_real, real_noise, to_real, fake_sums, kernel.own(y), fake_squares)


def _pair_sums(x: Tensor, kernel: _Kernel) -> tuple[Tensor, Tensor]:
    """Of every row the sum over its pairs with other rows, and of all ordered pairs the sum of squares."""
    sums, squares = torch.zeros_like(x[:, 0]), torch.zeros_like(x[0, 0])
    for start in range(0, len(x), ROWS):
        block = kernel.pairs(x[start : start + ROWS], x[start:])
        size = len(block)
        block[:, :size].fill_diagonal_(0.0)
        sums[start : start + size] += block.sum(dim=1)
        sums[start + size :] += block[:, size:].sum(dim=0)
        squares += 2 * block.square().sum() - block[:, :size].square().sum()
    return sums, squares
