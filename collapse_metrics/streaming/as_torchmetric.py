"""How do I log it beside my other torchmetrics? Any metric that streams, as a genuine ``torchmetrics.Metric``."""

from typing import TYPE_CHECKING, Any

from collapse_metrics.streaming.front_door import accumulate
from collapse_metrics.streaming.reservoir import Reservoir

if TYPE_CHECKING:
    from torchmetrics import Metric

OF_TORCHMETRICS = frozenset(
    {
        "compute_on_cpu", "dist_sync_on_step", "process_group", "dist_sync_fn", "distributed_available_fn",
        "sync_on_compute", "compute_with_cache",
    }
)  # fmt: skip
"""Options that every ``torchmetrics.Metric`` has; they are handed on."""


def as_torchmetric(
    name: str, *, reference: Any = None, modes: int | None = None, reservoir: Reservoir | None = None, **given: Any
) -> "Metric":
    """A registered metric as a ``torchmetrics.Metric``: for Lightning, for several processes, for a collection.

    Its states are those of the accumulator that ``accumulate`` gives, so the number is the same: from one process or
    many, with ranks that got different numbers of batches or none. The reference is kept in buffers that move with
    the metric and are not written into checkpoints. In several processes, a metric that streams through a uniform
    sample takes the stream of its rank. ``forward`` gives NaN for a batch that is too small for a number of its own.

    Args:
        name: Name of the metric.
        reference: What the samples are compared with: real feature rows, the ``Balls`` fitted to them, or a
            ``Reference``.
        modes: How many modes there are, for a metric of counts where no data say it.
        reservoir: For a metric that streams through a uniform sample only: size, seed and stream of that sample.
        given: Other data that are known before, options of the metric, and those of every ``torchmetrics.Metric``.

    Returns:
        The metric. ``update`` takes what the metric asks for of each batch; ``compute`` gives a double.

    Raises:
        ModuleNotFoundError: If torchmetrics is not installed.
        ValueError: As ``accumulate``.

    Example:
        >>> import torch
        >>> line = torch.arange(10.0)[:, None]
        >>> metric = as_torchmetric("coverage", reference=line, k=1)
        >>> metric.update(line[:3])
        >>> metric.update(line[3:4])
        >>> metric.compute().item()
        0.5
    """
    try:
        from collapse_metrics.streaming import _torchmetric
    except ModuleNotFoundError as error:
        raise ModuleNotFoundError("as_torchmetric needs torchmetrics, which is not installed: install it.") from error
    theirs = {key: given.pop(key) for key in OF_TORCHMETRICS & set(given)}
    streamed = accumulate(name, reference=reference, modes=modes, reservoir=reservoir, **given)
    return _torchmetric.class_for(name)(streamed, **theirs)
