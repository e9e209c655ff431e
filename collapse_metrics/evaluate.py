"""How good are these samples, all in all? The one place where samples, reference, metrics and probes meet."""

import hashlib
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from collapse_metrics import __version__
from collapse_metrics._registry import METRICS, PROBES
from collapse_metrics.catalogue import STANDARD, asked_for, measure_more, why_not
from collapse_metrics.diagnosis import judge
from collapse_metrics.diagnosis.losses_and_samples import told
from collapse_metrics.embed import resolve
from collapse_metrics.embed.rows import as_tensor, prepare, settle_range
from collapse_metrics.measurements import ALPHA, Look, look_at, measure_look, shuffled
from collapse_metrics.metrics import loss_balance
from collapse_metrics.probes.sampler import Latent, Sampler, latent_of
from collapse_metrics.probing import STANDARD_PROBES, measure_probes, missing_for
from collapse_metrics.records import Measurement, Scorecard
from collapse_metrics.reference import MOST_ROWS, Reference
from collapse_metrics.stats.change_point import level_change
from collapse_metrics.stats.coherence import quadrature
from collapse_metrics.stats.loss_kinds import loss_kind as kind_of
from collapse_metrics.stats.red_noise import FEWEST_STEPS, strongest_cycle
from collapse_metrics.tally import tally_look

LOSS_WINDOW = 2048
"""Newest losses that are searched for cycles, and never more than the later half of a run: the first half holds
the transient of the start, which is a bend and no cycle."""


def score(
    *,
    fake: Any = None,
    generator: nn.Module | Callable[[Tensor], Tensor] | None = None,
    latent: Latent | None = None,
    n: int = 5000,
    reference: "str | Path | Reference | Tensor | np.ndarray" = "mnist",
    embedder: Any = None,
    value_range: tuple[float, float] | None = None,
    losses: Mapping[str, Any] | None = None,
    loss_kind: str | None = None,
    train: Any = None,
    labels: Any = None,
    measures: str | Iterable[str] = "standard",
    step: int | None = None,
    seed: int = 0,
) -> Scorecard:
    """Judge samples, or a generator, against a reference.

    Args:
        fake: Generated samples, one a row: arrays or tensors; pictures as bytes or as floats of a known range.
        generator: Instead of ``fake``: latents in, samples out. The probes of the latent then run too.
        latent: Size, shape or source of the generator's latents.
        n: How many samples to draw from ``generator``.
        reference: Name of a packaged reference, a file, a fitted ``Reference``, or real samples to fit one to.
        embedder: For a reference file, or real samples, of your own embedder.
        value_range: What black and white are in pictures, for example ``(-1, 1)`` for a tanh output.
        losses: Series of the training, ``{"g_loss": ..., "d_loss": ...}``, one number a step; also ``"d_accuracy"``,
            the share of samples that the discriminator judges rightly.
        loss_kind: What kind of loss it is, a name of ``stats.loss_kinds.KINDS``; without it the level of the
            losses is not judged.
        train: Samples of the set that the generator was trained on, for the measures of memorisation.
        labels: Of a generator that is called with latents and labels: one label of every class it knows. The
            samples are drawn evenly over them.
        measures: ``"standard"`` is what the verdict rests on; ``"full"`` is every registered metric and probe
            whose data are there; or names of those wanted beside the standard ones.
        step: Training step, for the record.
        seed: Of latents, subsets and simulated nulls: the same seed gives the same scorecard.

    Returns:
        The scorecard: verdict, findings, and every measurement with its interval and with what a perfect
        generator would score. ``provenance["not_measured"]`` says of each measure that was asked for and could
        not be had what is lacking.

    Raises:
        ValueError: If the input cannot be judged: wrong shape, range, or nothing to judge; or if a measure of
            that name is not registered.

    Example:
        >>> import torch
        >>> line = torch.randn(600, 2, generator=torch.Generator().manual_seed(0))
        >>> str(score(fake=torch.zeros(500, 2), reference=Reference.fit(real=line)).verdict)
        'collapse'
    """
    asked = asked_for(measures)
    reference = find_reference(reference, embedder)
    labels = None if labels is None else as_tensor(labels)
    fake, sampler = _samples(fake, generator, latent, n, seed, labels)
    if fake.ndim > 1:
        value_range = settle_range(fake, reference.embedder, value_range)
    look = look_at(fake, reference, value_range=value_range)
    measurements = measure_look(look, reference, step=step, seed=seed)
    if sampler is not None and look.finite == look.total:
        names = dict.fromkeys((*STANDARD_PROBES, *(name for name in asked if name in PROBES)))
        about: dict[str, Any] = {"value_range": value_range, "step": step, "seed": seed, "labels": labels}
        measurements += measure_probes(sampler, reference, names=names, **about)
    if losses:
        measurements += measure_losses(losses, step=step, seed=seed, loss_kind=loss_kind)
    extra = None if train is None else _features(train, reference, value_range, seed)
    needed = () if train is None else ("memorisation",)  # what its rule reads
    more, lacking = _asked_beside(
        dict.fromkeys((*asked, *needed)),
        measurements,
        look,
        reference,
        train=extra,
        losses=losses,
        step=step,
        seed=seed,
        probed=sampler is not None,
    )
    measurements += more
    verdict, findings = judge(measurements)
    origin = _provenance(fake, reference, value_range, seed)
    origin |= {"losses_and_samples": told(findings)} if losses else {}
    origin |= {"not_measured": lacking} if asked else {}
    bank = None if sampler is None else _digest(sampler.latents(n))
    return Scorecard(verdict, findings, tuple(measurements), origin, tally_look(look, reference, latents=bank))


