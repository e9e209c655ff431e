"""Neighbour ratio: do generated samples crowd closer together than real ones?"""

from jaxtyping import Float
from torch import Tensor

from collapse_metrics._checks import check_feature_sets, check_rows
from collapse_metrics._registry import metric
from collapse_metrics.metrics._neighbours import kth_neighbour_distance


@metric(best=1.0, collapsed=0.0, paper="https://arxiv.org/abs/1706.08224")
def neighbour_ratio(*, fresh: Float[Tensor, "n_fresh dim"], fake: Float[Tensor, "n_fake dim"]) -> float:
    """Median distance from a generated sample to its nearest sibling, over the same among real samples.

    A generator that only varies a few pictures slightly fills its set with near copies, so the nearest sibling
    of every sample is much closer than it is among as many real samples of the same modes.

    Reading the number:
        - **Healthy**: 1, give or take 0.1 at some hundred samples. Small GANs land at 0.6 to 1.
        - **Collapsed**: 0, when samples are copies; near it when they are near copies.
        - **Blind to** a minority of copies (the median ignores them) and to dropped modes, as long as ``fresh``
          has the make-up of ``fake``. Noise on the samples *raises* it, so a collapse hidden under noise is
          seen by ``distinct_neighbours`` only.
        - **Compare only** sets of equal size, embedder and make-up of modes.

    Args:
        fresh: Features of real samples, as many as ``fake`` and with its make-up of modes.
        fake: Features of generated samples, from the same embedder.

    Returns:
        The ratio, 0 or more.

    Raises:
        ValueError: If the sets differ in size or dimension, hold NaN or infinity, have fewer than two rows, or
            if the real samples are copies of each other.

    Cost:
        Time ``n ** 2 * dim``; memory one block of distances.

    Example:
        >>> import torch
        >>> line = torch.arange(10.0)[:, None]
        >>> neighbour_ratio(fresh=line, fake=line / 4)
        0.25
        >>> neighbour_ratio(fresh=line, fake=line.round(decimals=-1))
        0.0

    Reference:
        The birthday test of Arora and Zhang, *Do GANs actually learn the distribution?*, ICLR 2018, looks for
        near copies by eye; this is the same question with real data as the yardstick.
    """
    check_feature_sets(fresh=fresh, fake=fake)
    check_rows(2, fresh=fresh, fake=fake)
    if len(fresh) != len(fake):
        raise ValueError(
            f"`fresh` and `fake` must be of one size, got {len(fresh)} and {len(fake)} rows: "
            "nearest distances shrink as a set grows, so cut the larger one."
        )
    usual = kth_neighbour_distance(fresh, 1).median().item()
    if usual == 0:
        raise ValueError("`fresh` must hold different samples, got copies for the most part: drop the repeats.")
    return kth_neighbour_distance(fake, 1).median().item() / usual
