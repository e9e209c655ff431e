"""Effective rank: in how many directions do the samples differ?"""

import math

from jaxtyping import Float
from torch import Tensor

from collapse_metrics._checks import check_feature_sets, check_rows
from collapse_metrics._registry import metric
from collapse_metrics.metrics._spectrum import centred, spectrum


@metric(
    best=math.inf, collapsed=0.0, paper="https://www.eurasip.org/Proceedings/Eusipco/Eusipco2007/Papers/a5p-h05.pdf"
)
def effective_rank(*, fake: Float[Tensor, "n_fake dim"]) -> float:
    """Number of equally strong directions that would be as disordered: the exponential of the spectrum's entropy.

    The eigenvalues of the samples' covariance, divided by their sum, say what share of the scatter lies along each
    of its axes. The exponential of their entropy is ``dim`` when all are equal and 1 when the samples lie on a line.

    Reading the number:
        - **Healthy**: what as many real samples score; at most ``dim``.
        - **Collapsed**: 0 when all samples are the same, 1 when they differ in one direction only. A generator that
          uses few of its latent directions stays near their number.
        - **Blind to** size: samples that have shrunk to near copies in *all* directions score as before. With ``m``
          lost modes at most ``m`` directions are missed.
        - **Compare only** scores of equal ``n_fake`` and embedder: it cannot exceed ``n_fake - 1`` and reads low
          below about ten samples a direction. ``participation_ratio`` may be compared across sample sizes.

    Args:
        fake: Features of generated samples.

    Returns:
        The number of directions, from 0 to ``dim``.

    Raises:
        ValueError: If ``fake`` holds NaN or infinity or fewer than two rows.

    Cost:
        Time ``n_fake * dim * min(n_fake, dim) + min(n_fake, dim) ** 3``; memory ``min(n_fake, dim) ** 2``.

    Example:
        >>> import torch
        >>> corners = torch.tensor([[1.0, 0, 0], [-1, 0, 0], [0, 1, 0], [0, -1, 0]])
        >>> round(effective_rank(fake=corners), 3)
        2.0
        >>> round(effective_rank(fake=corners[:2]), 3), effective_rank(fake=torch.ones(5, 3))
        (1.0, 0.0)

    Reference:
        Roy and Vetterli, *The effective rank: a measure of effective dimensionality*, EUSIPCO 2007, for singular
        values of any matrix; the matrix is the covariance here. RankMe (Garrido et al., ICML 2023) takes the singular
        values of the uncentred features, the square roots of ours, and reads higher.
    """
    check_feature_sets(fake=fake)
    check_rows(2, fake=fake)
    cloud = centred(fake)
    if cloud is None:
        return 0.0
    scatter = spectrum(cloud.gram)
    shares = scatter[scatter > 0] / scatter.sum()
    return math.exp(-(shares * shares.log()).sum().item())
