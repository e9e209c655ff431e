"""How far do samples differ because of their latents, and not because of the generator's own noise?"""

from collections.abc import Callable

from torch import Tensor

from collapse_metrics.metrics import mean_pairwise_distance

OWN_NOISE = 0.9
"""Share of the squared distance that may come from the generator's own noise before the latents count as
ignored: what is left is then within the error of the estimate for a batch of some ten samples."""


def span_of(latents: Tensor, *, respond: Callable[[Tensor], Tensor], resolution: float) -> float:
    """Root of the mean distance squared between outputs, less what one latent, repeated, gives by itself.

    Returns:
        The span, 0 where the outputs agree to within ``resolution`` or differ by the generator's own noise only.
    """
    whole = mean_pairwise_distance(rows=respond(latents))
    own = mean_pairwise_distance(rows=respond(latents[:1].expand_as(latents)))
    if whole <= resolution or own**2 >= OWN_NOISE * whole**2:
        return 0.0
    return float((whole**2 - own**2) ** 0.5)
