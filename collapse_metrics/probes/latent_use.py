"""Latent use: does a conditional generator draw more than one sample for each label?"""

from collections.abc import Callable

from torch import Tensor

from collapse_metrics._registry import probe
from collapse_metrics.probes._two_way import distances


@probe(best=1.0, collapsed=0.0, paper="https://arxiv.org/abs/1903.05628")
def latent_use(
    *,
    respond_to: Callable[[Tensor, Tensor], Tensor],
    latents: Tensor,
    labels: Tensor,
    resolution: float = 0.0,
) -> float:
    """Distance of samples that share the label and differ in the noise, over that of samples that differ in both.

    Every label meets every latent; distances are root mean squares over the table.

    Reading the number:
        - **Healthy**: near 1 where samples of one class differ nearly as much as samples of two, as in digits.
        - **Collapsed**: 0: one sample a label, whatever the noise; the usual collapse of conditional generators,
          which counting modes never sees.
        - **Blind to** collapse within the noise's reach: a few samples a label score well.
        - **Compare only** generators of the same data and labels.

    Args:
        respond_to: Latents and labels to flat output rows.
        latents: At least two; the first sixteen are used.
        labels: Labels of at least two classes; each is used once.
        resolution: Distances below this count as none.

    Returns:
        The ratio, 0 or more.

    Raises:
        ValueError: If there are fewer than two latents or two classes.

    Cost:
        A forward pass for each of sixteen latents and each class.

    Example:
        >>> import torch
        >>> z = torch.randn(16, 2, generator=torch.Generator().manual_seed(0))
        >>> latent_use(respond_to=lambda z, y: y[:, None].float(), latents=z, labels=torch.arange(3))
        0.0

    Reference:
        The failure is the subject of Mao et al., *Mode Seeking Generative Adversarial Networks*, CVPR 2019; the
        table of two ways is that of analysis of variance.
    """
    noise, _, both = distances(latents, labels, respond_to=respond_to, resolution=resolution)
    return (noise / both) ** 0.5 if both > 0 else 0.0
