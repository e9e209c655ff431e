"""Interpolation evenness: does the sample move with the noise, or jump between a few places?"""

from collections.abc import Callable

import torch
from torch import Tensor

from collapse_metrics._registry import probe

PATHS = 16
"""Pairs of latents that are joined."""

STEPS = 16
"""Steps of a path: a jump then shows as one step of sixteen that does everything."""


@probe(best=1.0, collapsed=0.0, span=(0.0, 1.0), paper="https://arxiv.org/abs/1812.04948")
def interpolation_evenness(
    *, respond: Callable[[Tensor], Tensor], latents: Tensor, rng: torch.Generator, resolution: float = 0.0
) -> float:
    """Mean step over the largest step, while the noise goes evenly from one latent to another.

    Pairs of latents are joined by an arc that keeps their length; along it, in sixteen steps, the samples are
    compared with their neighbours. Even movement gives equal steps; a generator that snaps from one picture to
    another makes one large step and many of nothing. The scale runs from that (0) to equal steps (1).

    Reading the number:
        - **Healthy**: 0.8 for a linear generator of normal latents, whose lengths differ a little; lower on data of
          several modes, because between modes something has to jump. Its course in a run says most.
        - **Collapsed**: 0, when all the movement is in one step, or there is none.
        - **Blind to** where the path leads: a generator that moves evenly within one mode scores well.
        - **Compare only** generators with the same kind of latent.

    Args:
        respond: Latents to flat output rows, with the generator's own noise held fixed.
        latents: At least two latents; the first sixteen begin the paths.
        rng: Pairs the latents up.
        resolution: Paths shorter than this count as no movement.

    Returns:
        The evenness, from 0 to 1.

    Raises:
        ValueError: If there are fewer than two latents.

    Cost:
        272 forward passes.

    Example:
        >>> import torch
        >>> z = torch.randn(32, 8, generator=torch.Generator().manual_seed(0))
        >>> score = interpolation_evenness(respond=lambda z: z, latents=z, rng=torch.Generator())
        >>> round(score, 1)
        0.8
        >>> interpolation_evenness(respond=lambda z: z * 0, latents=z, rng=torch.Generator())
        0.0

    Reference:
        Path length of Karras, Laine, Aila, *A Style-Based Generator Architecture for GANs*, CVPR 2019, asks how
        far a small step moves the picture; a collapsed generator is perfect there. We ask how evenly.
    """
    if len(latents) < 2:
        raise ValueError(f"`latents` needs at least 2 rows, got {len(latents)}: draw more.")
    begin = latents[:PATHS]
    order = torch.randperm(len(begin), generator=rng)
    end = torch.empty_like(begin)
    end[order] = begin[order.roll(1)]  # a circle: nobody is its own partner
    angle = torch.linspace(0, torch.pi / 2, STEPS + 1, dtype=torch.double)
    shape = (STEPS + 1, *[1] * begin.ndim)
    path = angle.cos().view(shape) * begin + angle.sin().view(shape) * end
    rows = respond(path.flatten(0, 1).to(latents.dtype)).double().view(STEPS + 1, len(begin), -1)
    steps = rows.diff(dim=0).norm(dim=2)
    moved = steps.sum(dim=0) > resolution
    if not moved.any():
        return 0.0
    even = steps.mean(dim=0) / steps.amax(dim=0).clamp(min=1e-300)
    score = torch.where(moved, (even - 1 / STEPS) / (1 - 1 / STEPS), 0.0)
    return score.mean().clamp(0, 1).item()
