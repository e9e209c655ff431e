"""Which metrics say no more than moments do? Each read from them as its function reads it from all samples."""

import math
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

import torch
from torch import Tensor

from collapse_metrics._checks import check_rows
from collapse_metrics.metrics._kernels import Kernel, check_kernel
from collapse_metrics.metrics._screen import SAME_POINT
from collapse_metrics.metrics._spectrum import spectrum
from collapse_metrics.metrics.frechet_distance import frechet_from_moments
from collapse_metrics.metrics.rke import ROUNDING
from collapse_metrics.metrics.vendi_score import AS_GOOD_AS_ONE

if TYPE_CHECKING:
    from collapse_metrics.streaming.moments import Moments


def _frechet_distance(seen: "Moments") -> float:
    real = seen.fixed["real"]
    return frechet_from_moments(real[0, 1:-1], real[1:, 1:-1] / (real[0, 0] - 1), seen.mean, seen.covariance)


def _effective_rank(seen: "Moments") -> float:
    _need(2, seen)
    if _copies(seen):
        return 0.0
    return _hill_number(spectrum(seen.scatter), 1.0)


def _participation_ratio(seen: "Moments", *, unbiased: bool = True) -> float:
    _need(4 if unbiased else 2, seen)
    if _copies(seen):
        return 0.0
    n, dim = seen.n, float(len(seen.mean))
    top, bottom = float(seen.covariance.trace()) ** 2, float(seen.covariance.square().sum())
    if unbiased:  # the sums of Himeno and Yamada, but for a factor that both share
        fourth = n * seen.fourth_powers / (n - 1)
        top, bottom = (
            2 * bottom + (n * n - 3 * n + 1) * top - fourth,
            (n - 1) * (n - 2) * bottom + top - fourth,
        )
    return min(dim, max(1.0, top / bottom)) if bottom > 0 else dim


def _rke(seen: "Moments", *, kernel: Kernel = "cosine", bandwidth: float | None = None) -> float:
    check_kernel(kernel, bandwidth)
    _need(2, seen)
    n = seen.n
    pairs = n * n * seen.second_moment.square().sum().item() - n  # without each row's 1 with itself
    return max(1.0, n * (n - 1) / pairs) if pairs > ROUNDING * n else math.inf


def _vendi_score(
    seen: "Moments", *, q: float = 1.0, kernel: Kernel = "cosine", bandwidth: float | None = None
) -> float:
    if not q >= 0:
        raise ValueError(f"`q` is an order and must be 0 or more, got {q}: 1 is the usual one, math.inf the largest.")
    check_kernel(kernel, bandwidth)
    return max(1.0, _hill_number(spectrum(seen.second_moment), q))


def _hill_number(weights: Tensor, q: float) -> float:
    """Effective number of weights, of order ``q``."""
    logs = (weights[weights > 0] / weights.sum()).log()
    if math.isinf(q):
        return math.exp(-logs.max().item())
    if abs(q - 1) < AS_GOOD_AS_ONE:
        return math.exp(-(logs.exp() * logs).sum().item())
    return math.exp(torch.logsumexp(q * logs, dim=0).item() / (1 - q))


def _need(least: int, seen: "Moments") -> None:
    check_rows(least, fake=torch.empty(seen.n, 0))


def _copies(seen: "Moments") -> bool:
    """Whether all samples differ by no more than rounding."""
    scatter, about_mean = float(seen.scatter.trace()), seen.n * float(seen.mean.square().sum())
    return scatter <= SAME_POINT * (scatter + about_mean)


READ: Mapping[str, Callable[..., float]] = {
    "frechet_distance": _frechet_distance,
    "effective_rank": _effective_rank,
    "participation_ratio": _participation_ratio,
    "rke": _rke,
    "vendi_score": _vendi_score,
}
"""How each metric is read from moments."""

UNIT = frozenset({"rke", "vendi_score"})
"""Those of them that ask for the moments of unit rows."""
