"""Learnt images: from how many different real samples does the generator seem to draw?"""

from jaxtyping import Float
from torch import Tensor

from collapse_metrics._checks import check_feature_sets, check_rows
from collapse_metrics._registry import metric
from collapse_metrics.metrics._neighbours import nearest
from collapse_metrics.stats.occupancy import kinds_interval, most_likely_kinds


def learnt_images_interval(
    *, real: Float[Tensor, "n_real dim"], fake: Float[Tensor, "n_fake dim"], level: float = 0.95
) -> tuple[float, float]:
    """Shares of the real samples under which so few and so many hits are both credible, by the exact occupancy law."""
    hits = _hits(real, fake)
    low, high = kinds_interval(hits, len(fake), most=len(real), level=level)
    likely = most_likely_kinds(hits, len(fake), most=len(real))
    return min(low, likely) / len(real), max(high, likely) / len(real)


@metric(
    best=1.0,
    collapsed=0.0,
    paper="https://arxiv.org/abs/2405.20291",
    span=(0.0, 1.0),
    interval=learnt_images_interval,
)
def learnt_images(*, real: Float[Tensor, "n_real dim"], fake: Float[Tensor, "n_fake dim"]) -> float:
    """Most likely number of real samples that the generator can bring forth, as a share of all real ones.

    For every generated sample the nearest real one is looked up. A generator that drew equally from ``s`` of the real
    samples would hit a known number of different ones (the occupancy law); the score is the ``s`` under which the
    number of hits is likeliest. Unlike ``distinct_neighbours``, the plain count, it does not shrink with few samples.

    Reading the number:
        - **Healthy**: well *below* 1, because hits are not equal even for a perfect generator: in many dimensions few
          real samples are the nearest of many (hubs), and those between the modes of none. Read it against the same
          score of held-out real data, as the ``expected`` range of the measurement does.
        - **Collapsed**: 1 / n_real.
        - **Blind to** a loss of quality: noise hardly moves it, which makes it the witness when a collapse hides
          under noise. Nor does it see a lost mode among many, which costs its share only.
        - **Compare only** scores with the same real set and embedder.

    Args:
        real: Features of real samples.
        fake: Features of generated samples, from the same embedder.

    Returns:
        The share, above 0 and at most 1.

    Raises:
        ValueError: If the sets differ in dimension, hold NaN or infinity, or one is empty.

    Cost:
        Time ``n_real * n_fake * dim``; memory one block of distances.

    Example:
        >>> import torch
        >>> line = torch.arange(10.0)[:, None]
        >>> learnt_images(real=line, fake=line + 0.1)
        1.0
        >>> learnt_images(real=line, fake=line[:2].repeat(5, 1))
        0.2

    Reference:
        Dombrowski, Zhang, Cechnicka, Reynaud, Kainz, *Image Generation Diversity Issues and How to Tame Them*, CVPR
        2025. Their program approximates the Stirling numbers and stops its sums early; here the law is exact. Their
        bounds leave out 5 % on either side: ``level=0.9`` of the interval. They divide by the score of test data.
    """
    return most_likely_kinds(_hits(real, fake), len(fake), most=len(real)) / len(real)


def _hits(real: Tensor, fake: Tensor) -> int:
    check_feature_sets(real=real, fake=fake)
    check_rows(1, real=real, fake=fake)
    return len(nearest(fake, to=real)[1].unique())
