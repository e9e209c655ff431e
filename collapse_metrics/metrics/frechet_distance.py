"""Frechet distance: how far apart are the two clouds, if each is only a mean and a covariance?"""

import math
from collections.abc import Iterator

import torch
from jaxtyping import Float
from scipy.linalg import lapack
from torch import Tensor

from collapse_metrics._checks import check_feature_sets, check_rows
from collapse_metrics._registry import metric
from collapse_metrics.metrics._spectrum import spectrum

ROWS = 4096
"""Rows held in float64 at once: 4096 x 2048 is 67 MB."""

COLUMNS = 256
"""Columns of a covariance computed at once. Only the half below the diagonal is; the smaller the steps, the less is
computed twice, and below 256 the products themselves become slow."""


@metric(best=0.0, collapsed=math.inf, paper="https://arxiv.org/abs/1706.08500", unmoved_by={"shift", "turn"})
def frechet_distance(*, real: Float[Tensor, "n_real dim"], fake: Float[Tensor, "n_fake dim"]) -> float:
    r"""Squared Frechet distance of the two Gaussians that have the means and covariances of the two sets.

    .. math:: |\mu_1 - \mu_2|^2 + \mathrm{tr}\,\Sigma_1 + \mathrm{tr}\,\Sigma_2
              - 2\,\mathrm{tr}\,(\Sigma_1^{1/2} \Sigma_2\, \Sigma_1^{1/2})^{1/2}

    With features of the Inception network this is the FID. A dropped mode moves the mean and takes its directions
    out of the covariance; near copies leave hardly any covariance at all.

    Reading the number:
        - **Healthy**: far above 0. The estimate is biased by about ``1 / n``: a perfect generator with ``n`` real and
          ``n`` generated samples scores ``dim * (dim + 5) / (2 * n)`` times the variance of a white cloud; at
          ``dim=64`` that is 4.4 for 500 samples, 2.2 for 1,000. ``frechet_floor`` tells it for your data.
        - **Collapsed**: near the variance of the real data plus the squared distance to their mean.
        - **Blind to** everything beyond mean and covariance: modes may merge as long as both agree. It *rewards*
          copies of the training data, and which of dropping, shrinking and noise it was does not show.
        - **Compare only** scores with the same ``n_real``, ``n_fake`` and embedder; equal sizes do not make the
          bias of two generators equal, only similar.

    Args:
        real: Features of real samples.
        fake: Features of generated samples, from the same embedder.

    Returns:
        The distance, 0 or more, in squared units of the features.

    Raises:
        ValueError: If the sets differ in dimension, hold NaN or infinity, or have fewer than two rows.

    Cost:
        Time ``n * dim ** 2 + dim ** 3``, or ``n ** 2 * (n + dim)`` where that is less; memory six ``dim * dim``
        matrices and a block of rows.

    Example:
        >>> import torch
        >>> line = torch.arange(10.0)[:, None]
        >>> frechet_distance(real=line, fake=line + 3)
        9.0
        >>> round(frechet_distance(real=line, fake=line.flip(0)), 9)
        0.0

    Reference:
        Heusel, Ramsauer, Unterthiner, Nessler, Hochreiter, *GANs Trained by a Two Time-Scale Update Rule Converge to
        a Local Nash Equilibrium*, NeurIPS 2017; Dowson and Landau, J. Multivariate Anal. 1982, for the formula.
        Published programs take the root of the unsymmetric product of the covariances, which may come out complex,
        NaN or negative for a collapsed set; this one takes eigenvalues of a symmetric product and has no such case.
        All of it in float64 around the means: torchmetrics' float32 sums are off by half at a mean of 1,000.
    """
    check_feature_sets(real=real, fake=fake)
    check_rows(2, real=real, fake=fake)
    few, many = sorted((real, fake), key=len)
    dim = real.shape[1]
    by_rows = len(few) * len(many) * (len(few) + dim)
    by_moments = dim**2 * ((len(few) + len(many)) / 2 + 2 * min(len(few), dim))
    if by_rows > by_moments:
        return frechet_from_moments(*_moments(real), *_moments(fake))
    return _frechet_from_rows(few, many)


def frechet_from_moments(
    mean1: Float[Tensor, " dim"],
    cov1: Float[Tensor, "dim dim"],
    mean2: Float[Tensor, " dim"],
    cov2: Float[Tensor, "dim dim"],
) -> float:
    """The same distance from means and covariances, however these were gathered; in float64.

    A covariance may have any rank. Where both are of one set the distance is 0 up to rounding: a millionth of the
    variance.
    """
    apart = (mean1.double() - mean2.double()).square().sum().item()
    return _put_together(apart, cov1.double().trace().item(), cov2.double().trace().item(), _product(cov1, cov2))


