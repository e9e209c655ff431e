"""Which latents changed sides? Where both sets came from one bank of latents, a share's change is theirs alone."""

from dataclasses import dataclass

import numpy as np
from scipy import optimize, stats

from collapse_metrics.stats.non_inferiority import POWER
from collapse_metrics.tally import Tally, unpacked

FEWEST_MOVED = 20
"""Latents that have to change sides before their difference is taken as normal."""


@dataclass(frozen=True)
class PairedFall:
    """Shares of one mode among the same latents: how many were of it only before, only now, and both times."""

    only_before: int
    only_now: int
    both: int
    n: int

    @property
    def loss(self) -> float:
        """One less the ratio of the two shares."""
        return 1 - (self.only_now + self.both) / (self.only_before + self.both)

    @property
    def noise(self) -> float:
        """How hard it is to tell."""
        return 1 / (self.only_before + self.both)

    def worse(self, margin: float) -> float:
        """Lower tail of the mean paired difference."""
        return float(stats.norm.cdf(self._score(margin)))

    def better(self, limit: float) -> float:
        """Upper tail of the mean paired difference."""
        return 0.0 if limit >= 1 else float(stats.norm.sf(self._score(limit)))

    def detectable(self, margin: float, level: float) -> float:
        """From how many latents changed sides here: what moves away more is what the fall consists of."""
        before = (self.only_before + self.both) / self.n
        moved = 2 * min(self.only_before, self.only_now) / self.n
        quantiles = float(stats.norm.isf(level) + stats.norm.ppf(POWER))

        def short(fall: float) -> float:
            return (fall - margin) * before - quantiles * float(np.sqrt((moved + fall * before) / self.n))

        return float(optimize.brentq(short, margin, 1.0)) if short(1.0) > 0 else 1.0

    def _score(self, fall: float) -> float:
        """Mean of "of it now" less what is left of "of it before" after this fall, in standard errors."""
        kept = 1 - fall
        shares = np.array([self.only_before, self.only_now, self.both]) / self.n
        values = np.array([-kept, 1.0, 1 - kept])
        mean = float(shares @ values)
        error = float(np.sqrt(max(shares @ values**2 - mean**2, 0.0) / self.n))
        return mean / error if error > 0 else float(np.copysign(np.inf, mean))


def paired_falls(before: Tally, now: Tally, modes: int) -> dict[int, PairedFall]:
    """The tests of those modes of which enough latents changed sides; none where the latents are not the same."""
    if before.latents is None or before.latents != now.latents or before.calls is None or now.calls is None:
        return {}
    was, left = unpacked(before.calls), unpacked(now.calls)
    kept = (was >= 0) & (left >= 0)
    if len(was) != len(left) or kept.sum() < len(was) / 2:
        return {}
    table = np.zeros((modes, modes), dtype=int)
    np.add.at(table, (was[kept], left[kept]), 1)
    same, from_it, to_it = np.diag(table), table.sum(axis=1), table.sum(axis=0)
    return {
        k: PairedFall(int(from_it[k] - same[k]), int(to_it[k] - same[k]), int(same[k]), int(kept.sum()))
        for k in range(modes)
        if from_it[k] + to_it[k] - 2 * same[k] >= FEWEST_MOVED and from_it[k] > 0
    }
