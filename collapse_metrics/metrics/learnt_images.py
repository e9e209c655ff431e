"""Learnt images: from how many different real samples does the generator seem to draw?"""

import math

import numpy as np
from jaxtyping import Float, Int
from scipy import stats
from torch import Tensor

from collapse_metrics._checks import check_feature_sets, check_rows
from collapse_metrics._registry import metric
from collapse_metrics.metrics._neighbours import nearest
from collapse_metrics.stats.occupancy import distinct_variance, kinds_interval, most_likely_kinds


def learnt_images_interval(
    *, real: Float[Tensor, "n_real dim"], fake: Float[Tensor, "n_fake dim"], level: float = 0.95
) -> tuple[float, float]:
    """Interval for what the generator scores on average against these real samples.

    The bounds of the occupancy law: shares under which so few and so many hits are both credible. That law takes all
    real samples as equally likely to be hit; where they are not, the number of hits scatters more, so each end is
    moved out to what the unequal hits themselves show. The law alone holds the average in 76 to 93 of 100 cases.
    """
    hits = _hits(real, fake)
    n, most, met = len(fake), len(real), len(hits)
    half = float(stats.norm.ppf((1 + level) / 2)) * math.sqrt(distinct_variance(hits))
    fewer, more = max(1, math.floor(met - half)), min(n, most, math.ceil(met + half))
    low, high = kinds_interval(met, n, most=most, level=level)
    likely, lowest, highest = (most_likely_kinds(count, n, most=most) for count in (met, fewer, more))
    return min(low, likely, lowest) / most, max(high, likely, highest) / most


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
        bounds, 5 % left out on either side, are ``stats.occupancy.kinds_interval`` at ``level=0.9``; our interval is
        wider where hits are unequal. They divide by the score of test data.
    """
    return most_likely_kinds(len(_hits(real, fake)), len(fake), most=len(real)) / len(real)


def _hits(real: Tensor, fake: Tensor) -> Int[np.ndarray, " hit"]:
    """Of every real sample that is the nearest one of some generated sample, of how many it is."""
    check_feature_sets(real=real, fake=fake)
    check_rows(1, real=real, fake=fake)
    counts: np.ndarray = nearest(fake, to=real)[1].unique(return_counts=True)[1].cpu().numpy()
    return counts
