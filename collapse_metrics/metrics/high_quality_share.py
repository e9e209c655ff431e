"""High-quality share: how many samples lie within three standard deviations of a centre of the known mixture?"""

import torch
from jaxtyping import Float
from scipy import stats
from torch import Tensor

from collapse_metrics._checks import check_feature_sets, check_rows
from collapse_metrics._registry import metric
from collapse_metrics.stats.shares import clopper_pearson

REACH = 3.0
"""Standard deviations around a centre that count as high quality: the convention of the field since VEEGAN (2017)."""


def high_quality_ceiling(dim: int) -> float:
    """What a perfect sampler scores: the chance that a normal point of ``dim`` values falls within the reach."""
    return float(stats.chi2.cdf(REACH**2, dim))


def high_quality_interval(
    *,
    fake: Float[Tensor, "n_fake dim"],
    centres: Float[Tensor, "modes dim"],
    scales: Float[Tensor, " modes"],
    level: float = 0.95,
) -> tuple[float, float]:
    """Exact interval of the share (Clopper and Pearson); a healthy one holds the ceiling."""
    share = high_quality_share(fake=fake, centres=centres, scales=scales)
    return clopper_pearson(round(share * len(fake)), len(fake), level=level)


@metric(
    best=high_quality_ceiling(2),
    collapsed=0.0,
    paper="https://arxiv.org/abs/1705.07761",
    span=(0.0, 1.0),
    interval=high_quality_interval,
)
def high_quality_share(
    *, fake: Float[Tensor, "n_fake dim"], centres: Float[Tensor, "modes dim"], scales: Float[Tensor, " modes"]
) -> float:
    """Share of samples within three standard deviations of the nearest centre of a known mixture.

    For mixtures of round Gaussians with known centres and standard deviations. Distances are Euclidean and measured
    in the standard deviation of the centre; a sample between the modes is near none of them.

    Reading the number:
        - **Healthy**: ``high_quality_ceiling(dim)``, *not* 1: a perfect sampler leaves the reach now and then too.
          0.99730 in one dimension, 0.98889 in two, 0.97071 in three, 0.8909 in five, and far less in many, where this
          share is of no use. Its interval should hold the ceiling.
        - **Above the ceiling**: modes that are too narrow. A generator of one point a mode scores 1, better than
          perfect; read ``within_mode_spread`` beside it.
        - **Collapsed**: anything. Samples that are like no mode, as of a generator that has fallen apart: 0.
        - **Blind to** dropped modes and wrong proportions: a single good mode is enough. Count them.
        - **Compare only** shares in one dimension, counted in a ball. A box of three standard deviations a side, as
          in some programs, lets 0.9946 of a perfect sampler through in two dimensions.

    Args:
        fake: Generated points.
        centres: Centre of each mode.
        scales: Standard deviation of each mode, the same in all directions.

    Returns:
        The share, from 0 to 1.

    Raises:
        ValueError: If the sets differ in dimension, hold NaN or infinity, are empty, or scales are not above 0, one
            for each centre.

    Cost:
        Time ``n_fake * modes * dim``; memory ``n_fake * modes``.

    Example:
        >>> import torch
        >>> centres, scales = torch.tensor([[0.0, 0.0], [10.0, 0.0]]), torch.ones(2)
        >>> high_quality_share(fake=torch.tensor([[0.0, 3.0], [2.2, 2.2], [9.0, 1.0], [5.0, 0.0]]),
        ...                    centres=centres, scales=scales)
        0.5
        >>> round(high_quality_ceiling(2), 5)
        0.98889

    Reference:
        Srivastava, Valkov, Russell, Gutmann, Sutton, *VEEGAN*, NeurIPS 2017; Lin, Khetan, Fanti, Oh, *PacGAN*, NeurIPS
        2018. They print the share without its ceiling; VEEGAN's plain GAN with one mode of eight has 99.3 %, above
        what a perfect sampler has. A sample on the edge of the reach counts.
    """
    distance, _ = distances_to_centres(fake=fake, centres=centres, scales=scales)
    return (distance <= REACH).double().mean().item()


def distances_to_centres(
    *, fake: Float[Tensor, "n_fake dim"], centres: Float[Tensor, "modes dim"], scales: Float[Tensor, " modes"]
) -> tuple[Float[Tensor, " n_fake"], Tensor]:
    """Distance of each sample to its nearest centre, in that centre's standard deviations, and which centre it is."""
    fake, centres, scales = fake.detach().double(), centres.detach().double(), scales.detach().double()
    check_feature_sets(fake=fake, centres=centres)
    check_rows(1, fake=fake, centres=centres)
    if scales.shape != (len(centres),) or not (torch.isfinite(scales) & (scales > 0)).all():
        raise ValueError(
            f"`scales` must be one standard deviation above 0 for each of the {len(centres)} centres, got "
            f"{scales.tolist()}."
        )
    away = torch.cdist(fake, centres, compute_mode="donot_use_mm_for_euclid_dist") / scales
    distance, mode = away.min(dim=1)
    return distance, mode
