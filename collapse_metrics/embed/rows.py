"""How do samples of any kind become rows that an embedder takes?"""

from typing import Any

import numpy as np
import torch
from torch import Tensor

from collapse_metrics.embed._base import Embedder
from collapse_metrics.embed.pictures import guess_range, to_unit_range


def as_tensor(samples: Any) -> Tensor:
    """Arrays, tables, lists and tensors as one tensor on the CPU."""
    if isinstance(samples, Tensor):
        return samples.detach().cpu()
    array = np.asarray(samples)
    if array.dtype.kind not in "uifb":
        raise ValueError(f"samples must be numbers, got {array.dtype}: encode or drop what is not.")
    # torch warns about, and may write through, arrays that say they are read-only.
    return torch.from_numpy(array if array.flags.writeable else array.copy())


def settle_range(
    samples: Tensor, embedder: Embedder, value_range: tuple[float, float] | None
) -> tuple[float, float] | None:
    """The range that all pictures of this look share: a guess must not differ from batch to batch."""
    if value_range is not None or not embedder.takes_pictures:
        return value_range
    finite = samples[torch.isfinite(samples.flatten(1).float()).all(dim=1)]
    return guess_range(finite) if len(finite) else None


def prepare(samples: Any, embedder: Embedder, value_range: tuple[float, float] | None) -> tuple[Tensor, Tensor]:
    """Samples as the embedder takes them, and the same samples as flat float rows."""
    rows = as_tensor(samples)
    if rows.ndim < 2:
        raise ValueError(f"samples must be one a row, got shape {tuple(rows.shape)}: add the axis of samples.")
    if embedder.takes_pictures:
        rows, _ = to_unit_range(rows, value_range)
    return rows, rows.flatten(1).float()
