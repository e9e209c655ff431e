"""Dead directions: along what share of the latent does the sample not move?"""

from collections.abc import Callable

import torch
from torch import Tensor

from collapse_metrics._registry import probe
from collapse_metrics.probes._jacobian import DEAD, singular_values


@probe(best=0.0, collapsed=1.0, span=(0.0, 1.0), paper="https://arxiv.org/abs/1802.08768")
def dead_directions(
    *,
    jvp: Callable[[Tensor, Tensor], Tensor],
    latents: Tensor,
    rng: torch.Generator,
    resolution: float = 0.0,
) -> float:
    """Share of the latent's directions along which the sample moves less than a hundredth of the most.

    Counted are singular values of the generator's Jacobian, so that directions need not lie along single inputs;
    the mean over some latents.

    Reading the number:
        - **Healthy**: 0 for latents as wide as the data need; wide latents of small generators always have some.
        - **Collapsed**: 1, when nothing moves; near it when one direction is left.
        - **Blind to** how far the living directions move the sample, and to modes.
        - **Compare only** generators with latents of one size; its rise within a run says most.

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
        A forward pass with derivative for each of eight latents and each direction.

    Example:
        >>> import torch
        >>> z = torch.randn(4, 4, generator=torch.Generator().manual_seed(0))
        >>> dead_directions(jvp=lambda z, v: v[:, :3], latents=z, rng=torch.Generator())
        0.25

    Reference:
        The small end of the spectrum in Odena et al., *Is Generator Conditioning Causally Related to GAN
        Performance?*, ICML 2018; the level of a hundredth is ours.
    """
    values = singular_values(latents, jvp=jvp, rng=rng, resolution=resolution)
    if values is None:
        return 1.0
    return (values < DEAD * values[:, :1]).double().mean().item()
