"""How good are these samples, all in all? The one place where samples, reference, metrics and probes meet."""

import hashlib
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from collapse_metrics import __version__
from collapse_metrics._registry import PROBES
from collapse_metrics.diagnosis import judge
from collapse_metrics.embed import resolve
from collapse_metrics.embed.rows import as_tensor, prepare, settle_range
from collapse_metrics.measurements import ALPHA, measure
from collapse_metrics.probes.sampler import Latent, Sampler, latent_of
from collapse_metrics.records import Measurement, Scorecard
from collapse_metrics.reference import Reference
from collapse_metrics.stats.red_noise import FEWEST_STEPS, strongest_cycle
from collapse_metrics.stats.u_statistics import normal_interval

PROBED = 64
"""Latents that the probes look at: means over them are then good to about a tenth."""

RESOLUTION = 0.5 / 255
"""Half a grey level, root mean square over pixels: smaller differences are invisible in a saved picture."""

LOSS_WINDOW = 2048
"""Newest losses that are searched for cycles, and never more than the later half of a run: the first half holds
the transient of the start, which is a bend and no cycle."""


def score(
    *,
    fake: Any = None,
    generator: nn.Module | Callable[[Tensor], Tensor] | None = None,
    latent: Latent | None = None,
    n: int = 5000,
    reference: "str | Path | Reference" = "mnist",
    embedder: Any = None,
    value_range: tuple[float, float] | None = None,
    losses: Mapping[str, Any] | None = None,
    step: int | None = None,
    seed: int = 0,
) -> Scorecard:
    """Judge samples, or a generator, against a reference.

    Args:
        fake: Generated samples, one a row: arrays or tensors; pictures as bytes or as floats of a known range.
        generator: Instead of ``fake``: latents in, samples out. The probes of the latent then run too.
        latent: Size, shape or source of the generator's latents.
        n: How many samples to draw from ``generator``.
        reference: Name of a packaged reference, a file, or a fitted ``Reference``.
        embedder: For a reference file of your own embedder.
        value_range: What black and white are in pictures, for example ``(-1, 1)`` for a tanh output.
        losses: Series of the training, ``{"g_loss": ..., "d_loss": ...}``, one number a step.
        step: Training step, for the record.
        seed: Of latents, subsets and simulated nulls: the same seed gives the same scorecard.

    Returns:
        The scorecard: verdict, findings, and every measurement with its interval and with what a perfect
        generator would score.

    Raises:
        ValueError: If the input cannot be judged: wrong shape, range, or nothing to judge.

    Example:
        >>> import torch
        >>> line = torch.randn(600, 2, generator=torch.Generator().manual_seed(0))
        >>> str(score(fake=torch.zeros(500, 2), reference=Reference.fit(real=line)).verdict)
        'collapse'
    """
    reference = find_reference(reference, embedder)
    if (fake is None) == (generator is None):
        raise ValueError("pass either `fake` samples or a `generator`, one of the two.")
    sampler = None
    if generator is not None:
        latent = latent if latent is not None else latent_of(generator)
        if latent is None:
            raise ValueError("`latent` is needed: the size of the generator's noise, for example latent=100.")
        sampler = Sampler(generator, latent=latent, seed=seed)
        fake = sampler(sampler.latents(n))
    fake = as_tensor(fake)
    if fake.ndim > 1:
        value_range = settle_range(fake, reference.embedder, value_range)
    measurements, finite = measure(fake, reference, value_range=value_range, step=step, seed=seed)
    if sampler is not None and finite == len(fake):
        measurements += measure_probes(sampler, reference, value_range=value_range, step=step, seed=seed)
    if losses:
        measurements += measure_losses(losses, step=step, seed=seed)
    verdict, findings = judge(measurements)
    return Scorecard(verdict, findings, tuple(measurements), _provenance(fake, reference, value_range, seed))


def find_reference(reference: "str | Path | Reference", embedder: Any = None) -> Reference:
    """The reference behind a name, a file or itself."""
    if isinstance(reference, Reference):
        return reference
    if isinstance(reference, Path) or str(reference).endswith(".safetensors"):
        return Reference.load(reference, embedder=None if embedder is None else resolve(embedder))
    return Reference.named(str(reference))


def measure_probes(
    sampler: Sampler, reference: Reference, *, value_range: tuple[float, float] | None, step: int | None, seed: int
) -> list[Measurement]:
    """Every probe of the generator, its interval over two halves of the latents."""
    pictures = reference.embedder.takes_pictures

    def respond(z: Tensor) -> Tensor:
        out = sampler(z)
        return prepare(out, reference.embedder, value_range)[1] if pictures else out.flatten(1).float()

    latents = sampler.latents(PROBED)
    resolution = RESOLUTION * reference.raw_dim**0.5 if pictures else 0.0
    world = {"respond": respond, "resolution": resolution}
    found = []
    for name, spec in PROBES.items():

        def compute(z: Tensor, spec: Any = spec) -> float:
            data = {**world, "latents": z, "rng": torch.Generator().manual_seed(seed)}
            value: float = spec.compute(**{key: data[key] for key in spec.needs})
            return value

        value, halves = compute(latents), [compute(half) for half in latents.chunk(4)]
        error = float(np.std(halves, ddof=1) / 2)
        low, high = normal_interval(value, error)
        found.append(
            Measurement(name, value, max(low, 0.0), high, (0.5, 2.0), n_fake=PROBED, embedder="raw", step=step)
        )
    return found


def measure_losses(losses: Mapping[str, Any], *, step: int | None, seed: int) -> list[Measurement]:
    """The strongest cycle of the generator's loss, where there are enough finite steps to judge one."""
    series = np.asarray(losses.get("g_loss", ()), dtype=float)
    series = series[len(series) // 2 :][-LOSS_WINDOW:]
    if len(series) < FEWEST_STEPS or not np.isfinite(series).all():
        return []
    cycle = strongest_cycle(series, rng=np.random.default_rng(seed))
    found = [Measurement("loss_oscillation", cycle.p_value, expected=(ALPHA, 1.0), n_fake=len(series), step=step)]
    if np.isfinite(cycle.period):
        found.append(Measurement("loss_period", cycle.period, n_fake=len(series), step=step))
        found.append(Measurement("loss_cycle_strength", cycle.strength, n_fake=len(series), step=step))
    return found


def _provenance(
    fake: Tensor, reference: Reference, value_range: tuple[float, float] | None, seed: int
) -> dict[str, Any]:
    data = np.ascontiguousarray((fake.float() if fake.dtype == torch.bfloat16 else fake).numpy())
    return {
        "collapse_metrics": __version__,
        "torch": torch.__version__,
        "n_fake": len(data),
        "samples_sha256": hashlib.sha256(data.tobytes()).hexdigest()[:16],
        "reference": reference.name,
        "reference_fingerprint": reference.fingerprint,
        "embedder": reference.embedder.name,
        "embedder_fingerprint": reference.embedder.fingerprint,
        "value_range": list(value_range) if value_range else None,
        "alpha": ALPHA,
        "seed": seed,
    }
