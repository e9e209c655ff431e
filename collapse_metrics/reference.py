"""What do real data look like? Real samples embedded once: features, mode shares, confusion, radii; no pictures."""

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from safetensors.torch import save
from torch import Tensor

from collapse_metrics._checks import check_feature_sets
from collapse_metrics.embed import Embedded, Embedder, resolve
from collapse_metrics.embed.rows import prepare
from collapse_metrics.metrics._neighbours import nearest
from collapse_metrics.metrics._table import NeighbourTable
from collapse_metrics.metrics.pairwise_diversity import spread_of

PACKAGED = Path(__file__).parent / "references"
"""Where the references lie that come with the package."""

FORMAT = 1
"""Version of the file format; another one is refused."""

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
            real: Real samples, one a row: pictures for an embedder of pictures, else anything that flattens.
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
            ValueError: If there are fewer than 200 rows, or rows with NaN or infinity.
        """
        embedder = resolve(embedder)
        samples, raw = prepare(real, embedder, value_range)
        if len(raw) < FEWEST_ROWS:
            raise ValueError(f"a reference needs at least {FEWEST_ROWS} real samples, got {len(raw)}: add more.")
        check_feature_sets(real=raw)
        embedded = embedder(samples)
        rng = torch.Generator().manual_seed(seed)
        order = torch.randperm(len(raw), generator=rng)
        half = (len(raw) + 1) // 2
        first, second = order[:half][:MOST_ROWS], order[half:][:MOST_ROWS]
        centres = _centres(modes, embedded.features, seed)
        called = _called(embedded, centres)
        count = len(embedder.modes) or (1 if centres is None else len(centres))
        accepted = None if embedded.probs is None else embedder.accepts(embedded.probs)
        shares, confusion = _shares(called, labels, count, accepted)
        anchor, fresh = embedded.features[first].contiguous(), embedded.features[second].contiguous()
        away, _ = nearest(fresh, to=anchor)
        radius = float(away.quantile(REAL_KEPT))
        spread, error = spread_of(raw[order[:SPREAD_ROWS]])
        if spread == 0:
            raise ValueError(
                "`real` must hold different samples, got the same one throughout: check how it was loaded."
            )
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
            kept=REAL_KEPT if accepted is None else float(accepted.double().mean()),
            raw_spread=spread,
            raw_spread_error=error,
            raw_dim=raw.shape[1],
            fingerprint=hashlib.sha256(raw.float().numpy().tobytes()).hexdigest()[:16],
        )

    def accept(self, embedded: Embedded) -> Tensor:
        """Which samples are like the data at all."""
        if embedded.probs is not None:
            return self.embedder.accepts(embedded.probs)
        away, _ = nearest(embedded.features, to=self.anchor)
        return away <= self.radius

    def call(self, embedded: Embedded) -> Tensor:
        """Index of the mode that each sample is taken for."""
        return _called(embedded, self.centres)

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

    def draws(self, per_mode: np.ndarray, *, seed: int) -> list[Tensor]:
        """Sets of held-out real rows with the asked number of each mode; without modes, one number for all."""
        rng = torch.Generator().manual_seed(seed)
        pools = [torch.nonzero(self.fresh_modes == mode).flatten() for mode in range(len(per_mode))]
        return [
            torch.cat(
                [pool[torch.randperm(len(pool), generator=rng)[:n]] for pool, n in zip(pools, per_mode, strict=True)]
            )
            for _ in range(DRAWS)
        ]

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
        if self.confusion is not None:
            tensors["confusion"] = torch.from_numpy(self.confusion)
        if self.centres is not None:
            tensors["centres"] = self.centres
        about = {
            "format": FORMAT,
            "name": self.name,
            "embedder": self.embedder.name,
            "embedder_fingerprint": self.embedder.fingerprint,
            "modes": list(self.modes),
            "radius": self.radius,
            "kept": self.kept,
            "raw_spread": self.raw_spread,
            "raw_spread_error": self.raw_spread_error,
            "raw_dim": self.raw_dim,
            "fingerprint": self.fingerprint,
        }
        Path(path).write_bytes(save(tensors, metadata={"collapse_metrics": json.dumps(about)}))

    @classmethod
    def load(cls, path: str | Path, *, embedder: Any = None) -> "Reference":
        """Read a reference written by ``save``; a reference of your own callable needs ``embedder=`` again."""
        path = Path(path)
        if not path.is_file():
            raise FileNotFoundError(f"a reference file is needed, {path} is none: write one with Reference.save.")
        try:
            with safe_open(path, framework="pt") as file:
                about = json.loads((file.metadata() or {})["collapse_metrics"])
                held = {key: file.get_tensor(key) for key in file.keys()}  # noqa: SIM118  (not a dict)
        except (SafetensorError, KeyError, json.JSONDecodeError) as error:
            raise ValueError(f"{path} is not a reference file ({error}): write one with Reference.save.") from error
        if about.get("format") != FORMAT:
            raise ValueError(f"{path} has format {about.get('format')}, this version reads {FORMAT}: fit it again.")
        embedder = resolve(embedder if embedder is not None else about["embedder"])
        if embedder.fingerprint != about["embedder_fingerprint"]:
            raise ValueError(
                f"{path} was made with embedder {about['embedder']} {about['embedder_fingerprint']}, this one is "
                f"{embedder.fingerprint}: features of two embedders cannot be compared, fit the reference again."
            )
        confusion = held.get("confusion")
        return cls(
            name=about["name"],
            embedder=embedder,
            modes=tuple(about["modes"]),
            anchor=held["anchor"].float(),
            anchor_modes=held["anchor_modes"].long(),
            fresh=held["fresh"].float(),
            fresh_modes=held["fresh_modes"].long(),
            shares=held["shares"].numpy(),
            confusion=None if confusion is None else confusion.numpy(),
            centres=held.get("centres"),
            **{
                key: about[key]
                for key in ("radius", "kept", "raw_spread", "raw_spread_error", "raw_dim", "fingerprint")
            },
        )

    @classmethod
    @lru_cache
    def named(cls, name: str) -> "Reference":
        """A reference that comes with the package: ``"mnist"``."""
        known = sorted(p.stem for p in PACKAGED.glob("*.safetensors"))
        if name not in known:
            raise ValueError(f"a packaged reference {known} is needed, got {name!r}: or pass a Reference or its file.")
        return cls.load(PACKAGED / f"{name}.safetensors")


def _centres(modes: Tensor | np.ndarray | int | None, features: Tensor, seed: int) -> Tensor | None:
    if modes is None:
        return None
    if isinstance(modes, int):
        from sklearn.cluster import KMeans

        fitted = KMeans(modes, n_init=4, random_state=seed).fit(features.numpy())
        return torch.from_numpy(fitted.cluster_centers_).float()
    centres = torch.as_tensor(modes).float().contiguous()
    check_feature_sets(real=features, modes=centres)
    return centres


def _called(embedded: Embedded, centres: Tensor | None) -> Tensor:
    if embedded.probs is not None:
        return embedded.probs[:, :-1].argmax(dim=1)
    if centres is None:
        return torch.zeros(len(embedded.features), dtype=torch.long)
    return nearest(embedded.features, to=centres)[1]


def _shares(called: Tensor, labels: Any, count: int, accepted: Tensor | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Reference share of each mode, and the confusion matrix where true labels are known.

    Both among accepted samples, as generated samples are counted.
    """
    calls = called.numpy()
    kept = np.ones(len(calls), dtype=bool) if accepted is None else accepted.numpy()
    if labels is None:
        return np.bincount(calls[kept], minlength=count) / max(1, kept.sum()), None
    truth = np.asarray(labels).astype(np.int64)
    if truth.shape != calls.shape or truth.min() < 0 or truth.max() >= count:
        raise ValueError(
            f"`labels` must be one class from 0 to {count - 1} for each of the {len(calls)} samples, got shape "
            f"{truth.shape} with values {truth.min()} to {truth.max()}."
        )
    table = np.zeros((count, count))
    np.add.at(table, (truth[kept], calls[kept]), 1.0)
    rows = table.sum(axis=1, keepdims=True)
    confusion = np.divide(table, rows, out=np.eye(count), where=rows > 0)
    return table.sum(axis=1) / table.sum(), confusion
