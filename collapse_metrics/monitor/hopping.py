"""Does the same noise still lead to the same modes? The fixed latents of every look, followed from look to look."""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from collapse_metrics.measurements import FEWEST_ROWS, Look
from collapse_metrics.metrics import mode_stability
from collapse_metrics.records import Measurement
from collapse_metrics.reference import Reference

WARM_UP = 4
"""Looks that are not compared: every young generator moves from mode to mode before it has them all."""

PAIRS = 3
"""Pairs of looks in a row that are judged together: one move is no hopping."""

TABLES = 200
"""Simulated pairs of perfect looks: the ends of their middle 95 % are the fifth from either end."""

Called = tuple[list[int], list[bool]]
"""Mode of each latent's sample, and whether the sample is like the data."""


class Hopping:
    """How alike the modes of the fixed latents were at the newest looks.

    ``mode_stability``: how many latents kept their mode, beyond chance. ``mode_overlap``: how much of the share of
    each mode stayed where it was, whichever latents it came from; only where this is small are modes lost and found.
    Values are medians over the newest pairs of looks, ``low`` and ``high`` their ends.
    """

    def __init__(self, reference: Reference, *, seed: int) -> None:
        self.reference, self.seed = reference, seed
        self.looks = 0
        self.before: Called | None = None
        self.pairs: list[tuple[float, float, int]] = []

    def note(self, look: Look) -> None:
        """Compare a look with the one before it, unless too few samples of either are like the data."""
        self.looks += 1
        usable = len(self.reference.modes) > 1 and look.finite == look.total
        if not usable or int(look.accepted.sum()) < FEWEST_ROWS:
            self.before, self.pairs = None, []
            return
        now = look.called.tolist(), look.accepted.tolist()
        if self.before is not None and self.looks > WARM_UP + 1 and len(self.before[0]) == len(now[0]):
            self.pairs = [*self.pairs, self._pair(self.before, now)][-PAIRS:]
        self.before = now

    def _pair(self, before: Called, now: Called) -> tuple[float, float, int]:
        modes = len(self.reference.modes)
        called, accepted = np.array([before[0], now[0]]), np.array([before[1], now[1]])
        shares = [np.bincount(c[a], minlength=modes) / a.sum() for c, a in zip(called, accepted, strict=True)]
        both = accepted.all(axis=0)
        if not both.any():
            return 0.0, float(np.minimum(*shares).sum()), int(accepted.sum(axis=1).min())
        kept = [torch.from_numpy(c[both]) for c in called]
        stable = mode_stability(modes_before=kept[0], modes_now=kept[1], modes=modes)
        return stable, float(np.minimum(*shares).sum()), int(accepted.sum(axis=1).min())

    def measurements(self, step: int) -> list[Measurement]:
        """Both measures, as soon as enough looks in a row were compared."""
        if len(self.pairs) < PAIRS:
            return []
        stable, overlap, sizes = (np.array(column) for column in zip(*self.pairs, strict=True))
        n = int(sizes.min())
        expected = self._usual_overlap(n)
        about: dict[str, Any] = {"n_fake": n, "embedder": self.reference.embedder.name, "step": step}
        return [
            Measurement("mode_stability", float(np.median(stable)), float(stable.min()), float(stable.max()), **about),
            Measurement(
                "mode_overlap", float(np.median(overlap)), float(overlap.min()), float(overlap.max()), expected, **about
            ),
        ]

    def _usual_overlap(self, n: int) -> tuple[float, float]:
        """Of two looks at perfect generators that share nothing, not even the noise: the least that health gives."""
        rng, shares = np.random.default_rng(self.seed), self.reference.shares
        tables = rng.multinomial(n, shares / shares.sum(), size=(TABLES, 2)) / n
        low, high = np.quantile(np.minimum(tables[:, 0], tables[:, 1]).sum(axis=1), [0.025, 0.975])
        return float(low), float(high)

    def state_dict(self) -> dict[str, Any]:
        """All that is needed to go on exactly, in JSON's types."""
        return {"looks": self.looks, "before": self.before, "pairs": self.pairs}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where ``state_dict`` was taken."""
        before = state["before"]
        self.looks = int(state["looks"])
        self.before = None if before is None else (list(before[0]), list(before[1]))
        self.pairs = [(float(stable), float(overlap), int(n)) for stable, overlap, n in state["pairs"]]
