"""Mode-seeking ratio: how far apart are samples whose noise is far apart?"""

from collections.abc import Callable

from torch import Tensor

from collapse_metrics._registry import probe
from collapse_metrics.metrics import mean_pairwise_distance
from collapse_metrics.probes._span import span_of


@probe(best=1.0, collapsed=0.0, paper="https://arxiv.org/abs/1903.05628")
def mode_seeking_ratio(
    *, respond: Callable[[Tensor], Tensor], latents: Tensor, spread: float, resolution: float = 0.0
) -> float:
    """Distance between two samples per distance between their latents, where real data's distance is the unit.

    Over all pairs of the latents, the mean distance of the samples is divided by that of the latents, and the
    quotient by the one that a generator would have whose samples lie as far apart as real ones. What the
    generator's own noise adds is taken out first.

    Reading the number:
        - **Healthy**: 1, give or take 0.2.
        - **Collapsed**: 0, when every noise gives the same sample.
        - **Blind to** lost modes while two far ones live, as every mean of distances is.
        - **Compare only** generators of one kind of data. The paper's own ratio has the unit of the data over that
          of the latent, and no zero or one to read it by.

    Args:
        respond: Latents to flat output rows, with the generator's own noise held fixed.
        latents: A batch of at least two latents.
        spread: Mean distance between two real samples, in the unit of the rows.
        resolution: Mean distances below this count as none.

    Returns:
        The ratio, 0 or more.

    Raises:
        ValueError: If there are fewer than two latents, all are the same, or ``spread`` is not positive.

    Cost:
        Two forward passes of the batch.

    Example:
        >>> import torch
        >>> z = torch.randn(100, 8, generator=torch.Generator().manual_seed(0))
        >>> apart = torch.nn.functional.pdist(z).mean().item()
        >>> round(mode_seeking_ratio(respond=lambda z: z / 2, latents=z, spread=apart), 3)
        0.5

    Reference:
        Mao et al., *Mode Seeking Generative Adversarial Networks for Diverse Image Synthesis*, CVPR 2019, who
        maximise it in training.
    """
    if len(latents) < 2:
        raise ValueError(f"`latents` needs at least 2 rows, got {len(latents)}: draw more.")
    if not spread > 0:
        raise ValueError(f"`spread` is the distance of two real samples and must be above 0, got {spread}.")
    if mean_pairwise_distance(rows=latents.flatten(1)) == 0:
        raise ValueError("`latents` must differ, got the same row throughout: draw them at random.")
    # The distance of the latents stands above and below the line: the unit is a generator of real data's spread.
    return span_of(latents, respond=respond, resolution=resolution) / spread
