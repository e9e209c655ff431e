"""Has a number fallen by more than is tolerated, and has it fallen by less than would be grave? Tests with a margin."""

import math
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

import numpy as np
from scipy import optimize, special, stats

OUTSIDE = 1e-6
"""Chance that the share before lies outside the interval over which a p-value is maximised; it is added to the p-value.
Berger and Boos (1994) advise a number far below the level; the smallest level here is about 1e-4."""

POWER = 0.95
"""How surely a fall has to be found to be called detectable: the usual convention."""


@runtime_checkable
class Fall(Protocol):
    """By how much something has fallen, 0 nothing, 1 all; what the two samples say of it."""

    @property
    def loss(self) -> float:
        """The estimate; below 0 where it has risen."""

    @property
    def noise(self) -> float:
        """How hard it is to tell: of several numbers of one kind, the largest one is the hardest."""

    def worse(self, margin: float) -> float:
        """P-value of "it has fallen by ``margin`` at most": small where it has fallen by more."""

    def better(self, limit: float) -> float:
        """P-value of "it has fallen by ``limit`` at least": small where it has fallen by less."""

    def detectable(self, margin: float, level: float) -> float:
        """The fall that ``worse(margin) <= level`` finds 95 times in 100, foreseen from the sample before."""


def at_most(fall: Fall, level: float) -> float:
    """Upper confidence bound: the smallest fall that is ruled out at ``level``, to 0.0001; 1 where none is."""
    low, high = -1.0, 1.0
    while high - low > 1e-4:
        middle = (low + high) / 2
        low, high = (low, middle) if fall.better(middle) <= level else (middle, high)
    return high


@dataclass(frozen=True)
class ShareFall:
    """A share seen ``before`` times in ``n_before`` samples, and ``now`` times in ``n_now``; exact."""

    before: int
    n_before: int
    now: int
    n_now: int

    @property
    def loss(self) -> float:
        """One less the ratio of the two shares."""
        return 1 - (self.now / max(1, self.n_now)) / (self.before / self.n_before) if self.before else 0.0

    @property
    def noise(self) -> float:
        """How hard it is to tell."""
        return 1 / max(1, self.before)

    def worse(self, margin: float) -> float:
        """Lower tail of the noncentral hypergeometric law, at the smallest odds ratio that is tolerated."""
        if self.before == 0 or self.n_now == 0:
            return 1.0
        high = stats.beta.ppf(1 - OUTSIDE, self.before + 1, self.n_before - self.before) if self.rest else 1.0
        odds = (1 - margin) * (1 - high) / (1 - (1 - margin) * high)
        return min(1.0, self._tails(float(odds))[0] + OUTSIDE)

    def better(self, limit: float) -> float:
        """Upper tail of the same law, at the largest odds ratio that would be grave."""
        if limit >= 1:
            return 0.0
        if self.before == 0:
            return 0.0
        if self.n_now == 0:
            return 1.0
        low = float(stats.beta.ppf(OUTSIDE, self.before, self.n_before - self.before + 1))
        share = (1 - limit) * low
        odds = math.inf if share >= 1 else (1 - limit) * (1 - low) / (1 - share)
        return min(1.0, self._tails(odds)[1] + OUTSIDE)

    def detectable(self, margin: float, level: float) -> float:
        """From the largest count that would still be rejected, and the chance of both samples."""
        worst = self._most_rejected(margin, level)
        if worst < 0 or self.before == 0:
            return 1.0
        share = self.before / self.n_before

        def short(fall: float) -> float:
            mean = self.n_now * (1 - fall) * share
            ours = mean * (1 - (1 - fall) * share)
            theirs = (worst / self.before) ** 2 * self.before * (1 - share)  # the count before moves the bar with it
            return worst + 0.5 - mean - float(stats.norm.ppf(POWER)) * math.sqrt(ours + theirs)

        return float(optimize.brentq(short, 0.0, 1.0)) if short(0.0) < 0 < short(1.0) else 1.0

    @property
    def rest(self) -> int:
        """Samples before that were not of this mode."""
        return self.n_before - self.before

    def _most_rejected(self, margin: float, level: float) -> int:
        """Largest count now at which "fallen by ``margin`` at most" is rejected; -1 where there is none."""
        low, high = -1, self.n_now
        while high - low > 1:
            count = (low + high) // 2
            rejected = ShareFall(self.before, self.n_before, count, self.n_now).worse(margin) <= level
            low, high = (count, high) if rejected else (low, count)
        return low

    def _tails(self, odds: float) -> tuple[float, float]:
        """Probability of so few, and of so many, of the samples of this mode among those of now."""
        total = self.before + self.now
        if odds <= 0 or math.isinf(odds):
            least, most = max(0, total - self.n_before), min(total, self.n_now)
            only = least if odds <= 0 else most
            return float(self.now >= only), float(self.now <= only)
        counts = np.arange(max(0, total - self.n_before), min(total, self.n_now) + 1)
        logs = counts * math.log(odds) - (
            special.gammaln(counts + 1)
            + special.gammaln(self.n_now - counts + 1)
            + special.gammaln(total - counts + 1)
            + special.gammaln(self.n_before - total + counts + 1)
        )
        weights = np.exp(logs - logs.max())
        fewer, more = weights[counts <= self.now].sum(), weights[counts >= self.now].sum()
        return float(fewer / weights.sum()), float(more / weights.sum())


