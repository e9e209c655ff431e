"""Precision: what share of the generated samples lies where real data lie?"""

from jaxtyping import Float
from torch import Tensor

from collapse_metrics._registry import metric
from collapse_metrics.metrics._balls import Balls, balls_of, count


@metric(best=1.0, collapsed=0.0, span=(0.0, 1.0), paper="https://arxiv.org/abs/1904.06991")
def precision(*, real: Float[Tensor, "n_real dim"] | Balls, fake: Float[Tensor, "n_fake dim"], k: int = 5) -> float:
    """Share of generated samples that lie in the neighbourhood of some real sample.

    Every real sample owns a ball that ends at its ``k``-th nearest real neighbour; together the balls stand for
    the region of the data. A generated sample counts when it lies in one of them, or on the edge.

    Reading the number:
        - **Healthy**: what held-out real data score at this size, which falls with the dimension. A perfect
          generator does not score 1; the ``expected`` range of the measurement says what it does score.
        - **Broken**: 0, when nothing looks like the data.
        - **Blind to** collapse: a thousand copies of one good sample score 1, and samples shrunk towards the centre
          of the data score more than real data do. One outlier among the real samples, with its large ball, may
          admit everything: ``clipped_density`` does not fall for that.
        - **Compare only** scores with the same ``n_real``, ``k`` and embedder.

    Args:
        real: Features of real samples, or the ``Balls`` fitted to them.
        fake: Features of generated samples, from the same embedder.
        k: How many real neighbours fix the radius of a ball. The paper uses 3; here it is 5 as in the other
            neighbour metrics, so that one fit serves them all.

    Returns:
        The share, from 0 to 1.

    Raises:
        ValueError: If the sets differ in dimension, hold NaN or infinity, ``fake`` is empty, or ``real`` has
            ``k`` rows or fewer.

    Cost:
        Time ``n_real * (n_real / 2 + n_fake) * dim``; memory a few tiles of 2048 x 2048.

    Example:
        >>> import torch
        >>> line = torch.arange(4.0)[:, None]
        >>> precision(real=line, fake=torch.tensor([[0.5], [99.0]]), k=1)
        0.5

    Reference:
        Kynkäänniemi, Karras, Laine, Lehtinen, Aila, *Improved Precision and Recall Metric for Assessing Generative
        Models*, NeurIPS 2019. Like their code we ask ``<=``; prdc asks ``<`` and so calls identical sets of copies
        wrong: it gives 0 where every real and every generated sample is the same.
    """
    balls = balls_of(real, k, fake=fake)
    return (count(balls, fake).inside > 0).double().mean().item()
