"""How are two checkpoints compared? Both opened, both given the same latents, then compared pair by pair."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from collapse_metrics.checkpoints.compare import ALPHA, MARGIN, compare_samples
from collapse_metrics.checkpoints.contrasts import Comparison
from collapse_metrics.checkpoints.opening import Opened, open_source
from collapse_metrics.checkpoints.scoring import told
from collapse_metrics.embed.rows import as_tensor
from collapse_metrics.evaluate import find_reference
from collapse_metrics.probes.sampler import Latent, Sampler


def compare_sources(
    *,
    first: str | Path,
    second: str | Path,
    how_first: Mapping[str, Any] | None = None,
    how_second: Mapping[str, Any] | None = None,
    reference: Any = None,
    value_range: tuple[float, float] | None = None,
    n: int = 2000,
    alpha: float = ALPHA,
    margin: float = MARGIN,
    seed: int = 0,
) -> Comparison:
    """Compare two checkpoints, or two sets of samples, against a reference.

    Generators with latents of one shape are given the same latents. Otherwise, and of finished samples, row ``i`` of one
    is paired with row ``i`` of the other, which keeps every test right and only makes it less sharp; a note says so.

    Args:
        first: A checkpoint, or samples.
        second: The other one.
        how_first: Arguments of ``open_source`` for the first.
        how_second: For the second; left out, those of the first.
        reference: Name, file or ``Reference``; left out, the one that the first names, else ``mnist``.
        value_range: What black and white are, for pictures; left out, what each says of itself.
        n: Latents.
        alpha: See ``compare_samples``.
        margin: See there.
        seed: Of the latents and of the tests.

    Returns:
        The comparison, second beside first; ``provenance`` tells both files, how they were opened, and notes.
    """
    how_first = dict(how_first or {})
    opened = open_source(first, **how_first), open_source(second, **dict(how_second or how_first))
    asked = reference if reference is not None else opened[0].reference or opened[1].reference or "mnist"
    drawn = [samples_of(one, n=n, seed=seed) for one in opened]
    least = min(map(len, drawn))
    pair = [_cut(rows, least, seed + i) for i, rows in enumerate(drawn)]
    ranges = [value_range or one.value_range for one in opened]
    found = compare_samples(
        first=pair[0],
        second=pair[1],
        reference=find_reference(asked),
        value_ranges=(ranges[0], ranges[1]),
        alpha=alpha,
        margin=margin,
        seed=seed,
    )
    notes = [*opened[0].notes, *opened[1].notes, *_unpaired(opened)]
    found.provenance.update(
        first=told(opened[0], first), second=told(opened[1], second), notes=list(dict.fromkeys(notes))
    )
    return found


def samples_of(opened: Opened, *, n: int, seed: int) -> Tensor:
    """Samples as they lie there, or of the first ``n`` latents of the seed, evenly over the labels where there are any."""
    if opened.generator is None:
        return as_tensor(opened.samples)
    if opened.latent is None:
        raise ValueError("the size of the generator's noise is needed: give it, for example --latent 100.")
    labels = None if opened.labels is None else as_tensor(opened.labels)
    sampler = Sampler(opened.generator, latent=opened.latent, seed=seed, label=None if labels is None else labels[0])
    z = sampler.latents(n)
    return sampler(z) if labels is None else sampler.with_labels(z, labels[torch.arange(n) % len(labels)])


def _cut(rows: Tensor, least: int, seed: int) -> Tensor:
    """As many rows as the other set has, by chance: files may be sorted."""
    if len(rows) == least:
        return rows
    return rows[torch.from_numpy(np.random.default_rng(seed).permutation(len(rows))[:least])]


def _unpaired(opened: tuple[Opened, Opened]) -> list[str]:
    """Why the two do not share their latents, where they do not."""
    if any(one.generator is None for one in opened):
        return ["samples are paired row by row: of the same latents the comparison is sharper"]
    if _shape(opened[0].latent) != _shape(opened[1].latent):
        return ["the two take noise of different shapes, so that they share no latents: the comparison is less sharp"]
    return []


def _shape(latent: Latent | None) -> Any:
    return (latent,) if isinstance(latent, int) else latent