def _asked_beside(
    asked: Iterable[str],
    measured: Iterable[Measurement],
    look: Look,
    reference: Reference,
    *,
    losses: Mapping[str, Any] | None,
    seed: int,
    probed: bool,
    **more: Any,
) -> tuple[list[Measurement], dict[str, str]]:
    """What was asked for and not measured yet, and of each that cannot be had what is lacking."""
    seen = {measurement.name for measurement in measured}
    rest = [name for name in asked if name not in seen]
    lacking = {name: missing_for(name, probed=probed) for name in rest if name in PROBES}
    lacking |= {n: why_not(n, look, reference, losses=losses, seed=seed) for n in rest if n in STANDARD}
    names = [name for name in rest if name not in lacking]
    found, absent = measure_more(names, look, reference, losses=losses, seed=seed, **more)
    return found, absent | lacking


def _samples(
    fake: Any,
    generator: nn.Module | Callable[[Tensor], Tensor] | None,
    latent: Latent | None,
    n: int,
    seed: int,
    labels: Tensor | None,
) -> tuple[Tensor, Sampler | None]:
    """The samples, and where they come from a generator, the door to it."""
    if (fake is None) == (generator is None):
        raise ValueError("pass either `fake` samples or a `generator`, one of the two.")
    if generator is None:
        return as_tensor(fake), None
    latent = latent if latent is not None else latent_of(generator)
    if latent is None:
        raise ValueError("`latent` is needed: the size of the generator's noise, for example latent=100.")
    sampler = Sampler(generator, latent=latent, seed=seed, label=None if labels is None else labels[0])
    if labels is None:
        return as_tensor(sampler(sampler.latents(n))), sampler
    return as_tensor(sampler.with_labels(sampler.latents(n), labels[torch.arange(n) % len(labels)])), sampler


def _features(train: Any, reference: Reference, value_range: tuple[float, float] | None, seed: int) -> Tensor:
    """Feature rows of the training set, at most as many as a reference keeps of real rows."""
    rows = as_tensor(train)
    samples, _ = prepare(rows[shuffled(len(rows), seed)[:MOST_ROWS]], reference.embedder, value_range)
    return reference.embedder(samples).features


