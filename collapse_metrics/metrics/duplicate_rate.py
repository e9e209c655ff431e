"""Duplicate rate: what share of the samples has a twin?"""

import torch
from jaxtyping import Float
from torch import Tensor

from collapse_metrics._checks import check_feature_sets, check_rows
from collapse_metrics._registry import metric
from collapse_metrics.metrics._neighbours import kth_neighbour_distance, within


@metric(best=0.0, collapsed=1.0, span=(0.0, 1.0), paper="https://arxiv.org/abs/1706.08224")
def duplicate_rate(*, fake: Float[Tensor, "n_fake dim"], tolerance: float = 0.0) -> float:
    """Share of generated samples that another generated sample repeats.

    Counted is every sample with at least one other within ``tolerance`` of it; of a pair of twins, both. With the
    default only copies count, equal but for the last digits of their numbers.

    Reading the number:
        - **Healthy**: 0. A generator of continuous noise never repeats itself to the digit, nor do photographs.
        - **Collapsed**: 1.
        - **Blind to** near copies, unless ``tolerance`` is set to the distance at which two samples look the same:
          ``collision_distance`` of real samples gives one.
        - **Compare only** scores of the same ``n_fake``, ``tolerance`` and embedder: more samples find more twins.
          ``birthday_support`` turns twins into a number that does not depend on the sample size.

    Args:
        fake: Features of generated samples.
        tolerance: Distance up to which two samples are taken as the same, in the unit of the features.

    Returns:
        The share, from 0 to 1.

    Raises:
        ValueError: If ``fake`` holds NaN or infinity or fewer than two rows, or ``tolerance`` is negative.

    Cost:
        Time ``n_fake ** 2 * dim / 2``; memory a few tiles of 2048 x 2048.

    Example:
        >>> import torch
        >>> line = torch.tensor([[0.0], [0.0], [1.0], [1.25], [9.0]])
        >>> duplicate_rate(fake=line), duplicate_rate(fake=line, tolerance=0.25)
        (0.4, 0.8)

    Reference:
        The birthday test of Arora and Zhang, *Do GANs actually learn the distribution?*, ICLR 2018, asks for one
        pair of twins; this counts all samples that have one. The other common count, one less the share of different
        samples, has no meaning where "the same" is a distance, and ends at ``1 - 1 / n_fake``.
    """
    check_feature_sets(fake=fake)
    check_rows(2, fake=fake)
    if not tolerance >= 0:
        raise ValueError(f"`tolerance` is a distance and must be 0 or more, got {tolerance}.")
    radius = torch.tensor(tolerance, dtype=torch.float64)
    return within(kth_neighbour_distance(fake, 1), radius).double().mean().item()
