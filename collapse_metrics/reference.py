"""What do real data look like? Real samples embedded once: features, mode shares, confusion, radii; no pictures."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from collapse_metrics._checks import check_feature_sets
from collapse_metrics.embed import Embedded, Embedder, resolve
from collapse_metrics.embed.rows import prepare
from collapse_metrics.fitting import (
    BATCH_ROWS,
    BATCHES,
    call_modes,
    check_confusion,
    find_centres,
    left_out,
    score_batches,
    share_kept,
    shares_and_confusion,
)
from collapse_metrics.long_range import LongRange
from collapse_metrics.metrics._neighbours import nearest
from collapse_metrics.metrics._table import NeighbourTable
from collapse_metrics.metrics.pairwise_diversity import spread_of
from collapse_metrics.metrics.participation_ratio import directions_of
from collapse_metrics.reference_file import read, write

PACKAGED = Path(__file__).parent / "references"
"""Where the references lie that come with the package."""

FEWEST_ROWS = 200
"""Fewest real samples for a reference: half become neighbours, half stand in for a perfect generator."""

REAL_KEPT = 0.99
"""Where an embedder has no class for rubbish, a sample is accepted within the radius that keeps this share of
held-out real data."""

MOST_ROWS = 5000
"""Rows kept of each half: enough that a few hundred can be drawn again and again; distances stay under 0.2 GB."""

DRAWS = 20
"""Sets of held-out real data that show what a perfect generator scores; their mean is then known to a quarter
of their standard deviation."""

SPREAD_ROWS = 2000
"""Real samples in the pairwise distance of the raw data; its standard error is then below 1 %."""

NUMBERS = ("name", "radius", "kept", "raw_spread", "raw_spread_error", "raw_dim", "fingerprint")
"""Fields that go into the file's header as they are."""

LATER = ("raw_directions", "raw_directions_error")
"""The same, but missing from files of earlier versions: what rests on them is then not measured."""