def find_reference(reference: "str | Path | Reference | Tensor | np.ndarray", embedder: Any = None) -> Reference:
    """The reference behind a name, a file, real samples or itself."""
    if isinstance(reference, Reference):
        return reference
    if isinstance(reference, Tensor | np.ndarray):
        return Reference.fit(real=reference, embedder=embedder)
    if isinstance(reference, Path) or str(reference).endswith(".safetensors"):
        return Reference.load(reference, embedder=None if embedder is None else resolve(embedder))
    return Reference.named(str(reference))


def measure_losses(
    losses: Mapping[str, Any],
    *,
    step: int | None,
    seed: int,
    loss_kind: str | None = None,
    steps_per_epoch: float | None = None,
) -> list[Measurement]:
    """What the newest losses say, where there are enough finite steps to judge them.

    Args:
        losses: ``{"g_loss": ..., "d_loss": ...}``, one number a step.
        step: Training step, for the record.
        seed: Of the simulated nulls.
        loss_kind: A name of ``stats.loss_kinds.KINDS``; without it the level of the losses is not judged.
        steps_per_epoch: Where given, cycles of the epoch are not judged.

    Returns:
        The strongest cycle and the likeliest change of the generator's loss, the strongest cycle that both losses
        share a quarter period apart, and how near the discriminator is to chance.
    """
    g, d = (np.asarray(losses.get(name, ()), dtype=float) for name in ("g_loss", "d_loss"))
    newest_g, newest_d = (series[len(series) // 2 :][-LOSS_WINDOW:] for series in (g, d))
    found: dict[str, float] = {}
    if _can_be_judged(newest_g):
        cycle = strongest_cycle(newest_g, rng=np.random.default_rng(seed), steps_per_epoch=steps_per_epoch)
        change = level_change(newest_g, rng=np.random.default_rng(seed))
        found = {"loss_oscillation": cycle.p_value, "loss_change": change.p_value}
        if np.isfinite(cycle.period):
            found |= {"loss_period": cycle.period, "loss_cycle_strength": cycle.strength}
        found |= {"loss_change_step": len(g) - len(newest_g) + change.step, "loss_change_size": change.size}
        if len(g) == len(d) and _can_be_judged(newest_d):
            options: dict[str, Any] = {"rng": np.random.default_rng(seed), "steps_per_epoch": steps_per_epoch}
            found["loss_quadrature"] = quadrature(newest_g, newest_d, **options).p_value
    if loss_kind is not None and kind_of(loss_kind).at_chance is not None and _can_be_judged(newest_d):
        found["loss_balance"] = loss_balance(d_losses=d, loss_kind=loss_kind)
    accuracy = np.asarray(losses.get("d_accuracy", ()), dtype=float)
    newest_a = accuracy[len(accuracy) // 2 :][-LOSS_WINDOW:]
    if _can_be_judged(newest_a):
        found["d_accuracy"] = float(newest_a.mean())
    seen: dict[str, Any] = {"n_fake": len(newest_g) or len(newest_d) or len(newest_a), "step": step}
    expected = {name: (ALPHA, 1.0) for name in found if name in METRICS and METRICS[name].is_test}
    return [Measurement(name, value, expected=expected.get(name), **seen) for name, value in found.items()]


def _can_be_judged(series: np.ndarray) -> bool:
    return len(series) >= FEWEST_STEPS and bool(np.isfinite(series).all())


def _provenance(
    fake: Tensor, reference: Reference, value_range: tuple[float, float] | None, seed: int
) -> dict[str, Any]:
    return {
        "collapse_metrics": __version__,
        "torch": torch.__version__,
        "n_fake": len(fake),
        "samples_sha256": _digest(fake),
        "reference": reference.name,
        "reference_fingerprint": reference.fingerprint,
        "embedder": reference.embedder.name,
        "embedder_fingerprint": reference.embedder.fingerprint,
        "value_range": list(value_range) if value_range else None,
        "alpha": ALPHA,
        "seed": seed,
    }


def _digest(rows: Tensor) -> str:
    """Short fingerprint of samples, or of latents."""
    data = np.ascontiguousarray((rows.float() if rows.dtype == torch.bfloat16 else rows).cpu().numpy())
    return hashlib.sha256(data.tobytes()).hexdigest()[:16]
