"""Recall: what share of the real data lies where generated samples lie?"""

from jaxtyping import Float
from torch import Tensor

from collapse_metrics._checks import check_k
from collapse_metrics._registry import metric
from collapse_metrics.metrics._balls import Balls, balls_of, count


@metric(best=1.0, collapsed=0.0, span=(0.0, 1.0), paper="https://arxiv.org/abs/1904.06991")
def recall(*, real: Float[Tensor, "n_real dim"] | Balls, fake: Float[Tensor, "n_fake dim"], k: int = 5) -> float:
    """Share of real samples that lie in the neighbourhood of some generated sample.

    Precision with the roles exchanged: every *generated* sample owns a ball that ends at its ``k``-th nearest
    generated neighbour, and a real sample counts when it lies in one of them, or on the edge. Samples of a collapsed
    generator are close together, so their balls are small and hold little of the data.

    Reading the number:
        - **Healthy**: what held-out real data score at this size; well below 1 in many dimensions.
        - **Collapsed**: 0.
        - **Misled by** outliers: one generated sample far from the others owns a ball that may hold all the data, and
          noise makes every ball larger, so a noisy collapse may score better than a clean one. ``coverage`` and
          ``clipped_coverage`` build their balls on real data for that reason.
        - **Compare only** scores with the same ``n_real``, ``n_fake``, ``k`` and embedder.

    Args:
        real: Features of real samples, or the ``Balls`` fitted to them.
        fake: Features of generated samples, from the same embedder.
        k: How many generated neighbours fix the radius of a ball.

    Returns:
        The share, from 0 to 1.

    Raises:
        ValueError: If the sets differ in dimension, hold NaN or infinity, or one has ``k`` rows or fewer.

    Cost:
        Time ``(n_real + n_fake) ** 2 / 2 * dim``; memory a few tiles of 2048 x 2048.

    Example:
        >>> import torch
        >>> line = torch.arange(10.0)[:, None]
        >>> recall(real=line, fake=line[:4], k=1)
        0.5

    Reference:
        Kynkäänniemi, Karras, Laine, Lehtinen, Aila, *Improved Precision and Recall Metric for Assessing Generative
        Models*, NeurIPS 2019. Like their code we ask ``<=``, prdc asks ``<``. piq 0.8.0 compares the edge with the
        radii of the real samples instead of the generated ones, and reads a little more.
    """
    balls = balls_of(real, k, fake=fake)
    check_k(k, fake=fake)
    return count(balls, fake, recall=True).recalled.double().mean().item()
