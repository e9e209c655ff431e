"""What do the probes say of this generator? Everything that a probe may ask for, and how sure each answer is."""

from collections.abc import Callable, Collection
from typing import Any

import numpy as np
import torch
from scipy import stats
from torch import Tensor

import collapse_metrics.probes  # noqa: F401  (importing the room registers its probes)
from collapse_metrics._registry import PROBES, MetricSpec
from collapse_metrics.embed.rows import prepare
from collapse_metrics.metrics import mean_pairwise_distance
from collapse_metrics.metrics._neighbours import digest
from collapse_metrics.probes.sampler import Sampler
from collapse_metrics.records import Measurement
from collapse_metrics.reference import Reference

STANDARD_PROBES = ("latent_sensitivity", "one_hot_sensitivity", "batch_norm_gap")
"""Probes that run at every look; the gap only where there are batch norms."""

PROBED = 64
"""Latents that the probes look at: means over them are then good to about a tenth."""

PARTS = 4
"""Parts of the latents, whose scatter gives the interval; Student's t pays for there being only four."""

RESOLUTION = 0.5 / 255
"""Half a grey level, root mean square over pixels: smaller differences are invisible in a saved picture."""

USUAL = {"latent_sensitivity": (0.5, 2.0), "one_hot_sensitivity": (0.5, 2.0)}
"""What generators score that listen to their noise (docs/studies/recipes.md); the others have no such range, because
what a good score is depends on latent and data."""


def measure_probes(
    sampler: Sampler,
    reference: Reference,
    *,
    value_range: tuple[float, float] | None,
    step: int | None,
    seed: int,
    names: Collection[str] = STANDARD_PROBES,
    labels: Tensor | None = None,
) -> list[Measurement]:
    """Every named probe of the generator, its interval over parts of the latents; those that lack data are left out.

    Args:
        sampler: The generator and its latents.
        reference: The real data, for their resolution and spread.
        value_range: What black and white are, for pictures.
        step: Training step, for the record.
        seed: Of pairings and random directions.
        names: Registered probes.
        labels: One of every class, where the generator is called with labels.

    Returns:
        The measurements.
    """
    world = _world(sampler, reference, value_range, labels)
    latents = sampler.latents(PROBED)
    found = [
        _measured(PROBES[name], world, latents, step, seed)
        for name in names
        if not PROBES[name].needs - {"latents", "rng"} - world.keys()
    ]
    if "respond_batch" in world and "batch_norm_gap" in names:
        found += _about_batch_norms(sampler, world, latents, step)
    return found


def _about_batch_norms(sampler: Sampler, world: dict[str, Any], latents: Tensor, step: int | None) -> list[Measurement]:
    """Whether running statistics were ever updated, and how diverse samples are with those of the batch."""
    diversity = mean_pairwise_distance(rows=world["respond_batch"](latents)) / world["spread"]
    about: dict[str, Any] = {"n_fake": len(latents), "embedder": "raw", "step": step}
    return [
        Measurement("batch_norms_unused", sampler.unused_batch_norms, expected=(0, 0), step=step),
        Measurement("batch_diversity", diversity, **about),
    ]


def missing_for(name: str, *, probed: bool) -> str:
    """What a probe lacked that was not measured; ``probed`` says whether there was a generator at all."""
    needs = PROBES[name].needs
    if not probed:
        return "needs the generator, and finite samples of it: pass generator="
    if "labels" in needs:
        return "needs a conditional generator: pass labels="
    if "respond_batch" in needs:
        return "needs a generator with batch norm"
    return "needs finite samples of the generator"


def _world(
    sampler: Sampler, reference: Reference, value_range: tuple[float, float] | None, labels: Tensor | None
) -> dict[str, Any]:
    """The data that can be supplied, by the names of the vocabulary."""
    pictures = reference.embedder.takes_pictures

    def rows(out: Tensor) -> Tensor:
        return prepare(out, reference.embedder, value_range)[1] if pictures else out.flatten(1).float()

    world: dict[str, Any] = {
        "respond": remembering(lambda z: rows(sampler(z))),
        "jvp": lambda z, directions: sampler.jvp(z, directions) * _unit(value_range if pictures else None),
        "resolution": RESOLUTION * reference.raw_dim**0.5 if pictures else 0.0,
        "spread": reference.raw_spread,
    }
    if sampler.has_batch_norm:
        world["respond_batch"] = remembering(lambda z: rows(sampler.with_batch_statistics(z)))
    if labels is not None:
        world["labels"] = labels
        world["respond_to"] = lambda z, y: rows(sampler.with_labels(z, y))
    return world


def _unit(value_range: tuple[float, float] | None) -> float:
    """What one unit of the generator's output is worth in rows, which run from 0 to 1 for pictures."""
    return 1.0 if value_range is None else 1.0 / (value_range[1] - value_range[0])


def remembering(respond: Callable[[Tensor], Tensor]) -> Callable[[Tensor], Tensor]:
    """The same answers, each batch asked once: several probes, and several lines of one, ask for the same batch."""
    known: dict[str, Tensor] = {}

    def answer(z: Tensor) -> Tensor:
        key = digest(z)
        if key not in known:
            known[key] = respond(z)
        return known[key].clone()

    return answer


def _measured(spec: MetricSpec, world: dict[str, Any], latents: Tensor, step: int | None, seed: int) -> Measurement:
    def compute(z: Tensor) -> float:
        data = {**world, "latents": z, "rng": torch.Generator().manual_seed(seed)}
        value: float = spec.compute(**{key: data[key] for key in spec.needs})
        return value

    value, parts = compute(latents), [compute(part) for part in latents.chunk(PARTS)]
    half = float(stats.t.ppf(0.975, PARTS - 1) * np.std(parts, ddof=1)) / PARTS**0.5
    low, high = min(value, max(value - half, spec.span[0])), max(value, min(value + half, spec.span[1]))
    usual = USUAL.get(spec.name)
    return Measurement(spec.name, value, low, high, usual, n_fake=len(latents), embedder="raw", step=step)
