"""Clipped density: what share of the generated samples is as good as real data?"""

from jaxtyping import Float
from torch import Tensor

from collapse_metrics._registry import metric
from collapse_metrics.metrics._balls import BallCounts, Balls, balls_of, count
from collapse_metrics.stats.u_statistics import normal_interval


def clipped_density_interval(
    *, real: Float[Tensor, "n_real dim"] | Balls, fake: Float[Tensor, "n_fake dim"], k: int = 5, level: float = 0.95
) -> tuple[float, float]:
    """From the scatter of the samples' own scores, of which the metric is the mean; cut at 1 afterwards."""
    balls = balls_of(real, k, fake=fake)
    scores = (count(balls, fake).clipped.double() / k).clamp(max=1) / balls.usual
    if len(scores) < 2:
        return 0.0, 1.0
    value = scores.mean().item()
    low, high = normal_interval(value, (scores.std() / len(scores) ** 0.5).item(), level=level)
    return min(max(low, 0.0), value, 1.0), min(max(high, value), 1.0)


@metric(
    best=1.0,
    collapsed=0.0,
    span=(0.0, 1.0),
    interval=clipped_density_interval,
    paper="https://arxiv.org/abs/2510.01824",
)
def clipped_density(
    *, real: Float[Tensor, "n_real dim"] | Balls, fake: Float[Tensor, "n_fake dim"], k: int = 5
) -> float:
    """Density in which no ball and no sample counts too much, over what real data score.

    Density counts in how many balls of real samples a generated one lies. Here no ball is larger than the median
    one, so that outliers among the real samples admit nothing; no sample counts more than ``k`` balls, so that
    gathering at the centre of the data pays nothing; and the mean is divided by what the real samples score among
    themselves, so that 0.7 reads "as if 70 % of the samples were good".

    Reading the number:
        - **Healthy**: 1; a perfect generator lies a few hundredths below at some hundred samples.
        - **Broken**: 0, when nothing looks like the data.
        - **Blind to** collapse: copies of one good sample score 1. It measures quality; read ``clipped_coverage``
          beside it. Noise lowers it far.
        - **Compare only** scores with the same ``n_real``, ``k`` and embedder.

    Args:
        real: Features of real samples, or the ``Balls`` fitted to them.
        fake: Features of generated samples, from the same embedder.
        k: How many real neighbours fix the radius of a ball.

    Returns:
        The score, from 0 to 1.

    Raises:
        ValueError: If the sets differ in dimension, hold NaN or infinity, ``fake`` is empty, or ``real`` has
            ``k`` rows or fewer.

    Cost:
        Time ``n_real * (n_real / 2 + n_fake) * dim``; memory a few tiles of 2048 x 2048.

    Example:
        >>> import torch
        >>> line = torch.arange(10.0)[:, None]
        >>> clipped_density(real=line, fake=torch.tensor([[4.5], [99.0]]), k=1)
        0.5

    Reference:
        Salvy, Talbot, Thirion, *Enhanced Generative Model Evaluation with Clipped Density and Coverage*, ICLR 2026.
        As in their code, an edge belongs to its ball, a real sample does not count itself, and the score ends at 1.
        They look for a real sample only among the ``k`` nearest of each ball's owner; we count every one within the
        radius, which differs only where distances tie.
    """
    balls = balls_of(real, k, fake=fake)
    return clipped_share(balls, count(balls, fake))


def clipped_share(balls: Balls, counts: BallCounts) -> float:
    """Clipped density from the counts of one pass."""
    # Half of the balls are not clipped and hold their k neighbours, so `usual` is never zero.
    return min(1.0, (counts.clipped.double() / balls.k).clamp(max=1).double().mean().item() / balls.usual)
