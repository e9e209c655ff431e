"""From which samples does the gate's study draw? Three pools, looked at once, and three ways to spoil a draw."""

from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path

import numpy as np
import torch
from torch import Tensor

from collapse_metrics.measurements import look_at
from collapse_metrics.reference import Reference
from collapse_metrics.tally import Seen, Tally, see, tally
from reference_gans.data import digits
from reference_gans.studies._digit_law import DigitLaw
from reference_gans.studies._known_law import Mixture

ROWS = 40_000
"""Samples of a pool. Two disjoint draws from one pool differ exactly as two draws of one generator do."""

CHUNK = 5000
"""Samples that are looked at together."""

TAILS = 6
"""Degrees of freedom of the features' tails: a kurtosis of 6 instead of 3."""


@dataclass(frozen=True)
class Pool:
    """What is known of many samples of one perfect generator, one by one."""

    reference: Reference
    seen: Seen

    def __len__(self) -> int:
        return len(self.seen.features)

    def shrunken(self, share: float) -> "Pool":
        """The same samples, drawn towards the means of their modes by a share of the way."""
        rows, called = self.seen.features, self.seen.called
        modes = len(self.reference.modes)
        sums = torch.zeros(modes, rows.shape[1]).index_add_(0, called, rows)
        centres = sums / torch.bincount(called, minlength=modes).clamp(min=1)[:, None]
        nearer = torch.lerp(rows, centres[called], share)
        return replace(self, seen=_with_neighbours(replace(self.seen, features=nearer), self.reference))


@lru_cache
def pool_of(family: str, data_root: Path | None, rows: int = ROWS) -> Pool:
    """The pool of ``digits``, ``features`` or ``mixtures``; the same in every process."""
    if family == "digits":
        reference, samples = Reference.named("mnist"), digits(data_root).real[:rows]
        return Pool(reference, _looked_at(samples, reference, (0.0, 1.0)))
    if family == "mixtures":
        world = Mixture()
        reference, (samples, _) = world.reference(0), world.draw(rows, np.random.default_rng([31, 0]))
        return Pool(reference, _looked_at(samples, reference, None))
    law, rng = DigitLaw(), np.random.default_rng([31, 1])
    real = _tailed(law, 6000, rng)
    reference = Reference.fit(real=real, modes=torch.from_numpy(law.centres).float(), name="features")
    return Pool(reference, _looked_at(_tailed(law, rows, rng), reference, None))


def _tailed(law: DigitLaw, n: int, rng: np.random.Generator) -> Tensor:
    """Features of ten classes, each with the mean and the covariance of a digit's, and with long tails."""
    drawn = law.draw(n, rng)
    centres = law.centres[drawn.modes]
    stretch = np.sqrt((TAILS - 2) / rng.chisquare(TAILS, n))[:, None]
    return torch.from_numpy(centres + (drawn.rows - centres) * stretch).float()


def _looked_at(samples: Tensor, reference: Reference, value_range: tuple[float, float] | None) -> Seen:
    parts = [see(look_at(part, reference, value_range=value_range), reference) for part in samples.split(CHUNK)]
    fields = ("features", "accepted", "called", "nearest")
    return Seen(*(torch.cat([getattr(part, name) for part in parts]) for name in fields))


def _with_neighbours(seen: Seen, reference: Reference) -> Seen:
    from collapse_metrics.metrics._neighbours import nearest

    inside = seen.features[seen.accepted].split(CHUNK)
    return replace(seen, nearest=torch.cat([nearest(part, to=reference.anchor)[1] for part in inside]))


Spoil = Callable[[Pool, Tensor, int, float, torch.Generator], Tensor]
"""Which rows, given shuffled rows that are free, how many are needed, and how much is spoilt."""


def untouched(pool: Pool, free: Tensor, n: int, much: float, rng: torch.Generator) -> Tensor:
    """The first rows that are free."""
    return free[:n]


def thinned(pool: Pool, free: Tensor, n: int, much: float, rng: torch.Generator) -> Tensor:
    """The rarest mode keeps a part of its share: ``much`` of it is gone."""
    counts = torch.bincount(pool.seen.called, minlength=len(pool.reference.modes))
    mode, share = int(counts.argmin()), float(counts.min() / counts.sum())
    kept = (1 - much) * (1 - share) / (1 - (1 - much) * share)
    stays = (pool.seen.called[free] != mode) | (torch.rand(len(free), generator=rng) < kept)
    return free[stays][:n]


def copied(pool: Pool, free: Tensor, n: int, much: float, rng: torch.Generator) -> Tensor:
    """So many samples are copies of others."""
    rows = free[:n].clone()
    copies = round(much * n)
    rows[:copies] = rows[torch.randint(copies, n, (copies,), generator=rng)]
    return rows


def twinned(pool: Pool, free: Tensor, n: int, much: float, rng: torch.Generator) -> Tensor:
    """So many samples have a twin, by chance: pairs come out alike."""
    rows = free[:n].clone()
    alike = torch.nonzero(torch.rand(n // 2, generator=rng) < much).flatten()
    rows[2 * alike] = rows[2 * alike + 1]
    return rows


def pair(pool: Pool, spoilt: Pool, n: int, spoil: Spoil, much: float, seed: tuple[int, ...]) -> tuple[Tally, Tally]:
    """A baseline, and another draw that may be spoilt; no row is in both."""
    rng = torch.Generator().manual_seed(int(np.random.SeedSequence(seed).generate_state(1)[0]))
    order = torch.randperm(len(pool), generator=rng)
    before = tally(pool.seen[order[:n]], pool.reference)
    now = tally(spoilt.seen[spoil(pool, order[n:], n, much, rng)], pool.reference)
    return before, now