def frechet_floor(*, real: Float[Tensor, "n_real dim"], n_fake: int, splits: int = 4, seed: int = 0) -> float:
    """What a perfect generator would score on average with ``n_fake`` samples against these real ones.

    The real data are halved at random and the halves compared, which sees their true shape, be it modes or heavy
    tails; the part that comes from the covariances is then scaled by ``1 / n_real + 1 / n_fake``, the law that it
    follows. The part from the means is known exactly: the variance times the same factor. Against simulations, four
    splits come within 10 % for one broad cloud, 15 % for ten distinct modes and 20 % for heavy tails, from ``n_real =
    3 * dim`` on; below that they come out up to a quarter too low, because the law no longer holds for the halves.

    Args:
        real: Features of real samples.
        n_fake: How many generated samples will be compared with them.
        splits: Random halvings to average over.
        seed: Of the halvings.

    Returns:
        The expected score of a perfect generator.

    Raises:
        ValueError: If ``real`` has fewer than four rows, or NaN or infinity, or ``n_fake`` is below 2.

    Example:
        >>> import torch
        >>> cloud = torch.randn(1000, 64, generator=torch.Generator().manual_seed(0))
        >>> round(frechet_floor(real=cloud, n_fake=1000), 1)
        2.2
    """
    check_feature_sets(real=real)
    check_rows(4, real=real)
    if n_fake < 2 or splits < 1:
        raise ValueError(f"`n_fake` must be 2 or more and `splits` 1 or more, got {n_fake} and {splits}.")
    rng = torch.Generator().manual_seed(seed)
    n, half = len(real), len(real) // 2
    variance = sum(part.square().sum().item() for part in _around(real, _mean(real))) / (n - 1)
    shapes = 0.0
    for _ in range(splits):
        order = torch.randperm(n, generator=rng).to(real.device)
        first, second = real[order[:half]], real[order[half:]]
        means_apart = (_mean(first) - _mean(second)).square().sum().item()
        shapes += (frechet_distance(real=first, fake=second) - means_apart) / splits
    in_halves = 1 / (half - 1) + 1 / (n - half - 1)
    return variance * (1 / n + 1 / n_fake) + shapes * (1 / (n - 1) + 1 / (n_fake - 1)) / in_halves


def _mean(rows: Tensor) -> Tensor:
    # Around the first row: the mean of equal rows is that row, and large offsets cost no digits.
    first = rows[0].detach().double()
    return first + torch.stack([part.sum(dim=0) for part in _around(rows, first)]).sum(dim=0) / len(rows)


def _around(rows: Tensor, centre: Tensor) -> Iterator[Tensor]:
    """Blocks of rows around a centre, in float64."""
    for part in rows.detach().split(ROWS):
        yield part.double() - centre


def _moments(rows: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and covariance, of which the lower half is computed and the upper one is its mirror."""
    mean, dim = _mean(rows), rows.shape[1]
    total = torch.zeros(dim, dim, dtype=torch.float64, device=rows.device)
    for part in _around(rows, mean):
        for start in range(0, dim, COLUMNS):
            stop = start + COLUMNS
            total[start:stop, :stop].addmm_(part[:, start:stop].T, part[:, :stop])
    lower = total.tril_().div_(len(rows) - 1)
    return mean, lower + lower.tril(-1).T


def _product(cov1: Tensor, cov2: Tensor) -> Tensor:
    """``L.T @ cov2 @ L`` with ``L @ L.T = cov1``: it has the eigenvalues of ``cov1 @ cov2`` and is symmetric."""
    # Pivots, because a collapsed set spans few directions, and a plain Cholesky factor of it does not exist.
    packed, order, rank, _ = lapack.dpstrf(cov1.detach().double().cpu().numpy(), lower=1)
    factor = torch.zeros(len(cov1), rank, dtype=torch.float64, device=cov1.device)
    factor[torch.from_numpy(order.astype("int64") - 1)] = torch.from_numpy(packed).to(cov1.device).tril()[:, :rank]
    return factor.T @ cov2.double() @ factor


def _frechet_from_rows(few: Tensor, many: Tensor) -> float:
    """Where there are fewer rows than features: the products of rows hold all that the covariances hold."""
    mean1, mean2 = _mean(few), _mean(many)
    rows = (few.detach().double() - mean1) / math.sqrt(len(few) - 1)
    seen = torch.zeros(len(few), len(few), dtype=torch.float64, device=few.device)
    trace = 0.0
    for part in _around(many, mean2):
        trace += part.square().sum().item() / (len(many) - 1)
        products = rows @ part.T
        seen.addmm_(products, products.T, alpha=1 / (len(many) - 1))
    return _put_together((mean1 - mean2).square().sum().item(), rows.square().sum().item(), trace, seen)


def _put_together(apart: float, trace1: float, trace2: float, product: Tensor) -> float:
    """The distance, given the product of the covariances in any symmetric form: the trace of its root."""
    root = spectrum(product).sqrt().sum().item() if len(product) else 0.0
    return apart + max(0.0, trace1 + trace2 - 2 * root)
