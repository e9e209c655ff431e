"""Jacobian participation: along how many directions of the latent does the sample really move?"""

from collections.abc import Callable

import torch
from torch import Tensor

from collapse_metrics._registry import probe
from collapse_metrics.probes._jacobian import singular_values


@probe(best=1.0, collapsed=0.0, span=(0.0, 1.0), paper="https://arxiv.org/abs/1802.08768")
def jacobian_participation(
    *,
    jvp: Callable[[Tensor, Tensor], Tensor],
    latents: Tensor,
    rng: torch.Generator,
    resolution: float = 0.0,
) -> float:
    r"""Effective number of latent directions that move the sample, over the number of directions.

    In some latents the Jacobian is taken direction by direction; with :math:`\lambda` the squares of its singular
    values, :math:`(\sum\lambda)^2 / \sum\lambda^2` counts the directions, each by its weight. The mean over the
    latents is divided by the number of directions.

    Reading the number:
        - **Healthy**: 1 for a generator that turns and stretches all directions alike. Trained ones use fewer, as
          data do: read its course in a run, or beside a healthy run of the same architecture.
        - **Collapsed**: near 1 / size, when one direction does everything; 0 when nothing moves.
        - **Blind to** how far the sample moves: a generator of nearly one picture may move evenly by a hair. Read
          ``latent_sensitivity`` beside it. And to modes: it looks at single places.
        - **Compare only** generators with latents of one size. Of latents wider than 128 it sees 128 random
          directions, in which the number comes out higher than in all.

    Args:
        jvp: Latents and directions to the change of the flat output along each direction.
        latents: At least two; the Jacobian is taken at the first eight.
        rng: Source of the random directions, for latents wider than 128.
        resolution: Moves of the sample below this, over the length of a latent, count as none.

    Returns:
        The share, from 0 to 1.

    Raises:
        ValueError: If there are fewer than two latents.

    Cost:
        A forward pass with derivative for each of eight latents and each direction: 800 for latents of size 100.

    Example:
        >>> import torch
        >>> z = torch.randn(4, 2, generator=torch.Generator().manual_seed(0))
        >>> jacobian_participation(jvp=lambda z, v: v, latents=z, rng=torch.Generator())
        1.0
        >>> jacobian_participation(jvp=lambda z, v: v[:, :1], latents=z, rng=torch.Generator())
        0.5

    Reference:
        The spectrum of the generator's Jacobian: Odena et al., *Is Generator Conditioning Causally Related to GAN
        Performance?*, ICML 2018, who look at its ends. The participation ratio is the one of physics.
    """
    values = singular_values(latents, jvp=jvp, rng=rng, resolution=resolution)
    if values is None:
        return 0.0
    squares = values.square()
    counted = squares.sum(dim=1).square() / squares.square().sum(dim=1)
    return (counted / squares.shape[1]).mean().item()
