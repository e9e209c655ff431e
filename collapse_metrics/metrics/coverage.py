"""Coverage: what share of the real data does the generator still reach?"""

from jaxtyping import Float
from torch import Tensor

from collapse_metrics._registry import metric
from collapse_metrics.metrics._balls import Balls, balls_of, count


@metric(best=1.0, collapsed=0.0, span=(0.0, 1.0), paper="https://arxiv.org/abs/2002.09797")
def coverage(*, real: Float[Tensor, "n_real dim"] | Balls, fake: Float[Tensor, "n_fake dim"], k: int = 5) -> float:
    r"""Share of real samples that have a generated sample in their neighbourhood.

    Every real sample owns a ball that ends at its ``k``-th nearest real neighbour; it is covered when some
    generated sample lies in the ball or on its edge. All balls of a dropped mode stay empty, so a lost mode
    costs its share of the real data.

    Reading the number:
        - **Healthy**: near :math:`1 - \prod_{i=1}^{k} \frac{n-i}{n+m-i}`, the mean score of a perfect generator
          for ``n`` real and ``m`` generated samples; about 0.97 at ``k=5`` and ``n = m``, but 0.49 when there are
          seven real samples for each generated one.
        - **Collapsed**: near 0. With equal modes, the share of the modes still alive.
        - **Blind to** wrong proportions: a few samples a mode are enough. Noise on good samples lowers it as far
          as collapse does, so it accuses but does not tell which of the two.
        - **Compare only** scores with the same ``n_real``, ``n_fake``, ``k`` and embedder.

    Args:
        real: Features of real samples, or the ``Balls`` fitted to them.
        fake: Features of generated samples, from the same embedder.
        k: How many real neighbours fix the radius of a ball. A small ``k`` sees small holes and is noisier.

    Returns:
        The share of covered real samples, from 0 to 1.

    Raises:
        ValueError: If the sets differ in dimension, hold NaN or infinity, ``fake`` is empty, or ``real`` has
            ``k`` rows or fewer.

    Cost:
        Time ``n_real * (n_real + n_fake) * dim``; memory one block of distances.

    Example:
        Ten real samples on a line; the generator reaches only the left half:

        >>> import torch
        >>> line = torch.arange(10.0)[:, None]
        >>> coverage(real=line, fake=line, k=1)
        1.0
        >>> coverage(real=line, fake=line[:4], k=1)
        0.5

    Reference:
        Naeem, Oh, Uh, Choi, Yoo, *Reliable Fidelity and Diversity Metrics for Generative Models*, ICML 2020.
        Their code asks ``<``; we ask ``<=``, so that repeated samples cover themselves.
    """
    balls = balls_of(real, k, fake=fake)
    return (count(balls, fake).held > 0).double().mean().item()
