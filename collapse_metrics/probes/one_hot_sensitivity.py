"""One-hot sensitivity: does every input of the generator lead somewhere else?"""

from collections.abc import Callable

import torch
from torch import Tensor

from collapse_metrics._registry import probe
from collapse_metrics.probes._span import span_of

MOST_INPUTS = 256
"""Inputs tried at most; of wider latents the first 256 stand for all."""


@probe(best=1.0, collapsed=0.0, paper="https://arxiv.org/abs/1903.05628")
def one_hot_sensitivity(*, respond: Callable[[Tensor], Tensor], latents: Tensor, resolution: float = 0.0) -> float:
    """Distance between the samples of one-hot latents, over that between the samples of usual latents.

    Each input of the generator is switched on alone, at the length that usual latents have. A generator that
    reads its noise answers each input with another sample; one that ignores it, or whose inputs have died,
    answers all with the same.

    Reading the number:
        - **Healthy**: 0.5 to 1.5.
        - **Collapsed**: 0, also where usual latents all give the same sample to within ``resolution``.
        - **Blind to** latents of one or two inputs, for which there is hardly a pair: 1-D latents are judged
          by their two signs.
        - **Compare only** generators with the same kind of latent.

    Args:
        respond: Latents to flat output rows, with the generator's own noise held fixed.
        latents: A batch of at least two usual latents: gives their length and the usual distance.
        resolution: Mean distances below this count as none.

    Returns:
        The ratio, 0 or more.

    Raises:
        ValueError: If there are fewer than two latents.

    Cost:
        Two forward passes of the batch, and two of as many latents as there are inputs, 256 at most.

    Example:
        >>> import torch
        >>> z = torch.randn(500, 8, generator=torch.Generator().manual_seed(0))
        >>> round(one_hot_sensitivity(respond=lambda z: z, latents=z), 1)
        1.0
        >>> one_hot_sensitivity(respond=lambda z: z[:, :1] * 0, latents=z)
        0.0

    Reference:
        Our formulation of what practitioners try by hand when "every noise gives the same picture".
    """
    if len(latents) < 2:
        raise ValueError(f"`latents` needs at least 2 rows, got {len(latents)}: draw more.")
    usual = span_of(latents, respond=respond, resolution=resolution)
    if usual == 0:
        return 0.0
    size = latents[0].numel()
    length = latents.flatten(1).norm(dim=1).mean()
    hot = length * torch.eye(size)[:MOST_INPUTS]
    if size < 3:
        hot = torch.cat([hot, -hot])
    hot = hot.reshape(-1, *latents.shape[1:]).to(latents.dtype)
    return span_of(hot, respond=respond, resolution=0.0) / usual
