"""Neighbour metrics: what do all six of them say, for the price of one?"""

from jaxtyping import Float
from torch import Tensor

from collapse_metrics._checks import check_k
from collapse_metrics.metrics._balls import Balls, balls_of, count
from collapse_metrics.metrics.clipped_coverage import filled_share
from collapse_metrics.metrics.clipped_density import clipped_share

__all__ = ["Balls", "neighbour_metrics"]


def neighbour_metrics(
    *, real: Float[Tensor, "n_real dim"] | Balls, fake: Float[Tensor, "n_fake dim"], k: int = 5
) -> dict[str, float]:
    """Precision, recall, density, coverage, clipped density and clipped coverage in one pass over the distances.

    Each is exactly what the function of its name gives. Distances are bounded by float32 products, half of them
    where both sides are one set, and what the bounds leave open is measured exactly (``_screen``).

    Args:
        real: Features of real samples; or, where many sets meet one reference, ``Balls.fit(real=..., k=...)``.
        fake: Features of generated samples, from the same embedder.
        k: How many neighbours fix the radius of a ball.

    Returns:
        The six numbers by name.

    Raises:
        ValueError: If the sets differ in dimension, hold NaN or infinity, or one has ``k`` rows or fewer.

    Cost:
        Time ``(n_real ** 2 / 2 + n_real * n_fake + n_fake ** 2 / 2) * dim``, without the first term where the balls
        were fitted before; memory a few tiles of 2048 x 2048.

    Example:
        >>> import torch
        >>> line = torch.arange(10.0)[:, None]
        >>> balls = Balls.fit(real=line, k=1)
        >>> neighbour_metrics(real=balls, fake=line[:4], k=1)["coverage"]
        0.5
    """
    balls = balls_of(real, k, fake=fake)
    check_k(k, fake=fake)
    counts = count(balls, fake, recall=True)
    return {
        "precision": (counts.inside > 0).double().mean().item(),
        "recall": counts.recalled.double().mean().item(),
        "density": counts.inside.double().mean().item() / k,
        "coverage": (counts.held > 0).double().mean().item(),
        "clipped_density": clipped_share(balls, counts),
        "clipped_coverage": filled_share(balls, counts),
    }
