"""Has a share fallen, or a mean risen, beyond what health allows? Alarms that hold however often one looks."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Real

from collapse_metrics.stats.betting import BETS, log_bets_on_mean, log_bets_on_shares
from collapse_metrics.stats.fallen_since import fallen_since
from collapse_metrics.stats.restarts import Promise, Restarts
from collapse_metrics.stats.shares import clopper_pearson

REFERENCE_ERROR = 1e-4
"""Probability with which the reference itself may have seen too much of any of its modes. Far below every usual alpha,
and it costs nothing where a mode was seen often."""

DATED = 200
"""Newest looks that a date is looked for in. A loss that took longer to prove is dated to the first of them."""

LARGEST_LOG = 700.0
"""An e-value beyond e to this is reported as this: float64 ends at 709."""


@dataclass(frozen=True)
class Raised:
    """An alarm: when, by which mode, how sure, and since when.

    ``e_value`` is how many times its stake a gambler against health has made: at least 1 / alpha.
    ``since`` is the first look of the present state, as far as the bets can tell.
    """

    step: int
    mode: int
    e_value: float
    since: int


class Watch(ABC):
    """A game against health, and the value at which it is taken for lost."""

    def __init__(self, bounds: Float[np.ndarray, " modes"], *, alpha: float, promise: Promise = "run") -> None:
        if not 0 < alpha < 1:
            raise ValueError(f"`alpha` is a probability between 0 and 1, got {alpha}.")
        self.alpha = alpha
        self.bounds = np.asarray(bounds, dtype=float)
        self.modes = np.flatnonzero(self.bounds > 0)
        if len(self.modes) == 0:
            raise ValueError("at least one mode with a bound above 0 is needed, got none: fit more real samples.")
        self.game = Restarts((len(self.modes), len(BETS)), promise=promise)
        self.newest: deque[tuple[int, list[float], float]] = deque(maxlen=DATED)

    @abstractmethod
    def read(self, seen: np.ndarray) -> tuple[np.ndarray, list[float], float]:
        """What the bets of one look win, what is counted for each mode, and of how many samples."""

    def update(self, seen: Real[np.ndarray, " seen"] | Bool[np.ndarray, " seen"], *, step: int) -> Raised | None:
        """Look once more.

        Args:
            seen: Counts of each mode, or observations from 0 to 1, of *fresh* samples: independent of all that were
                seen before, but for the generator that drew them.
            step: Of the training.

        Returns:
            The alarm, if the evidence suffices now.
        """
        won, hits, total = self.read(np.asarray(seen))
        self.newest.append((step, hits, total))
        self.game.update(won)
        log_e = float(self.game.log_total)
        if log_e < -np.log(self.alpha):
            return None
        mode = int(self.modes[self.game.log_wealth.argmax()])
        return Raised(step, mode, float(np.exp(min(log_e, LARGEST_LOG))), self._since(mode))

    def _since(self, mode: int) -> int:
        steps, hits, totals = zip(*self.newest, strict=True)
        first = fallen_since(np.array([counts[mode] for counts in hits]), np.array(totals), float(self.bounds[mode]))
        return int(steps[first])

    @property
    def e_value(self) -> float:
        """What the evidence is worth now; an alarm is due at 1 / alpha."""
        return float(np.exp(min(float(self.game.log_total), LARGEST_LOG)))

    def state_dict(self) -> dict[str, Any]:
        """All that is needed to go on exactly, in JSON's types."""
        return {"game": self.game.state_dict(), "newest": [list(look) for look in self.newest]}

    def load_state_dict(self, state: Mapping[str, Any]) -> None:
        """Go on where ``state_dict`` was taken."""
        self.game.load_state_dict(state["game"])
        looks = [(int(step), list(hits), float(total)) for step, hits, total in state["newest"]]
        self.newest = deque(looks, maxlen=DATED)


class FallenShares(Watch):
    """Is each mode still drawn at least as often as its bound?

    Args:
        bounds: Least share of each mode; a mode with bound 0 is not watched.
        alpha: Probability that a run in health is ever accused; for the promise ``"look"``, one over the mean number
            of looks between two accusations.
        promise: Which of the two.

    Example:
        >>> watch = FallenShares(np.full(10, 0.05), alpha=0.01)
        >>> healthy, dropped = np.full(10, 6), np.array([0, 7, 7, 7, 7, 7, 7, 6, 6, 6])
        >>> looks = [healthy] * 20 + [dropped] * 5
        >>> alarms = [watch.update(counts, step=100 * look) for look, counts in enumerate(looks, 1)]
        >>> alarm = next(filter(None, alarms))
        >>> alarm.step, alarm.mode, alarm.since
        (2500, 0, 2100)
    """

    def read(self, seen: np.ndarray) -> tuple[np.ndarray, list[float], float]:
        """Bets that a mode is drawn too rarely."""
        counts = [float(count) for count in seen]
        return log_bets_on_shares(seen, self.bounds)[self.modes], counts, float(seen.sum())


class BoundedMean(Watch):
    """Is the mean of observations between 0 and 1 still at or below its bound?

    For what must not fall, watch 1 less the observations.

    Args:
        bound: Largest mean that health keeps.
        alpha: As for ``FallenShares``.
        promise: As for ``FallenShares``.

    Example:
        >>> watch = BoundedMean(0.1, alpha=0.01)
        >>> duplicates = [np.zeros(50), np.zeros(50), np.ones(50)]
        >>> [watch.update(seen, step=look) is not None for look, seen in enumerate(duplicates)]
        [False, False, True]
    """

    def __init__(self, bound: float, *, alpha: float, promise: Promise = "run") -> None:
        if not 0 < bound < 1:
            raise ValueError(
                f"`bound` must lie between 0 and 1, got {bound}: other means cannot be broken, or never hold."
            )
        super().__init__(np.array([1 - bound]), alpha=alpha, promise=promise)

    def read(self, seen: np.ndarray) -> tuple[np.ndarray, list[float], float]:
        """Bets that the mean is too high."""
        won = log_bets_on_mean(seen.astype(float), 1 - float(self.bounds[0]))
        return won[None], [float(len(seen) - seen.sum())], float(len(seen))


def least_called_shares(
    shares: Float[np.ndarray, " modes"],
    confusion: Float[np.ndarray, "modes modes"],
    *,
    below: float,
    n_real: int,
) -> Float[np.ndarray, " modes"]:
    """How rarely may each mode be *called* while every mode keeps ``below`` of its true share?

    Whatever the other modes spill into a mode, at least what the classifier keeps of its own samples is called so.
    Shares of rare modes are poorly known: no bound lies above the lower end of what ``n_real`` samples prove.

    Args:
        shares: Reference share of each mode.
        confusion: Share of real samples of mode ``row`` called ``column``.
        below: Part of its reference share that a mode has to keep.
        n_real: Real samples behind the shares.

    Returns:
        A bound for each mode; 0 where the reference proves nothing.
    """
    level = 1 - 2 * REFERENCE_ERROR / len(shares)
    proven = [clopper_pearson(round(float(share) * n_real), n_real, level=level)[0] for share in shares]
    bounds: np.ndarray = np.minimum(below * shares, proven) * np.diag(confusion)
    return bounds
