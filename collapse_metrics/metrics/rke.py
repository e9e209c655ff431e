"""RKE: among how many equally frequent, entirely different kinds of samples would a pair be as alike as here?"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from collapse_metrics._checks import check_feature_sets, check_rows
from collapse_metrics._registry import metric
from collapse_metrics.metrics._kernels import Kernel, check_kernel, gaussian_blocks
from collapse_metrics.metrics._spectrum import directions
from collapse_metrics.stats.u_statistics import log_interval, pair_mean_error

ROUNDING = 1e-13
"""Share of the rows' likeness with themselves that is rounding: a few hundred times that of one float64 product."""


def _interval(
    *, fake: Tensor, kernel: Kernel = "cosine", bandwidth: float | None = None, level: float = 0.95
) -> tuple[float, float]:
    """By the variance of a U-statistic, on the scale of logarithms."""
    width = _checked(fake, kernel, bandwidth)
    if kernel == "cosine":
        cloud = directions(fake)
        sums = cloud.energies(cloud.gram)
    else:
        sums = torch.cat([block.square_().sum(dim=1) for _, block in gaussian_blocks(fake, width)])
    likeness = _likeness(sums.sum().item(), len(fake))
    if likeness == 0:
        return 1.0, math.inf
    error = pair_mean_error(((sums - 1) / (len(fake) - 1)).cpu().numpy())
    low, high = log_interval(_count_of_kinds(likeness), error / likeness, level=level)
    return max(low, 1.0), high


@metric(
    best=math.inf,
    collapsed=1.0,
    span=(1.0, math.inf),
    unmoved_by=("turn", "scale"),
    interval=_interval,
    paper="https://openreview.net/forum?id=PdZhf6PiAb",
)
def rke(*, fake: Float[Tensor, "n_fake dim"], kernel: Kernel = "cosine", bandwidth: float | None = None) -> float:
    r"""Effective number of different kinds of samples: one over the mean squared likeness of two samples.

    Two samples of one kind are alike (kernel 1), two of different kinds are not (kernel 0). With ``m`` kinds,
    equally frequent, a pair falls into one kind with probability ``1 / m``, so ``m`` is one over the mean of the
    squared kernel over pairs. The mean is taken over pairs of *different* rows, so that it estimates the same number
    at any sample size.

    Reading the number:
        - **Healthy**: what real data score with the same kernel and embedder; there is no number good for all data.
          With eight tight modes at right angles, 8.
        - **Collapsed**: 1. With equal modes, the number of those still alive.
        - **Blind to** rare modes: a mode of share ``p`` adds ``p ** 2`` to the likeness. And to near copies of many
          pictures: noise on the samples *raises* it, so read ``distinct_neighbours`` beside it. With the cosine, to
          the length of the features.
        - **Compare only** scores of one kernel, bandwidth and embedder; any sample size.

    Args:
        fake: Features of generated samples.
        kernel: ``"cosine"`` of the angle between two rows as seen from the origin, or ``"gaussian"``,
            ``exp(-distance ** 2 / (2 * bandwidth ** 2))``.
        bandwidth: Distance at which the gaussian kernel counts two samples as different. Fix it on real data.

    Returns:
        The number of kinds, at least 1; infinite where no two samples have anything in common.

    Raises:
        ValueError: If ``fake`` holds NaN or infinity or fewer than two rows, the kernel is not known, it lacks its
            bandwidth or does not use one, or the cosine meets a row of zeros.

    Cost:
        ``cosine``: time ``n_fake * dim * min(n_fake, dim)``, memory ``min(n_fake, dim) ** 2``; ``gaussian``: time
        ``n_fake ** 2 * dim``, memory one block of distances.

    Example:
        Four kinds, each drawn fifty times, and what is left of them when one remains:

        >>> import torch
        >>> kinds = torch.eye(4).repeat(50, 1)
        >>> round(rke(fake=kinds), 3)
        4.061
        >>> rke(fake=kinds[:1].repeat(50, 1))
        1.0

    Reference:
        Jalali, Li, Farnia, *An Information-Theoretic Evaluation of Generative Models in Learning Multi-modal
        Distributions*, NeurIPS 2023 (RKE-MC). Their program divides by ``n ** 2`` and counts every row as a pair with
        itself, which pulls the score down to at most ``n``: 400 rows of a 16-dimensional normal law, of which 256
        would be true (bandwidth 2), score 156 there and 256 on average here. From a score of theirs ``r``, ours is
        ``(n - 1) / (n / r - 1)``. Samples of *exactly* equal make-up, as in the example, lie above the number of
        kinds, because a pair without replacement meets its own kind a little less often.
    """
    width = _checked(fake, kernel, bandwidth)
    if kernel == "cosine":
        total = directions(fake).gram.square().sum().item()
    else:
        total = sum(block.square_().sum().item() for _, block in gaussian_blocks(fake, width))
    return _count_of_kinds(_likeness(total, len(fake)))


def _checked(fake: Tensor, kernel: Kernel, bandwidth: float | None) -> float:
    width = check_kernel(kernel, bandwidth)
    check_feature_sets(fake=fake)
    check_rows(2, fake=fake)
    return width


def _likeness(total: float, n: int) -> float:
    """Mean over pairs of different rows, from the sum over all pairs, in which every row also meets itself."""
    others = total - n
    return others / (n * (n - 1)) if others > ROUNDING * n else 0.0


def _count_of_kinds(likeness: float) -> float:
    """One over the likeness; without any likeness the kinds have no end."""
    return max(1.0, 1 / likeness) if likeness > 0 else math.inf
