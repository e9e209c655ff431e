"""Label use: does a conditional generator listen to the label?"""

from collections.abc import Callable

from torch import Tensor

from collapse_metrics._registry import probe
from collapse_metrics.probes._two_way import distances


@probe(best=1.0, collapsed=0.0, paper="https://arxiv.org/abs/1411.1784")
def label_use(
    *,
    respond_to: Callable[[Tensor, Tensor], Tensor],
    latents: Tensor,
    labels: Tensor,
    resolution: float = 0.0,
) -> float:
    """Distance of samples that share the noise and differ in the label, over that of samples that differ in both.

    Every label meets every latent; distances are root mean squares over the table.

    Reading the number:
        - **Healthy**: above one half. What the noise fixes across labels (slant, thickness) keeps it below 1.
        - **Collapsed**: 0: the label is ignored.
        - **Blind to** whether the right class is drawn; a classifier tells that.
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
        >>> label_use(respond_to=lambda z, y: z, latents=z, labels=torch.arange(3))
        0.0

    Reference:
        Mirza and Osindero, *Conditional Generative Adversarial Nets*, 2014, for the generator; the table of two
        ways is that of analysis of variance.
    """
    _, label, both = distances(latents, labels, respond_to=respond_to, resolution=resolution)
    return (label / both) ** 0.5 if both > 0 else 0.0
