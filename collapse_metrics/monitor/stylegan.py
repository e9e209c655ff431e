"""How does the verdict get among the metrics of StyleGAN2-ADA, StyleGAN3 and R3GAN? As one of ``--metrics``."""

import copy
import math
import warnings
from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor

from collapse_metrics.evaluate import score
from collapse_metrics.monitor.beside import scalars
from collapse_metrics.monitor.sinks.parcel import PREFIX

VALUES = ("severity", "accepted_share", "coverage", "density", "duplicate_rate", "pairwise_diversity")
"""What is returned unless others are asked for: how bad it is, and what every reference can say beside it."""

LabelSource = Callable[[int, torch.Generator], Tensor]
"""Draws the class labels of ``n`` samples, ``(n, c_dim)``."""


def collapse_metric(
    *,
    n: int = 2000,
    values: tuple[str, ...] = VALUES,
    labels: LabelSource | None = None,
    seed: int = 0,
    **options: Any,
) -> Callable[[Any], dict[str, float]]:
    """A function for ``register_metric`` of ``metrics/metric_main.py``: it takes ``opts`` and returns numbers.

    Samples are drawn by ranks' rule of these programs: rank 0 returns the numbers, and ``calc_metric`` sends them to
    the others, which must return the same names. A number that there is none of is NaN, and so is each after an error,
    which is a warning.

    Args:
        n: Samples. It names the metric: 2000 makes ``collapse2k``.
        values: Names of measurements, and ``severity``.
        labels: Draws the class labels of a conditional generator; left out, all classes equally often.
        seed: Of latents and labels.
        **options: Those of ``score``: ``reference``, ``embedder``, ``measures``...

    Returns:
        The metric.
    """
    name = f"collapse{n // 1000}k" if n % 1000 == 0 else f"collapse{n}"

    def metric(opts: Any) -> dict[str, float]:
        found: dict[str, float] = {}
        if opts.rank == 0:
            try:
                found = judged(opts)
            except Exception as error:  # a training of days waits for this number, and the other ranks with it
                warnings.warn(
                    f"{name} failed and is NaN ({type(error).__name__}: {error}). Training goes on.", stacklevel=2
                )
        return {f"{name}_{value}": found.get(PREFIX + value, math.nan) for value in values}

    def judged(opts: Any) -> dict[str, float]:
        network = copy.deepcopy(opts.G).eval().requires_grad_(False).to(opts.device)  # as their own metrics do
        settings = {"value_range": (-1, 1), "n": n, "seed": seed, **options}
        return scalars(score(generator=_samples_of(network, opts, labels, seed), latent=network.z_dim, **settings))

    metric.__name__ = name
    return metric


def _samples_of(network: Any, opts: Any, labels: LabelSource | None, seed: int) -> Callable[[Tensor], Tensor]:
    """Latents in, pictures out; labels beside them, drawn anew for each chunk from one stream."""
    rng = torch.Generator().manual_seed(seed)

    def even(n: int, _: torch.Generator) -> Tensor:
        return torch.eye(network.c_dim)[torch.arange(n) % network.c_dim] if network.c_dim else torch.zeros(n, 0)

    def samples(z: Tensor) -> Tensor:
        z = z.to(opts.device)
        out: Tensor = network(z=z, c=(labels or even)(len(z), rng).to(opts.device), **opts.G_kwargs)
        return out.clamp(-1, 1) if out.ndim == 4 else out  # pictures reach a little beyond black and white

    return samples
