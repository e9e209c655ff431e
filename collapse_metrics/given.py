"""What can a metric be given? Every kind of data that a look and a reference hold, for any choice of the samples."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any

import numpy as np
import torch
from torch import Tensor

from collapse_metrics.measurements import FEWEST_ROWS, NEIGHBOUR_ROWS, Look, choose_rows, rows_within_modes, shuffled
from collapse_metrics.metrics._neighbours import nearest
from collapse_metrics.reference import Reference

SCATTERED = frozenset({"fake", "fake_modes", "fresh", "pictures"})
"""Data of single samples whose place in space matters: at most as many are taken as real rows can stand in for."""

PER_MODE = frozenset({"counts", "accepted"})
"""Data that only count samples: every sample is taken."""

PER_STEP = frozenset({"g_losses", "d_losses"})
"""Data of the training, not of samples."""

MOST_PICTURES = 200
"""Pictures that are compared pixel by pixel: 19,900 pairs settle a mean to some thousandths."""

FRESH_PART = 3
"""Held-out rows of a mode are shared out in three: one part is ``fresh``, the sets that stand in for a perfect
generator are drawn from the other two."""

FEW = 5
"""Samples of a mode from which on the training set is cut to their share of it: a rarer mode weighs nothing."""

LACKING = {
    "train": "needs the set that the generator was trained on: pass train=",
    "modes_before": "needs the modes of the same latents at an earlier look: call the metric itself",
    "modes_now": "needs the modes of the same latents at an earlier look: call the metric itself",
    "centres": "needs a reference with centres: fit it with modes=",
    "scales": "needs a reference with centres: fit it with modes=",
    "pictures": "needs an embedder that takes pictures",
    "g_losses": 'needs the losses of the generator: pass losses={"g_loss": ...}',
    "d_losses": 'needs the losses of the discriminator: pass losses={"d_loss": ...}',
    "counts": "needs a reference of two modes or more",
    "real_counts": "needs a reference of two modes or more",
    "shares": "needs a reference of two modes or more",
    "fake": f"needs at least {FEWEST_ROWS} finite samples",
    "fresh": f"needs at least {FEWEST_ROWS} accepted samples",
    "accepted": "needs at least two finite samples",
}
"""What to say when a kind of data is not there."""


class Given:
    """One look, one reference, and what else the caller has: the data of the closed vocabulary, by name.

    Args:
        look: Samples that were looked at.
        reference: The real data.
        train: Feature rows of the training set.
        losses: Series of the training, ``{"g_loss": ..., "d_loss": ...}``.
        seed: Decides subsets and simulated sets.
    """

    def __init__(
        self, look: Look, reference: Reference, *, train: Tensor | None, losses: Mapping[str, Any], seed: int
    ) -> None:
        self.look, self.reference, self.train, self.seed = look, reference, train, seed
        self.series = {
            f"{name}es": np.asarray(losses[name], dtype=float) for name in ("g_loss", "d_loss") if name in losses
        }
        if len(self.series) == 2:  # step by step beside each other
            steps = min(map(len, self.series.values()))
            self.series = {name: series[:steps] for name, series in self.series.items()}

    def lacking(self, needs: frozenset[str] | set[str]) -> str:
        """Why these data cannot be given; empty where they can."""
        absent = needs - self.there
        return next((LACKING.get(name, f"needs {name}") for name in LACKING if name in absent), "")

    @cached_property
    def there(self) -> frozenset[str]:
        """The kinds of data that can be given."""
        look, reference = self.look, self.reference
        there = {"real", "real_modes", "confusion", *self.series}
        if len(choose_rows(look, reference, self.seed)) >= FEWEST_ROWS:
            there |= {"fake", "fake_modes"}
        if len(self._matched[0]) >= FEWEST_ROWS:
            there.add("fresh")
        if look.says_something:
            there.add("accepted")
        if len(reference.modes) > 1 and look.accepted.any():
            there |= {"counts", "real_counts", "shares"}
        if reference.centres is not None:
            there |= {"centres", "scales"}
        if reference.embedder.takes_pictures and look.says_something:
            there.add("pictures")
        if self.train is not None:
            there.add("train")
        return frozenset(there)

    def rows_for(self, needs: frozenset[str]) -> Tensor:
        """Which samples a metric of these needs looks at.

        What is asked within modes is asked of accepted samples: noise that is called "8" is no 8.
        """
        look, reference = self.look, self.reference
        if "fresh" in needs:
            return self._matched[0]
        if "pictures" in needs:
            return choose_rows(look, reference, self.seed)[:MOST_PICTURES]
        if "fake_modes" in needs:
            inside = torch.nonzero(look.accepted).flatten()
            most = min(NEIGHBOUR_ROWS, len(reference.fresh) // 2)
            return inside[shuffled(len(inside), self.seed)][:most]
        if "fake" in needs:
            return choose_rows(look, reference, self.seed)
        return torch.arange(look.finite)

    def about(self, needs: frozenset[str], rows: Tensor) -> dict[str, Any]:
        """How many real and generated samples stand behind the number, and in which space."""
        if needs <= PER_STEP:
            return {"n_fake": max(map(len, self.series.values()))}
        real = len(self.reference.anchor) if "real" in needs else None
        return {"n_real": real, "n_fake": self.size(needs, rows), "embedder": self.reference.embedder.name}

    def size(self, needs: frozenset[str], rows: Tensor) -> int:
        """How many samples are judged: of counts, those that were accepted."""
        counted = "counts" in needs and not needs & (SCATTERED | {"accepted"})
        return int(self.look.accepted[rows].sum()) if counted else len(rows)

    def of_look(self, needs: frozenset[str], rows: Tensor) -> dict[str, Any]:
        """The data of these generated samples."""
        look = self.look
        called = look.called[rows]
        data: dict[str, Any] = {
            "fake": look.features[rows],
            "fake_modes": called,
            "counts": self._counted(called[look.accepted[rows]]),
            "accepted": look.accepted[rows],
            "pictures": look.samples[rows] if "pictures" in needs else None,
        }
        if "fresh" in needs:
            data |= self._matched_to(called, needs)
        return self._wanted(needs, data)

    def of_perfect(self, needs: frozenset[str], rows: Tensor, tables: int) -> Iterator[dict[str, Any]]:
        """The data of perfect generators: held-out real rows in place of the samples, or simulated counts."""
        if not needs & SCATTERED:
            yield from self._simulated(needs, rows, tables)
            return
        reference, rng = self.reference, np.random.default_rng(self.seed)
        for chosen in self._draws(needs, rows):
            modes = reference.fresh_modes[chosen]
            data: dict[str, Any] = {
                "fake": reference.fresh[chosen],
                "fake_modes": modes,
                "counts": self._counted(modes),
                "accepted": torch.from_numpy(rng.random(len(chosen)) < reference.kept),
            }
            if "fresh" in needs:
                data |= self._matched_to(modes, needs)
            yield self._wanted(needs, data)

    def used(self, needs: frozenset[str], rows: Tensor) -> float:
        """Share of the held-out rows in each set of ``of_perfect``; simulated sets use up none."""
        if not needs & SCATTERED:
            return 0.0
        if "fresh" not in needs:
            return len(rows) / len(self.reference.fresh)
        _, make_up = self._matched
        return self.reference.used(make_up, part=(FRESH_PART - 1) / FRESH_PART)

    def _wanted(self, needs: frozenset[str], data: dict[str, Any]) -> dict[str, Any]:
        reference = self.reference
        modes = len(reference.modes)
        fixed = {
            "real": reference.anchor,
            "real_modes": reference.anchor_modes,
            "real_counts": reference.mode_counts,
            "shares": reference.shares,
            "confusion": np.eye(modes) if reference.confusion is None else reference.confusion,
            "centres": reference.centres,
            "scales": reference.scales if "scales" in needs else None,
            "train": self.train,
            **self.series,
        }
        every = {**fixed, **data}
        return {name: every[name] for name in needs if every.get(name) is not None}

    def _counted(self, called: Tensor) -> np.ndarray:
        return np.bincount(called.numpy(), minlength=len(self.reference.modes))

    @cached_property
    def _matched(self) -> tuple[Tensor, np.ndarray]:
        """Accepted samples beside which ``fresh`` rows of the same make-up can be laid, and that make-up."""
        return rows_within_modes(self.look, self.reference, self.seed, part=FRESH_PART)

    @cached_property
    def _by_mode(self) -> list[Tensor]:
        """Held-out rows of each mode, in a random order; the first part of them is ``fresh``."""
        mixed = shuffled(len(self.reference.fresh), self.seed + 1)
        called = self.reference.fresh_modes[mixed]
        return [mixed[called == mode] for mode in range(len(self.reference.modes))]

    @cached_property
    def _train_by_mode(self) -> list[Tensor]:
        """Rows of the training set by the mode of the nearest real row, which needs no classifier."""
        assert self.train is not None
        called = self.reference.anchor_modes[nearest(self.train, to=self.reference.anchor)[1]]
        return [self.train[called == mode] for mode in range(len(self.reference.modes))]

    def _matched_to(self, modes: Tensor, needs: frozenset[str]) -> dict[str, Tensor]:
        """Held-out rows with the make-up of these samples, and where both are asked for, a training set with it too.

        A generator that lost modes is nearer to training rows of the modes it kept; beside a training set of all
        modes and held-out rows of the kept ones it would look like one that learnt by heart, or like its opposite.
        """
        make_up = self._counted(modes).tolist()
        held = [rows[:n] for rows, n in zip(self._by_mode, make_up, strict=True)]
        found = {"fresh": self.reference.fresh[torch.cat(held)]}
        if "train" in needs:
            often = [
                len(rows) / n for rows, n in zip(self._train_by_mode, make_up, strict=True) if n >= FEW and len(rows)
            ]
            times = min(often, default=1.0)
            kept = [rows[: int(times * n)] for rows, n in zip(self._train_by_mode, make_up, strict=True)]
            found["train"] = torch.cat(kept)
        return found

    def _draws(self, needs: frozenset[str], rows: Tensor) -> list[Tensor]:
        if "fresh" not in needs:
            return self.reference.draws(len(rows), seed=self.seed)
        _, make_up = self._matched
        apart = [pool[len(pool) // FRESH_PART :] for pool in self._by_mode]
        return self.reference.draws(make_up, seed=self.seed, pools=apart)

    def _simulated(self, needs: frozenset[str], rows: Tensor, tables: int) -> Iterator[dict[str, Any]]:
        """Counts of perfect generators: true shares as the real samples allow them, then calls by chance."""
        reference, rng = self.reference, np.random.default_rng(self.seed)
        confusion = np.eye(len(reference.modes)) if reference.confusion is None else reference.confusion
        called = reference.shares @ confusion
        drawn, n_real, total = called > 0, reference.n_real, self.size(needs, rows)
        kept = np.clip([reference.kept, 1 - reference.kept], 1e-9, 1) * reference.n_kept
        for _ in range(tables):
            truth = np.zeros(len(called))
            truth[drawn] = rng.dirichlet(n_real * called[drawn] / called.sum())
            accepted = rng.random(len(rows)) < rng.beta(*kept)
            n = int(accepted.sum()) if "accepted" in needs else total
            yield self._wanted(needs, {"counts": rng.multinomial(n, truth), "accepted": torch.from_numpy(accepted)})
