"""How good is what lies in this file? Open it, judge it, and keep how it was opened beside the verdict."""

from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch

from collapse_metrics.checkpoints.classes import OfLabel, per_label, with_labels
from collapse_metrics.checkpoints.kinds import Kind
from collapse_metrics.checkpoints.opening import Opened, open_source
from collapse_metrics.evaluate import find_reference, score
from collapse_metrics.probes.sampler import Sampler
from collapse_metrics.records import Scorecard


def score_source(
    path: str | Path,
    *,
    reference: Any = None,
    n: int = 5000,
    seed: int = 0,
    value_range: tuple[float, float] | None = None,
    measures: Any = "standard",
    per_class: bool = False,
    condition: Any = None,
    train: Any = None,
    step: int | None = None,
    embedder: Any = None,
    **how_to_open: Any,
) -> Scorecard:
    """Judge samples or a checkpoint against a reference.

    Args:
        path: See ``open_source``, whose other arguments may follow.
        reference: Name of a packaged reference, a file or a ``Reference``; without it, the one that a bundle names,
            else ``mnist``.
        n: How many samples are drawn, where there is a generator.
        seed: Of latents, subsets and simulated nulls.
        value_range: What black and white are in float pictures.
        measures: As in ``score``.
        per_class: Also judge the samples of each label by themselves; see ``per_class`` in the provenance.
        condition: Judge the samples of this label alone.
        train: Samples of the training set, or a file of them.
        step: Training step, for the record.
        embedder: For a reference file of your own embedder.
        how_to_open: Arguments of ``open_source``.

    Returns:
        The scorecard. ``provenance["source"]`` says what was opened and how: hash, kind, key and prefix of the
        weights, whether they are a running average, the latent, and notes.

    Raises:
        ValueError: If the file cannot be opened or its samples cannot be judged.
    """
    opened = open_source(path, **how_to_open)
    if reference is None and opened.kind == Kind.BUNDLE and opened.reference is None:
        raise ValueError(f"{path} names no reference of its data: give one with --reference (see Reference.fit).")
    options: dict[str, Any] = {
        "reference": reference if reference is not None else opened.reference or "mnist",
        "value_range": value_range or opened.value_range,
        "measures": measures,
        "seed": seed,
        "step": step,
        "train": open_source(train).samples if isinstance(train, str | Path) else train,
        "embedder": embedder,
    }
    card = judge(opened, n=n, options=options, condition=condition)
    if per_class:
        seen = of_labels(opened, n=n, options=options)
        card = with_labels(card, seen)
        card.provenance["per_class"] = [asdict(one) for one in seen]
    card.provenance["source"] = told(opened, path)
    card.provenance["condition"] = None if condition is None else str(condition)
    return card


def of_labels(opened: Opened, *, n: int, options: dict[str, Any]) -> list[OfLabel]:
    """Every label by itself: those beside the samples, or those that the generator takes."""
    if opened.labels is None:
        raise ValueError(
            "--per-class needs labels: beside the samples (arr_1, a folder for each class), or taken by G."
        )
    samples, labels = opened.samples, np.asarray(opened.labels)
    if samples is None:
        assert opened.generator is not None, "what has no samples has a generator"
        assert opened.latent is not None, "a generator is opened with its latent"
        sampler = Sampler(opened.generator, latent=opened.latent, seed=options["seed"], label=opened.labels[0])
        labels = np.arange(n) % len(opened.labels)
        samples = sampler.with_labels(sampler.latents(n), opened.labels[torch.from_numpy(labels)])
    reference = find_reference(options["reference"], options["embedder"])
    return per_label(samples, labels, reference, value_range=options["value_range"])


def judge(opened: Opened, *, n: int, options: dict[str, Any], condition: Any = None) -> Scorecard:
    """The scorecard of what was opened, or of one condition of it."""
    if opened.samples is not None:
        return score(fake=_of_label(opened, condition), **options)
    if condition is None:
        return score(generator=opened.generator, latent=opened.latent, n=n, labels=opened.labels, **options)
    return score(generator=_held(opened, condition), latent=opened.latent, n=n, **options)


def _of_label(opened: Opened, condition: Any) -> Any:
    if condition is None:
        return opened.samples
    if opened.labels is None:
        raise ValueError(
            "--condition needs labels beside the samples (arr_1, or a folder for each class): none are there."
        )
    chosen = np.asarray(opened.labels).astype(str) == str(condition)
    if not chosen.any():
        there = ", ".join(map(str, np.unique(opened.labels)[:20]))
        raise ValueError(f"no sample has the label {condition!r}: the labels are {there}.")
    return np.asarray(opened.samples)[np.flatnonzero(chosen)]


def _held(opened: Opened, condition: Any) -> Any:
    """The generator under one label."""
    if opened.labels is None:
        raise ValueError("--condition needs a generator that takes labels: this one takes noise alone.")
    label = opened.labels[_number(condition, len(opened.labels))]

    def under_label(z: torch.Tensor) -> Any:
        assert opened.generator is not None, "what has no samples has a generator"
        return opened.generator(z, label.expand(len(z), *label.shape))

    return under_label


def _number(condition: Any, classes: int) -> int:
    if not str(condition).isdecimal() or int(condition) >= classes:
        raise ValueError(f"--condition must be one of the classes 0 to {classes - 1}, got {condition!r}.")
    return int(condition)


def told(opened: Opened, path: str | Path) -> dict[str, Any]:
    """What a record keeps of the file and of how it was opened."""
    return {
        "file": Path(path).name,
        "kind": opened.kind,
        "sha256": opened.sha256,
        **opened.about,
        "notes": list(opened.notes),
    }
