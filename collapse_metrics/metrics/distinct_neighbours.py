"""Distinct neighbours: how many different real samples do the generated ones resemble?"""

from jaxtyping import Float
from torch import Tensor

from collapse_metrics._checks import check_feature_sets, check_rows
from collapse_metrics._registry import metric
from collapse_metrics.metrics._neighbours import nearest


@metric(best=1.0, collapsed=0.0, paper="https://arxiv.org/abs/2405.20291")
def distinct_neighbours(*, real: Float[Tensor, "n_real dim"], fake: Float[Tensor, "n_fake dim"]) -> float:
    """Different real samples that are the nearest one of some generated sample, per generated sample.

    For every generated sample the nearest real one is looked up; the number of *different* ones is divided by
    the number of generated samples. Near copies of one picture all have the same nearest real sample, so a
    generator that learnt few pictures retrieves few.

    Reading the number:
        - **Healthy**: below 1 even for a perfect generator, because two samples may share a neighbour: about
          ``n_real / n_fake * (1 - exp(-n_fake / n_real))`` if every real sample were equally near to be hit, and
          less in many dimensions, where few real samples are the neighbours of many. The ``expected`` range of
          the measurement is measured on held-out real data of the same make-up.
        - **Collapsed**: 1 / n_fake.
        - **Blind to** a loss of quality: noise on the samples hardly moves it, which is what makes it the witness
          when a collapse hides under noise.
        - **Compare only** scores with the same real set, ``n_fake`` and embedder.

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
        >>> distinct_neighbours(real=line, fake=line + 0.1)
        1.0
        >>> distinct_neighbours(real=line, fake=torch.full((10, 1), 3.2))
        0.1

    Reference:
        Dombrowski, Zhang, Cechnicka, Reynaud, Kainz, *Image Generation Diversity Issues and How to Tame Them*,
        CVPR 2025 (the image retrieval score). We report the plain share beside what held-out real data score,
        instead of solving for the number of learnt images.
    """
    check_feature_sets(real=real, fake=fake)
    check_rows(1, real=real, fake=fake)
    _, neighbour = nearest(fake, to=real)
    return len(neighbour.unique()) / len(fake)
