"""Density: do generated samples lie where real data are dense?"""

from jaxtyping import Float
from torch import Tensor

from collapse_metrics._registry import metric
from collapse_metrics.metrics._balls import Balls, balls_of, count


@metric(best=1.0, collapsed=0.0, paper="https://arxiv.org/abs/2002.09797")
def density(*, real: Float[Tensor, "n_real dim"] | Balls, fake: Float[Tensor, "n_fake dim"], k: int = 5) -> float:
    """Mean number of real neighbourhoods that a generated sample lies in, over ``k``.

    Every real sample owns a ball that ends at its ``k``-th nearest real neighbour. The balls that hold a
    generated sample, on their edge or inside, are counted; the mean count is divided by ``k``. It measures
    *quality*: samples far from all real data lie in no ball.

    Reading the number:
        - **Healthy**: near 1 (a perfect generator scores 1 on average).
        - **Broken**: 0, when nothing looks like the data.
        - **Misled by** collapse: samples gathered at the centre of the data lie in very many balls, so a
          generator that shrank to its mean can score far *above* 1. Never read it without ``coverage``.
        - **Compare only** scores with the same ``n_real``, ``k`` and embedder.

    Args:
        real: Features of real samples, or the ``Balls`` fitted to them.
        fake: Features of generated samples, from the same embedder.
        k: How many real neighbours fix the radius of a ball.

    Returns:
        The density, 0 or more, without an upper end.

    Raises:
        ValueError: If the sets differ in dimension, hold NaN or infinity, ``fake`` is empty, or ``real`` has
            ``k`` rows or fewer.

    Cost:
        Time ``n_real * (n_real + n_fake) * dim``; memory one block of distances.

    Example:
        >>> import torch
        >>> line = torch.arange(4.0)[:, None]
        >>> density(real=line, fake=torch.tensor([[0.5], [99.0]]), k=1)
        1.0

    Reference:
        Naeem, Oh, Uh, Choi, Yoo, *Reliable Fidelity and Diversity Metrics for Generative Models*, ICML 2020.
        Their code asks ``<``; we ask ``<=``, so that repeated samples lie in each other's balls.
    """
    balls = balls_of(real, k, fake=fake)
    return count(balls, fake).inside.double().mean().item() / k