@dataclass(frozen=True)
class RateFall:
    """A share near one, as of samples that are accepted: the score test of Farrington and Manning (1990)."""

    before: int
    n_before: int
    now: int
    n_now: int

    @property
    def loss(self) -> float:
        """One less the ratio of the two shares."""
        return ShareFall(self.before, self.n_before, self.now, self.n_now).loss

    @property
    def noise(self) -> float:
        """How hard it is to tell."""
        return 1 / max(1, self.before)

    def worse(self, margin: float) -> float:
        """Lower tail of the score."""
        return float(stats.norm.cdf(self._score(margin)))

    def better(self, limit: float) -> float:
        """Upper tail of the score."""
        return 0.0 if limit >= 1 else float(stats.norm.sf(self._score(limit)))

    def detectable(self, margin: float, level: float) -> float:
        """Where the mean score lies so far down that 95 in 100 are rejected."""
        quantiles = float(stats.norm.isf(level) + stats.norm.ppf(POWER))
        share = self.before / self.n_before
        if share == 0:
            return 1.0

        def short(fall: float) -> float:
            now = (1 - fall) * share
            error = math.sqrt(now * (1 - now) / self.n_now + (1 - margin) ** 2 * share * (1 - share) / self.n_before)
            return (1 - margin) * share - now - quantiles * error

        return float(optimize.brentq(short, margin, 1.0)) if short(margin) < 0 < short(1.0) else margin

    def _score(self, fall: float) -> float:
        """Difference of the shares from where they would be after this fall, in standard errors under it."""
        if self.before == 0 or self.n_now == 0:
            return math.inf if self.before == 0 else -math.inf
        kept = 1 - fall
        pooled = min((self.before + self.now) / (self.n_before + kept * self.n_now), 1.0, 1 / kept)
        ours, theirs = kept * pooled * (1 - kept * pooled) / self.n_now, pooled * (1 - pooled) / self.n_before
        difference = self.now / self.n_now - kept * self.before / self.n_before
        error = math.sqrt(ours + kept**2 * theirs)
        return difference / error if error > 0 else math.copysign(math.inf, difference)


@dataclass(frozen=True)
class LogFall:
    """A positive number, the logarithm of which scatters normally: its errors are relative ones."""

    before: float
    before_error: float
    now: float
    now_error: float
    freedom: int | float = math.inf
    foreseen: float | None = None
    """Error of the difference as the sample before foresees it; left out, twice the variance of that sample."""

    @property
    def loss(self) -> float:
        """One less the ratio."""
        return 1 - self.now / self.before if self.before > 0 else 0.0

    @property
    def noise(self) -> float:
        """How hard it is to tell."""
        return self.before_error

    def worse(self, margin: float) -> float:
        """Lower tail of Student's law."""
        return float(stats.t.cdf(self._score(margin), self.freedom))

    def better(self, limit: float) -> float:
        """Upper tail of Student's law."""
        return 0.0 if limit >= 1 else float(stats.t.sf(self._score(limit), self.freedom))

    def detectable(self, margin: float, level: float) -> float:
        """So many standard errors below the margin."""
        error = math.sqrt(2) * self.before_error if self.foreseen is None else self.foreseen
        quantiles = stats.t.isf(level, self.freedom) + stats.t.ppf(POWER, self.freedom)
        return 1 - (1 - margin) * math.exp(-min(float(quantiles) * error, 700.0))

    def _score(self, fall: float) -> float:
        if self.before <= 0:
            return math.inf
        if self.now <= 0:
            return -math.inf
        difference = math.log(self.now / self.before) - math.log1p(-fall)
        error = math.hypot(self.before_error, self.now_error)
        return difference / error if error > 0 else math.copysign(math.inf, difference)


@dataclass(frozen=True)
class RateRise:
    """A share of samples that should be small, such as that of copies: its *rise* in points is what is lost.

    ``per`` samples turn up together: copies come two at a time, which doubles the variance.
    """

    before: float
    before_error: float
    now: float
    now_error: float
    n_now: int | float
    freedom: int | float = math.inf
    per: float = 2.0

    @property
    def loss(self) -> float:
        """Points by which the rate has risen."""
        return self.now - self.before

    @property
    def noise(self) -> float:
        """How hard it is to tell."""
        return self.before_error

    def worse(self, margin: float) -> float:
        """Upper tail of the difference, with the error that it has where the margin is just reached."""
        return self._tail(self.loss - margin, margin)

    def better(self, limit: float) -> float:
        """Lower tail of the difference, with the error that it has where the limit is just reached."""
        return 0.0 if limit >= 1 else self._tail(limit - self.loss, limit)

    def detectable(self, margin: float, level: float) -> float:
        """The rise that is found 95 times in 100."""
        # Both quantiles in the error that the sample of now will have: as a rule the larger one, which the test takes.
        quantiles = float(stats.t.isf(level, self.freedom) + stats.t.ppf(POWER, self.freedom))

        def short(rise: float) -> float:
            return rise - margin - quantiles * self._error(rise)

        return float(optimize.brentq(short, 0.0, 1.0)) if short(1.0) > 0 else 1.0

    def _error(self, rise: float) -> float:
        rate = min(1.0, max(0.0, self.before + rise))
        return math.hypot(self.before_error, math.sqrt(self.per * rate * (1 - rate) / self.n_now))

    def _tail(self, difference: float, rise: float) -> float:
        error = max(self._error(rise), math.hypot(self.before_error, self.now_error))
        score = difference / error if error > 0 else math.copysign(math.inf, difference)
        return float(stats.t.sf(score, self.freedom))
