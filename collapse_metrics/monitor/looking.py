"""What does one look of the monitor say? Samples drawn, measured and judged, those of other generators beside them."""

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from collapse_metrics.diagnosis import judge
from collapse_metrics.diagnosis.losses_and_samples import told
from collapse_metrics.embed.rows import prepare, settle_range
from collapse_metrics.evaluate import measure_losses
from collapse_metrics.measurements import Look, look_at, measure_look
from collapse_metrics.monitor.crew import Crew
from collapse_metrics.monitor.hopping import Hopping
from collapse_metrics.monitor.pictures import keep_samples
from collapse_metrics.monitor.source import Source
from collapse_metrics.probes.guard import undisturbed
from collapse_metrics.probing import measure_probes
from collapse_metrics.records import Measurement, Scorecard
from collapse_metrics.reference import Reference

BESIDE = ("raw_diversity", "accepted_share", "mode_coverage")
"""What is told of the other generators: whether their samples differ, are like the data, and show its modes."""


class Looking:
    """One way of looking, the same at every step.

    Args:
        sources: What is watched, by name; the first is judged, the others are told beside it.
        reference: The real data.
        seed: Of latents and subsets.
        value_range: What black and white are.
        probes: Whether to run the probes of the latent.
        crew: The processes that make the samples.
    """

    def __init__(
        self,
        sources: Mapping[str, Source],
        reference: Reference,
        *,
        seed: int,
        value_range: tuple[float, float] | None,
        probes: bool,
        crew: Crew,
    ) -> None:
        self.sources, self.reference, self.crew = dict(sources), reference, crew
        self.seed, self.value_range, self.probes = seed, value_range, probes
        self.hopping = Hopping(reference, seed=seed)

    @property
    def source(self) -> Source:
        """What is judged."""
        return next(iter(self.sources.values()))

    def __call__(
        self, n: int, *, step: int, losses: Mapping[str, Any] | None = None, folder: Path | None = None
    ) -> tuple[Scorecard, dict[str, Any]]:
        """Look at ``n`` samples.

        Args:
            n: How many.
            step: Training step, for the record.
            losses: Series of the training, where this is the closing look.
            folder: Where a grid of the samples goes.

        Returns:
            The scorecard, and what was kept of the samples.
        """
        drawn = {name: source.draw(n, seed=self.seed, crew=self.crew) for name, source in self.sources.items()}
        fake, *others = drawn.values()
        value_range = settle_range(fake, self.reference.embedder, self.value_range)
        about: dict[str, Any] = {"step": step, "seed": self.seed}
        with undisturbed(None, exact=True):  # the embedder may be the user's own
            look = look_at(fake, self.reference, value_range=value_range)
            measurements, whole = measure_look(look, self.reference, **about), look.finite == n
            sampler = self.source.sampler(self.seed) if self.probes and whole else None
            if sampler is not None:
                measurements += measure_probes(sampler, self.reference, value_range=value_range, **about)
            if losses is None:
                self.hopping.note(look)
            measurements += self.hopping.measurements(step)
            for name, other in zip(list(drawn)[1:], others, strict=True):
                measurements += self._beside(name, other, look, value_range, about)
            if losses is not None:
                measurements += measure_losses(losses, **about)
            samples = self._kept(fake, value_range, folder, step) if whole else {}
        verdict, findings = judge(measurements)
        where = {"step": step, "n_fake": n, "reference": self.reference.name, "seed": self.seed}
        where |= {"generator": next(iter(drawn))} if others else {}
        where |= {} if losses is None else {"losses_and_samples": told(findings)}
        return Scorecard(verdict, findings, tuple(measurements), where), samples

    def help(self, n: int) -> None:
        """Make this process' part of the samples, for the first one to measure."""
        for source in self.sources.values():
            source.draw(n, seed=self.seed, crew=self.crew)

    def _beside(
        self, name: str, fake: Tensor, look: Look, value_range: tuple[float, float] | None, about: Mapping[str, Any]
    ) -> list[Measurement]:
        """What another generator draws from the same noise, and how far its samples are from those of the first."""
        other = look_at(fake, self.reference, value_range=value_range)
        told_of = measure_look(other, self.reference, step=about["step"], seed=about["seed"])
        found = [replace(m, name=f"{m.name}[{name}]") for m in told_of if m.name in BESIDE]
        if other.finite == look.finite == look.total and other.raw.shape == look.raw.shape:
            gap = torch.linalg.vector_norm(other.raw.double() - look.raw.double(), dim=1).mean().item()
            gap /= self.reference.raw_spread
            found.append(
                Measurement(f"generator_gap[{name}]", gap, n_fake=look.total, embedder="raw", step=about["step"])
            )
        return found

    def _kept(
        self, fake: Tensor, value_range: tuple[float, float] | None, folder: Path | None, step: int
    ) -> dict[str, Any]:
        pictures = None
        if self.reference.embedder.takes_pictures:
            pictures = prepare(fake, self.reference.embedder, value_range)[0]
        return keep_samples(fake, pictures, folder, step)
