"""Batch-norm gap: do the running statistics make other samples than the batch's own?"""

from collections.abc import Callable

from torch import Tensor

from collapse_metrics._registry import probe
from collapse_metrics.metrics import mean_pairwise_distance


@probe(best=0.0, collapsed=1.0, paper="https://arxiv.org/abs/1502.03167")
def batch_norm_gap(
    *,
    respond: Callable[[Tensor], Tensor],
    respond_batch: Callable[[Tensor], Tensor],
    latents: Tensor,
    resolution: float = 0.0,
) -> float:
    """Distance between the samples of eval mode and of batch statistics, over the usual distance of two samples.

    The same latents go through the generator twice: with the running statistics of its batch norms, as after
    training, and with the statistics of the batch, as within it. Where the two differ as much as unrelated samples
    do, what looks like collapse may be running statistics that are stale or were never updated.

    Reading the number:
        - **Healthy**: 0 without batch norm; somewhat above it with it, because the statistics of a batch scatter.
        - **Broken set-up**: 1 or more: eval mode shows other samples than the training saw.
        - **Blind to** which of the two is right: look at both.
        - **Compare only** scores of batches of one size.

    Args:
        respond: Latents to flat output rows, in eval mode.
        respond_batch: The same with batch statistics, from the whole batch at once.
        latents: A batch of at least two latents.
        resolution: Gaps below this count as none.

    Returns:
        The gap, 0 or more.

    Raises:
        ValueError: If there are fewer than two latents.

    Cost:
        Two forward passes of the batch.

    Example:
        >>> import torch
        >>> z = torch.randn(100, 8, generator=torch.Generator().manual_seed(0))
        >>> batch_norm_gap(respond=lambda z: z, respond_batch=lambda z: z, latents=z)
        0.0

    Reference:
        Ioffe and Szegedy, *Batch Normalization*, ICML 2015, for the two sets of statistics. That their gap is
        taken for collapse is a common report of users; the number is ours.
    """
    if len(latents) < 2:
        raise ValueError(f"`latents` needs at least 2 rows, got {len(latents)}: draw more.")
    kept, fresh = respond(latents), respond_batch(latents)
    gap: float = (kept - fresh).double().norm(dim=1).mean().item()
    if gap <= resolution:
        return 0.0
    # The larger of the two: stale statistics may well make all samples of eval mode the same.
    return gap / max(mean_pairwise_distance(rows=kept), mean_pairwise_distance(rows=fresh), gap / MOST)


MOST = 10.0
"""Where the scale ends, for samples that do not differ at all in either mode."""
