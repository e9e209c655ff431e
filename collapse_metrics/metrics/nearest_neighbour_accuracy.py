"""Nearest-neighbour accuracy: does a sample's nearest neighbour give away whether it is real or generated?"""

import torch
from jaxtyping import Float
from torch import Tensor

from collapse_metrics._checks import check_feature_sets, check_rows
from collapse_metrics._registry import metric
from collapse_metrics.metrics._neighbours import kth_neighbour_distance, nearest, within


@metric(best=0.5, collapsed=1.0, paper="https://arxiv.org/abs/1610.06545", span=(0.0, 1.0))
def nearest_neighbour_accuracy(
    *, real: Float[Tensor, "n_real dim"], fake: Float[Tensor, "n_fake dim"], seed: int = 0
) -> float:
    """How often the nearest other sample, real or generated, is of a sample's own kind.

    Real and generated samples are put together, and each is called what its nearest neighbour is. If both have one
    source, that is right half the time. The score is the mean of two halves, which ``nearest_neighbour_accuracies``
    gives one by one: real samples that are recognised, and generated ones.

    Reading the number:
        - **Healthy**: 0.5; with ``n`` samples of each exactly ``(n - 1) / (2 * n - 1)`` on average.
        - **Collapsed**: near 1. The generated half above 0.5 says that generated samples *crowd*: their nearest is a
          sibling. The real half above 0.5 says that real samples find no generated one near: lost modes, or
          noise. Noise alone lowers the generated half while it raises the real one, so look at both.
        - **Blind to** wrong proportions of modes, nearly: one sample of a mode at half its weight still has neighbours
          of both kinds. Below 0.5 the generator copies its training data: 0 if every sample is a copy.
        - **Compare only** scores with equal numbers of samples and the same embedder.

    Args:
        real: Features of real samples.
        fake: Features of generated samples, from the same embedder.
        seed: Of the random choice that cuts the larger set to the size of the smaller one.

    Returns:
        The share, from 0 to 1.

    Raises:
        ValueError: If the sets differ in dimension, hold NaN or infinity, or have fewer than two rows.

    Cost:
        Time ``3 * n ** 2 * dim`` with ``n`` rows of the smaller set; memory one block of distances.

    Example:
        >>> import torch
        >>> line = torch.arange(10.0)[:, None]
        >>> nearest_neighbour_accuracy(real=line, fake=line + 0.4)
        0.0
        >>> nearest_neighbour_accuracies(real=line, fake=torch.full((10, 1), 4.5))
        (0.8, 1.0)

    Reference:
        Lopez-Paz and Oquab, *Revisiting Classifier Two-Sample Tests*, ICLR 2017; Xu et al., *An empirical study on
        evaluation metrics of generative adversarial networks*, 2018, for the two halves. Two neighbours equally near,
        one of each kind, count one half, where published programs take whichever stands first: with repeats
        everywhere that would decide the score. And sets of one size only: among 5,000 real samples and 1,000 generated
        ones, a perfect generator's nearest neighbours would be real five times in six.
    """
    return sum(nearest_neighbour_accuracies(real=real, fake=fake, seed=seed)) / 2


def nearest_neighbour_accuracies(
    *, real: Float[Tensor, "n_real dim"], fake: Float[Tensor, "n_fake dim"], seed: int = 0
) -> tuple[float, float]:
    """The two halves: how many real samples, and how many generated ones, have a neighbour of their own kind."""
    check_feature_sets(real=real, fake=fake)
    check_rows(2, real=real, fake=fake)
    n = min(len(real), len(fake))
    real, fake = _cut(real, n, seed), _cut(fake, n, seed)
    return _recognised(real, among=fake), _recognised(fake, among=real)


def _cut(rows: Tensor, n: int, seed: int) -> Tensor:
    if len(rows) == n:
        return rows
    return rows[torch.randperm(len(rows), generator=torch.Generator().manual_seed(seed))[:n].to(rows.device)]


def _recognised(rows: Tensor, *, among: Tensor) -> float:
    own, (other, _) = kth_neighbour_distance(rows, 1), nearest(rows, to=among)
    # A tie is within in both directions and adds up to one half.
    return (0.5 + (within(own, other).double() - within(other, own).double()) / 2).mean().item()
