"""Jacobian condition: how much more does the strongest direction of the latent move the sample than the weakest?"""

from collections.abc import Callable

import torch
from torch import Tensor

from collapse_metrics._registry import probe
from collapse_metrics.probes._jacobian import singular_values

WORST = 7.0
"""Where the scale ends: in single precision, ten million to one is the same as nothing."""


@probe(best=0.0, collapsed=WORST, span=(0.0, WORST), paper="https://arxiv.org/abs/1802.08768")
def jacobian_condition(
    *,
    jvp: Callable[[Tensor, Tensor], Tensor],
    latents: Tensor,
    rng: torch.Generator,
    resolution: float = 0.0,
) -> float:
    """Logarithm, base ten, of the largest over the smallest singular value of the generator's Jacobian.

    The mean over some latents. Along the weakest direction the sample hardly moves: what differs there in the noise
    is lost.

    Reading the number:
        - **Healthy**: 0 when all directions move the sample alike. Trained generators lie above; read the course in
          a run, or compare with a healthy run of the same architecture.
        - **Collapsed**: 7, where the scale ends: a direction moves nothing, or nothing moves at all.
        - **Blind to** how many directions are weak: one dead input of a hundred gives the worst score. Read
          ``dead_directions`` and ``jacobian_participation`` beside it.
        - **Compare only** generators with latents of one size; its course in a run says most.

    Args:
        jvp: Latents and directions to the change of the flat output along each direction.
        latents: At least two; the Jacobian is taken at the first eight.
        rng: Source of the random directions, for latents wider than 128.
        resolution: Moves of the sample below this, over the length of a latent, count as none.

    Returns:
        The logarithm, from 0 to 7.

    Raises:
        ValueError: If there are fewer than two latents.

    Cost:
        A forward pass with derivative for each of eight latents and each direction.

    Example:
        >>> import torch
        >>> z = torch.randn(4, 2, generator=torch.Generator().manual_seed(0))
        >>> stretch = torch.tensor([100.0, 1.0])
        >>> round(jacobian_condition(jvp=lambda z, v: v * stretch, latents=z, rng=torch.Generator()), 6)
        2.0

    Reference:
        Odena et al., *Is Generator Conditioning Causally Related to GAN Performance?*, ICML 2018: the number falls
        apart into a good and a bad cluster of runs. They take natural logarithms of the squares; theirs is 4.6
        times ours.
    """
    values = singular_values(latents, jvp=jvp, rng=rng, resolution=resolution)
    if values is None:
        return WORST
    ratio = (values[:, 0] / values[:, -1]).log10()  # infinite where a direction is dead
    return ratio.clamp(max=WORST).mean().item()