@dataclass(frozen=True)
class Reference:
    """Real data, frozen: everything that judging a generator needs, and no sample of the data itself.

    ``anchor`` rows are what generated samples are compared with; ``fresh`` rows were kept apart from them and
    stand in for a perfect generator, so that every score comes with the score that real data would have had.
    """

    name: str
    embedder: Embedder
    modes: tuple[str, ...]
    anchor: Tensor
    anchor_modes: Tensor
    fresh: Tensor
    fresh_modes: Tensor
    shares: np.ndarray
    confusion: np.ndarray | None
    centres: Tensor | None
    radius: float
    kept: float
    raw_spread: float
    raw_spread_error: float
    raw_dim: int
    fingerprint: str
    picture_scores: Mapping[str, list[float]] = field(default_factory=dict)
    raw_directions: float | None = None
    raw_directions_error: float | None = None
    long_range: LongRange | None = None

    @classmethod
    def fit(
        cls,
        *,
        real: Any,
        embedder: Any = None,
        labels: Any = None,
        modes: Tensor | np.ndarray | int | None = None,
        value_range: tuple[float, float] | None = None,
        name: str = "yours",
        seed: int = 0,
    ) -> "Reference":
        """Embed real data once and keep what judging needs.

        Args:
            real: Real samples, one a row: pictures for an embedder of pictures, else anything that flattens. Samples
                that a ``TrainedClassifier`` learnt from are left out: it is surer of them than of any others.
            embedder: Name, callable or ``Embedder``; left out, rows are their own features.
            labels: True class of each sample, where the embedder has classes: gives the true shares and the
                classifier's confusion. Left out, calls are taken as true.
            modes: For embedders without classes: the known centres ``(modes, dim)`` of a mixture, or a number
                of bins for k-means on the features. Left out, the data count as one mode.
            value_range: What black and white are, for pictures.
            name: Shown in reports.
            seed: Decides which half of the rows are neighbours, and the start of k-means.

        Returns:
            The reference.

        Raises:
            ValueError: If there are fewer than 200 rows new to the embedder, NaN or infinity, or if they are mostly not
                like its data.
        """
        embedder = resolve(embedder)
        samples, raw = prepare(real, embedder, value_range)
        samples, raw, labels = left_out(samples, raw, labels, embedder.unseen(samples))
        if len(raw) < FEWEST_ROWS:
            raise ValueError(f"a reference needs at least {FEWEST_ROWS} real samples, got {len(raw)}: add more.")
        check_feature_sets(real=raw)
        embedded = embedder(samples)
        rng = torch.Generator().manual_seed(seed)
        order = torch.randperm(len(raw), generator=rng)
        half = (len(raw) + 1) // 2
        first, second = order[:half][:MOST_ROWS], order[half:][:MOST_ROWS]
        centres = find_centres(modes, embedded.features, seed)
        called = call_modes(embedded, centres)
        count = len(embedder.modes) or (1 if centres is None else len(centres))
        accepted = None if embedded.probs is None else embedder.accepts(embedded.probs)
        kept = REAL_KEPT if accepted is None else share_kept(accepted)
        shares, confusion = shares_and_confusion(called, labels, count, accepted, parts=embedder.parts)
        check_confusion(confusion, embedder.modes)
        anchor, fresh = embedded.features[first].contiguous(), embedded.features[second].contiguous()
        radius = float(nearest(fresh, to=anchor)[0].quantile(REAL_KEPT))
        spread, error = spread_of(raw[order[:SPREAD_ROWS]])
        directions, directions_error = directions_of(raw[order[:SPREAD_ROWS]])
        if spread == 0 or directions == 0 or bool((anchor == anchor[:1]).all()):
            raise ValueError("`real` must hold different samples, got (nearly) the same throughout: check the data.")
        return cls(
            name=name,
            embedder=embedder,
            modes=embedder.modes or tuple(str(i) for i in range(count)),
            anchor=anchor,
            anchor_modes=called[first],
            fresh=fresh,
            fresh_modes=called[second],
            shares=shares,
            confusion=confusion,
            centres=centres,
            radius=radius,
            kept=kept,
            raw_spread=spread,
            raw_spread_error=error,
            raw_dim=raw.shape[1],
            fingerprint=hashlib.sha256(raw.float().numpy().tobytes()).hexdigest()[:16],
            picture_scores=score_batches(samples[order[: BATCHES * BATCH_ROWS]]) if embedder.takes_pictures else {},
            raw_directions=directions,
            raw_directions_error=directions_error,
            long_range=LongRange.fit(samples, called, count),
        )

    def accept(self, embedded: Embedded) -> Tensor:
        """Which samples are like the data at all."""
        if embedded.probs is not None:
            return self.embedder.accepts(embedded.probs)
        return nearest(embedded.features, to=self.anchor)[0] <= self.radius

    def call(self, embedded: Embedded) -> Tensor:
        """Index of the mode that each sample is taken for."""
        return call_modes(embedded, self.centres)

    @cached_property
    def real_table(self) -> NeighbourTable:
        """Distances of the held-out real rows, the stand-in of a perfect generator."""
        return NeighbourTable(real=self.anchor, fake=self.fresh)

    @cached_property
    def remembered(self) -> dict[tuple[str, int, int], list[float]]:
        """Scores of held-out real rows by measure, number of rows and seed."""
        return {}

    @cached_property
    def feature_spread(self) -> tuple[float, float]:
        """Mean distance of two real feature rows, and its standard error."""
        return spread_of(self.anchor)

    @property
    def n_real(self) -> int:
        """Real samples behind shares and confusion, as far as their rows were kept."""
        return len(self.anchor) + len(self.fresh)

    @property
    def n_kept(self) -> int:
        """Real samples behind the share that is accepted: a radius is set by the held-out rows alone."""
        return self.n_real if self.embedder.modes else len(self.fresh)

    @cached_property
    def mode_counts(self) -> np.ndarray:
        """Real samples that were taken for each mode."""
        return np.bincount(torch.cat([self.anchor_modes, self.fresh_modes]).numpy(), minlength=len(self.modes))

    @cached_property
    def scales(self) -> Tensor | None:
        """Standard deviation of each mode about its centre, one number over all dimensions."""
        if self.centres is None:
            return None
        rows, called = torch.cat([self.anchor, self.fresh]), torch.cat([self.anchor_modes, self.fresh_modes])
        squares = (rows - self.centres[called]).double().square().mean(dim=1)
        sums = torch.zeros(len(self.modes), dtype=torch.double).index_add_(0, called, squares)
        counts = torch.from_numpy(self.mode_counts)
        return torch.where(counts > 0, sums / counts, squares.mean()).sqrt().float()

    def draws(self, n: np.ndarray | int, *, seed: int, pools: list[Tensor] | None = None) -> list[Tensor]:
        """Sets of different held-out real rows.

        Args:
            n: So many, whatever their mode; or how many of each mode.
            seed: Decides which.
            pools: Rows of each mode to draw from; left out, all.

        Returns:
            Indices of the rows of each set.
        """
        rng = torch.Generator().manual_seed(seed)
        if isinstance(n, int):
            pools, wanted = [torch.arange(len(self.fresh))], [n]
        else:
            pools = pools or [torch.nonzero(self.fresh_modes == mode).flatten() for mode in range(len(n))]
            wanted = n.tolist()
        return [
            torch.cat(
                [pool[torch.randperm(len(pool), generator=rng)[:n]] for pool, n in zip(pools, wanted, strict=True)]
            )
            for _ in range(DRAWS)
        ]

    def used(self, per_mode: np.ndarray, *, part: float = 1.0) -> float:
        """Share of the held-out rows of its mode (a part of them) in a draw, averaged over the rows of the draw."""
        held = part * np.bincount(self.fresh_modes.numpy(), minlength=len(per_mode))
        shares = np.divide(per_mode, held, out=np.zeros(len(held)), where=held > 0)
        return float((per_mode * shares).sum() / per_mode.sum())

    def save(self, path: str | Path) -> None:
        """Write the reference to one safetensors file."""
        # The packaged classifier's features have unit spread; rows of users may be 1000 +- 0.1.
        kind = torch.float16 if self.embedder.modes else torch.float32
        tensors = {
            "anchor": self.anchor.to(kind),
            "anchor_modes": self.anchor_modes.int(),
            "fresh": self.fresh.to(kind),
            "fresh_modes": self.fresh_modes.int(),
            "shares": torch.from_numpy(self.shares),
        }
        tensors |= {} if self.confusion is None else {"confusion": torch.from_numpy(self.confusion)}
        tensors |= {} if self.centres is None else {"centres": self.centres}
        tensors |= {} if self.long_range is None else self.long_range.tensors()
        about = {key: getattr(self, key) for key in (*NUMBERS, *LATER, "picture_scores")} | {"modes": list(self.modes)}
        write(path, about=about, tensors=tensors, embedder=self.embedder)

    @classmethod
    def load(cls, path: str | Path, *, embedder: Any = None) -> "Reference":
        """Read a reference written by ``save``; a reference of your own callable needs ``embedder=`` again."""
        about, held, embedder = read(path, embedder=embedder)
        known: dict[str, Any] = {key: about.get(key) for key in (*NUMBERS, *LATER)}
        return cls(
            embedder=embedder,
            modes=tuple(about["modes"]),
            anchor=held["anchor"].float(),
            anchor_modes=held["anchor_modes"].long(),
            fresh=held["fresh"].float(),
            fresh_modes=held["fresh_modes"].long(),
            shares=held["shares"].numpy(),
            confusion=held["confusion"].numpy() if "confusion" in held else None,
            centres=held.get("centres"),
            picture_scores=about.get("picture_scores", {}),
            long_range=LongRange.read(held),
            **known,
        )

    @classmethod
    @lru_cache
    def named(cls, name: str) -> "Reference":
        """A reference that comes with the package: ``"mnist"`` or ``"fashion_mnist"``."""
        known = sorted(p.stem for p in PACKAGED.glob("*.safetensors"))
        found = name.lower().replace("-", "_")
        if found not in known:
            raise ValueError(f"a packaged reference {known} is needed, got {name!r}: or pass a Reference or its file.")
        return cls.load(PACKAGED / f"{found}.safetensors")
