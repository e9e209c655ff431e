"""What moves the sample: the label, or the noise? Distances over a table of labels and latents."""

from collections.abc import Callable

import torch
from torch import Tensor

MOST_LATENTS = 16
"""Latents in the table; with ten labels, 160 samples."""


def distances(
    latents: Tensor, labels: Tensor, *, respond_to: Callable[[Tensor, Tensor], Tensor], resolution: float
) -> tuple[float, float, float]:
    """Mean squared distance of samples that differ in the noise only, in the label only, and in both."""
    if len(latents) < 2:
        raise ValueError(f"`latents` needs at least 2 rows, got {len(latents)}: draw more.")
    classes = labels.unique(dim=0)
    if len(classes) < 2:
        raise ValueError(f"`labels` needs at least 2 different labels, got {len(classes)}: give one of every class.")
    z = latents[:MOST_LATENTS]
    n, m = len(classes), len(z)
    rows = respond_to(z.repeat(n, *[1] * (z.ndim - 1)), classes.repeat_interleave(m, dim=0))
    squares = torch.cdist(rows.double(), rows.double()).square().view(n, m, n, m)
    same_label = torch.eye(n, dtype=torch.bool)[:, None, :, None].expand(n, m, n, m)
    same_noise = torch.eye(m, dtype=torch.bool)[None, :, None, :].expand(n, m, n, m)
    noise = squares[same_label & ~same_noise].mean().item()
    label = squares[~same_label & same_noise].mean().item()
    both = squares[~same_label & ~same_noise].mean().item()
    return (noise, label, both) if max(noise, label, both) > resolution**2 else (0.0, 0.0, 0.0)
