"""Latent sensitivity: does a small change of the noise change the sample?"""

from collections.abc import Callable

import torch
from torch import Tensor

from collapse_metrics._registry import probe
from collapse_metrics.metrics import mean_pairwise_distance
from collapse_metrics.probes._span import span_of

STEP = 0.1
"""How far each latent is moved towards another one. Small enough for a local answer, large enough that half
precision and eight-bit pictures still show it."""


@probe(best=1.0, collapsed=0.0, paper="https://arxiv.org/abs/1903.05628")
def latent_sensitivity(
    *,
    respond: Callable[[Tensor], Tensor],
    latents: Tensor,
    rng: torch.Generator,
    resolution: float = 0.0,
    step: float = STEP,
) -> float:
    r"""How much a small move of the latent changes the sample, where a linear generator scores 1.

    Every latent ``z`` is moved a little towards another one, :math:`z' = (z + \epsilon w)/\sqrt{1+\epsilon^2}`,
    which keeps its distribution. The mean distance between the two outputs, divided by that between the outputs
    of unrelated latents, is set in relation to the same quotient of the latents. A generator that ignores its
    noise answers a moved latent with the same sample.

    Reading the number:
        - **Healthy**: 0.5 to 2. Plateaus with sharp borders between score 0.9 to 3 on average, and scatter by 0.5
          at 64 latents, because few of these lie near a border.
        - **Collapsed**: 0 when the noise is ignored. A generator whose samples all agree to within
          ``resolution`` scores 0 as well: there is nothing left for the noise to decide.
        - **Blind to** how far the samples vary in all: a generator that spans little, evenly, scores 1. Read
          ``pairwise_diversity`` for the span.
        - **Compare only** scores with the same ``step``; any generator.

    Args:
        respond: Latents to flat output rows, with the generator's own noise held fixed.
        latents: A batch of at least two latents.
        rng: Pairs the latents up.
        resolution: Mean distances below this count as none, for example half a grey level of a picture.
        step: How far each latent moves. Smaller is more local and more prone to rounding.

    Returns:
        The sensitivity, 0 or more.

    Raises:
        ValueError: If there are fewer than two latents, or all are the same.

    Cost:
        Four forward passes of the batch.

    Example:
        >>> import torch
        >>> z = torch.randn(500, 8, generator=torch.Generator().manual_seed(0))
        >>> linear = latent_sensitivity(respond=lambda z: 3 * z, latents=z, rng=torch.Generator())
        >>> round(linear, 1)
        1.0
        >>> latent_sensitivity(respond=torch.zeros_like, latents=z, rng=torch.Generator())
        0.0

    Reference:
        The mode-seeking ratio of Mao et al., *Mode Seeking Generative Adversarial Networks*, CVPR 2019, taken
        for near pairs and divided by its value for far ones, so that a linear generator is the unit.
    """
    if len(latents) < 2:
        raise ValueError(f"`latents` needs at least 2 rows, got {len(latents)}: draw more.")
    apart = mean_pairwise_distance(rows=latents.flatten(1))
    if apart == 0:
        raise ValueError("`latents` must differ, got the same row throughout: draw them at random.")
    partner = latents[_derangement(len(latents), rng)]
    moved = (latents + step * partner) / (1 + step**2) ** 0.5
    span = span_of(latents, respond=respond, resolution=resolution)
    if span == 0:
        return 0.0
    here, there = respond(latents), respond(moved)
    response: float = (there - here).double().norm(dim=1).mean().item() / span
    stimulus: float = (moved - latents).flatten(1).double().norm(dim=1).mean().item() / apart
    return response / stimulus


def _derangement(n: int, rng: torch.Generator) -> Tensor:
    """A pairing in which nobody is its own partner: everyone takes the next one of a shuffled circle."""
    circle = torch.randperm(n, generator=rng)
    partner = torch.empty(n, dtype=torch.long)
    partner[circle] = circle.roll(1)
    return partner
