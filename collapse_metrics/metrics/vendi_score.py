"""Vendi score: how many entirely different samples would be as varied as these?"""

import math

import torch
from jaxtyping import Float
from torch import Tensor

from collapse_metrics._checks import check_feature_sets, check_rows
from collapse_metrics._registry import metric
from collapse_metrics.metrics._kernels import Kernel, check_kernel, gaussian_blocks
from collapse_metrics.metrics._spectrum import directions, spectrum

AS_GOOD_AS_ONE = 1e-8
"""Orders nearer to 1 are taken as 1: the general formula divides by their distance and would hand out rounding."""


@metric(
    best=math.inf,
    collapsed=1.0,
    span=(1.0, math.inf),
    unmoved_by=("turn", "scale"),
    paper="https://arxiv.org/abs/2210.02410",
)
def vendi_score(
    *,
    fake: Float[Tensor, "n_fake dim"],
    q: float = 1.0,
    kernel: Kernel = "cosine",
    bandwidth: float | None = None,
) -> float:
    r"""Effective number of different samples: the Hill number of the eigenvalues of the kernel matrix.

    The ``n`` eigenvalues of the kernel matrix over ``n`` are not negative and sum to one, like shares of kinds. Their
    Hill number :math:`(\sum_i \lambda_i^q)^{1/(1-q)}` is 1 when all samples are alike and ``n`` when no two are. The
    order ``q`` says how much a rare kind counts: at 0 as much as a frequent one, at infinity not at all.

    Reading the number:
        - **Healthy**: what as many real samples score. It grows with the sample size for a long while yet: a normal
          law in 16 dimensions scores about 290 with 400 samples and 785 with 1,500 (gaussian kernel, bandwidth 2).
        - **Collapsed**: 1. With modes at right angles, the number of those still alive.
        - **Blind to** near copies under noise: 400 pictures behind 1,000 samples, jittered, score *more* than 1,000
          different ones. With the cosine, to the length of the features.
        - **Compare only** scores of equal ``n_fake``, ``q``, kernel, bandwidth and embedder. ``rke`` is the relative
          of order 2 that may be compared across sample sizes.

    Args:
        fake: Features of generated samples.
        q: Order, 0 or more; ``math.inf`` is allowed.
        kernel: ``"cosine"`` of the angle between two rows as seen from the origin, or ``"gaussian"``,
            ``exp(-distance ** 2 / (2 * bandwidth ** 2))``.
        bandwidth: Distance at which the gaussian kernel counts two samples as different. Fix it on real data.

    Returns:
        The number of samples, from 1 to ``n_fake``.

    Raises:
        ValueError: If ``fake`` is empty or holds NaN or infinity, ``q`` is negative or not a number, the kernel is
            not known, it lacks its bandwidth or does not use one, or the cosine meets a row of zeros.

    Cost:
        ``cosine``: time ``n_fake * dim * min(n_fake, dim) + min(n_fake, dim) ** 3``, memory
        ``min(n_fake, dim) ** 2``. ``gaussian``: time ``n_fake ** 2 * dim + n_fake ** 3`` and memory ``n_fake ** 2``,
        save for ``q=2``, which needs no eigenvalues.

    Example:
        >>> import torch
        >>> kinds = torch.eye(4).repeat(50, 1)
        >>> round(vendi_score(fake=kinds), 3), round(vendi_score(fake=kinds[:1].repeat(50, 1)), 3)
        (4.0, 1.0)
        >>> uneven = torch.eye(2).repeat_interleave(torch.tensor([90, 10]), dim=0)
        >>> [round(vendi_score(fake=uneven, q=q), 3) for q in (0.0, 1.0, 2.0, math.inf)]
        [2.0, 1.384, 1.22, 1.111]

    Reference:
        Friedman and Dieng, *The Vendi Score*, TMLR 2023; the orders: Pasarkar and Dieng, *Cousins of the Vendi
        Score*, AISTATS 2024. Of their program (vendi-score 0.0.3) ``score_dual`` agrees with us at every finite order
        from 0.5 on; ``score_X`` hands out order 1 whatever ``q`` is asked, ``q=np.inf`` gives NaN (the *word* "inf"
        is wanted there), rows of zeros pass unnoticed with a score too high, and at orders near 0 eigenvalues that
        are rounding count as kinds: here they are zero.
    """
    if not q >= 0:
        raise ValueError(f"`q` is an order and must be 0 or more, got {q}: 1 is the usual one, math.inf the largest.")
    width = check_kernel(kernel, bandwidth)
    check_feature_sets(fake=fake)
    check_rows(1, fake=fake)
    n = len(fake)
    if q == 2:  # the sum of squared eigenvalues is the sum of squared entries
        return min(float(n), max(1.0, n * n / _sum_of_squares(fake, kernel, width)))
    if kernel == "cosine":
        gram = directions(fake).gram
    else:
        gram = torch.cat([block for _, block in gaussian_blocks(fake, width)])
    return min(float(n), max(1.0, _hill_number(spectrum(gram) / n, q)))


def _sum_of_squares(fake: Tensor, kernel: Kernel, width: float) -> float:
    if kernel == "cosine":
        return directions(fake).gram.square().sum().item()
    return sum(block.square_().sum().item() for _, block in gaussian_blocks(fake, width))


def _hill_number(shares: Tensor, q: float) -> float:
    logs = shares[shares > 0].log()
    if math.isinf(q):
        return math.exp(-logs.max().item())
    if abs(q - 1) < AS_GOOD_AS_ONE:
        return math.exp(-(logs.exp() * logs).sum().item())
    return math.exp(torch.logsumexp(q * logs, dim=0).item() / (1 - q))
