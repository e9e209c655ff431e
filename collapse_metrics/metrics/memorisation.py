"""Memorisation: do generated samples lie nearer to what was trained on than to data never seen?"""

import math

from jaxtyping import Float
from torch import Tensor

from collapse_metrics._checks import check_feature_sets, check_rows
from collapse_metrics._registry import metric
from collapse_metrics.metrics._neighbours import nearest, within
from collapse_metrics.stats.shares import clopper_pearson


def memorisation_interval(
    *,
    train: Float[Tensor, "n_train dim"],
    fresh: Float[Tensor, "n_fresh dim"],
    fake: Float[Tensor, "n_fake dim"],
    level: float = 0.95,
) -> tuple[float, float]:
    """Interval for what the generator scores on average against these training and held-out samples."""
    seen, unseen = _distances(train, fresh, fake)
    surely = int((~within(unseen, seen)).sum())
    perhaps = int(within(seen, unseen).sum())
    chance = len(train) / (len(train) + len(fresh))
    low, _ = clopper_pearson(surely, len(fake), level=level)
    _, high = clopper_pearson(perhaps, len(fake), level=level)
    return (low - chance) / (1 - chance), (high - chance) / (1 - chance)


@metric(
    best=0.0,
    collapsed=1.0,
    paper="https://arxiv.org/abs/2004.05675",
    span=(-math.inf, 1.0),
    interval=memorisation_interval,
)
def memorisation(
    *, train: Float[Tensor, "n_train dim"], fresh: Float[Tensor, "n_fresh dim"], fake: Float[Tensor, "n_fake dim"]
) -> float:
    """Share of generated samples nearer to a training sample than to any held-out one, beyond chance.

    For a generator that only knows the distribution, training and held-out data are alike: of all of them, the one
    nearest to its sample is a training sample with probability ``n_train / (n_train + n_fresh)``, in any space. That
    share is set to 0, and a generator whose samples are *all* nearer to the training data to 1.

    Reading the number:
        - **Healthy**: 0, give or take ``2 * sqrt(n_train / n_fresh / n_fake)``; below 0 by chance.
        - **Collapsed**: 1 if samples are copies of training data, near or exact. One that repeats a few samples it
          *invented* scores anything from below 0 to 1, because all repeats share the neighbour of one.
        - **Blind to** a small share of copies, and to the kind of closeness: a third of the samples copied and all
          samples drawn slightly towards the training data give one number. Nor does it tell memorising from shrinking
          to what the training data by chance have more of. No published number does (Stein et al. 2023), so look at the
          nearest pairs before accusing.
        - **Compare only** scores with the same training data, held-out data and embedder, and best with as many
          held-out as training samples: the fewer they are, the wider the interval.

    Args:
        train: Features of samples that the generator was trained on.
        fresh: Features of real samples that it was not trained on, from the same source.
        fake: Features of generated samples, from the same embedder.

    Returns:
        The share beyond chance, at most 1.

    Raises:
        ValueError: If the sets differ in dimension, hold NaN or infinity, or one is empty.

    Cost:
        Time ``n_fake * (n_train + n_fresh) * dim``; memory one block of distances.

    Example:
        >>> import torch
        >>> line = torch.arange(0.0, 20.0)[:, None]
        >>> memorisation(train=line[::2], fresh=line[1::2], fake=line[::2] + 0.1)
        1.0
        >>> memorisation(train=line[::2], fresh=line[1::2], fake=line + 0.1)
        0.0

    Reference:
        The question of Meehan, Chaudhuri, Dasgupta, *A Non-Parametric Test to Detect Data-Copying in Generative
        Models*, AISTATS 2020, asked sample by sample, as in Stein et al., *Exposing flaws of generative model
        evaluation metrics and their unfair treatment of diffusion models*, NeurIPS 2023. A copy of a training sample
        counts as memorised; where a training and a held-out sample are equally near, as when the data themselves hold a
        repeat twice, the sample counts as chance would have it. ``AuthPct`` has no such zero: its value for an innocent
        generator depends on the distribution.
    """
    seen, unseen = _distances(train, fresh, fake)
    chance = len(train) / (len(train) + len(fresh))
    nearer, tied = ~within(unseen, seen), within(unseen, seen) & within(seen, unseen)
    share = (nearer.double() + chance * tied.double()).mean().item()
    return (share - chance) / (1 - chance)


def _distances(train: Tensor, fresh: Tensor, fake: Tensor) -> tuple[Tensor, Tensor]:
    check_feature_sets(train=train, fresh=fresh, fake=fake)
    check_rows(1, train=train, fresh=fresh, fake=fake)
    return nearest(fake, to=train)[0], nearest(fake, to=fresh)[0]
