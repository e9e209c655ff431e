"""Where did it collapse? The place in a row of checkpoints, in about as many scores as its length has binary digits."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from collapse_metrics.checkpoints.kept import Kept
from collapse_metrics.checkpoints.probed import CONFIDENT, Comparison, compared, name_of
from collapse_metrics.checkpoints.steps import Source
from collapse_metrics.checkpoints.sweep import Score, sweep
from collapse_metrics.checkpoints.table import Row
from collapse_metrics.diagnosis import onset
from collapse_metrics.records import Scorecard

MORE = 4
"""A checkpoint that cannot be told is looked at again with so many times as many samples, which halves the errors."""

CHECKS = 1
"""Scores spent on looking for a contradiction beside the place that was found. A bisection of a row that is not
monotone finds *a* change and not *the* change; it has looked on both sides of the place at every distance already, so
that one more look at the widest gap is what a tenth of the cost buys."""


@dataclass(frozen=True)
class Bisection:
    """Where it went wrong: between which two checkpoints, by which comparisons, and how they were chosen.

    ``how`` is ``"bisection"`` where every look agreed with one change, ``"all"`` where a look contradicted and
    everything was scored; ``why`` says what contradicted, or why nothing was found. ``scores`` counts those that were
    made for this answer, ``from_cache`` those that had been made before.
    """

    last_good: Source | None
    first_bad: Source | None
    comparisons: tuple[Comparison, ...]
    how: str
    why: str
    scores: int
    from_cache: int
    set_aside: tuple[Source, ...] = ()

    @property
    def confidence(self) -> float | None:
        """The smaller of the confidences of the two comparisons that the answer rests on."""
        ends = [c.confidence for c in self.comparisons if c.source in (self.last_good, self.first_bad)]
        return min(ends) if ends and self.first_bad is not None else None

    def to_dict(self) -> dict[str, Any]:
        """The answer as plain JSON types."""

        def named(source: Source | None) -> dict[str, Any] | None:
            return None if source is None else {"step": source.step, "path": str(source.path)}

        return {
            "schema": 1,
            "last_good": named(self.last_good),
            "first_bad": named(self.first_bad),
            "confidence": self.confidence,
            "how": self.how,
            "why": self.why,
            "scores": self.scores,
            "from_cache": self.from_cache,
            "set_aside": [named(source) for source in self.set_aside],
            "comparisons": [comparison.to_dict() for comparison in self.comparisons],
        }

    @property
    def set_aside_between(self) -> tuple[Source, ...]:
        """Checkpoints between the two of the answer that could not be told: the change may lie on either side."""
        told = [comparison.source for comparison in self.comparisons]
        if self.last_good is None or self.first_bad is None:
            return ()
        between = told[told.index(self.last_good) + 1 : told.index(self.first_bad)]
        return tuple(source for source in between if source in self.set_aside)

    def __str__(self) -> str:
        return "\n".join([*map(str, self.comparisons), self.in_words()])

    def in_words(self) -> str:
        """The answer alone."""
        lines = []
        if self.first_bad is None:
            lines.append(f"no place where it went wrong: {self.why}")
        elif self.last_good is None:
            lines.append(f"bad from the first checkpoint on, {name_of(self.first_bad)}: {self.why}")
        else:
            sure = f", at {self.confidence:.1%} confidence at the least" if self.confidence is not None else ""
            lines.append(f"good up to {name_of(self.last_good)}, bad from {name_of(self.first_bad)} on{sure}")
            lines += [self.why] if self.why else []
        made = f"{self.scores} scores" + (f" and {self.from_cache} from the cache" if self.from_cache else "")
        between = len(self.set_aside_between)
        lines += [f"{between} between the two could not be told, see above"] if between else []
        return "\n".join([*lines, made])


def bisect(
    sources: Sequence[Source],
    *,
    score: Score,
    n: int = 2000,
    n_most: int | None = None,
    kept: Kept | None = None,
    checks: int = CHECKS,
    progress: Callable[[Comparison], None] | None = None,
) -> Bisection:
    """Find the first checkpoint from which on a training is sick, without scoring all of them.

    The two ends are scored, then the middle of what is left between a good and a bad one. A checkpoint is bad when its
    verdict is partial collapse or worse; where that is so of the first one already, when it is as bad as the last. One
    that cannot be told is looked at again with four times as many samples, up to ``n_most``; one that even then says
    nothing, or cannot be opened, is set aside and its neighbour asked.

    Where both ends are alike, the gaps between what is known are halved, widest first, until a good one stands
    before a bad one; at the worst all are scored. Where a look contradicts the place that was found, all are scored,
    and the answer is where the state that lasts to the end began.

    Args:
        sources: Checkpoints in order of training.
        score: How one is scored.
        n: Samples of each look.
        n_most: Samples of the last look at a checkpoint that cannot be told; left out, sixteen times ``n``.
        kept: Where scores are kept, shared with ``sweep``.
        checks: Looks for a contradiction.
        progress: Called after each comparison.

    Returns:
        The place and the comparisons behind it.

    Raises:
        ValueError: If there are fewer than two checkpoints, or fewer than two that can be scored.
    """
    if len(sources) < 2:
        raise ValueError(f"two checkpoints or more are needed to look between them, got {len(sources)}.")
    search = _Search(list(sources), score, n, n_most or MORE * MORE * n, kept, progress)
    low, high = search.ends()
    if not search.is_bad(high):
        return search.answer(None, None, why="the last checkpoint is good, so nothing lasts to the end")
    if search.is_bad(low):
        return search.answer(*search.from_alike_ends(low, high, checks))
    return search.answer(*search.between(low, high, checks))


class _Search:
    """What is known of each checkpoint so far, and what is asked next."""

    def __init__(
        self,
        sources: list[Source],
        score: Score,
        n: int,
        n_most: int,
        kept: Kept | None,
        progress: Callable[[Comparison], None] | None,
    ) -> None:
        self.sources, self.score, self.n, self.n_most, self.kept = sources, score, n, n_most, kept
        self.progress = progress
        self.rows: dict[int, Row] = {}
        self.good: Scorecard | None = None
        self.bad: Scorecard | None = None
        self.level, self.scores, self.from_cache, self.how = 1, 0, 0, "bisection"

    def ends(self) -> tuple[int, int]:
        """First and last checkpoint that can be judged; from now on the others are compared with them."""
        found = []
        for order in (range(len(self.sources)), reversed(range(len(self.sources)))):
            judged = next((i for i in order if self.look(i).bad is not None), None)
            found.append(judged)
        low, high = found
        if low is None or high is None or low == high:
            raise ValueError(
                f"two checkpoints that can be scored are needed, of {len(self.sources)} there are fewer: "
                f"{self._told(0).because}."
            )
        first, last = self.rows[low], self.rows[high]
        if first.badness and (last.badness or 0) > first.badness:
            self.level = last.badness or 1  # sick from the start: where did it become as bad as at the end?
        self.good = None if self.is_bad(low) else first.card
        self.bad = last.card if self.is_bad(high) else None
        return low, high

    def is_bad(self, i: int) -> bool | None:
        """Whether a checkpoint is bad; ``None`` where that cannot be told."""
        return self._told(i).bad if i in self.rows else self.look(i).bad

    def look(self, i: int) -> Comparison:
        """Score a checkpoint, again with more samples while it cannot be told, as long as there are more."""
        if i in self.rows:
            return self._told(i)
        n, before = self.n, 0
        while True:
            row = sweep([self.sources[i]], score=self.score, n=n, kept=self.kept).rows[0]
            self.scores, self.from_cache = self.scores + (not row.from_cache), self.from_cache + row.from_cache
            self.rows[i] = row
            told = self._told(i)
            if _stands(told) or row.card is None or told.n <= before or n * MORE > self.n_most:
                break
            n, before = n * MORE, told.n
        if self.progress is not None:
            self.progress(told)
        return told

    def from_alike_ends(self, low: int, high: int, checks: int) -> tuple[int | None, int | None, str]:
        """Halve what is not known, widest first, until a good checkpoint is there; then go on as usual."""
        why = "both ends are bad, so the gaps were halved until a good checkpoint was found"
        while (gap := self._widest_gap(low, high))[0] > 1:
            i = gap[1]
            if self.look(i).bad is False:
                self.good = self.rows[i].card
                above = min(j for j in self.rows if j > i and self.is_bad(j))
                low_, high_, more = self.between(i, above, checks)
                return low_, high_, f"{why}; {more}".removesuffix("; ")
        self.how = "all"
        return None, low, "not one checkpoint is good"

    def between(self, low: int, high: int, checks: int) -> tuple[int | None, int | None, str]:
        """Halve what lies between a good and a bad checkpoint, then look for a contradiction beside the place."""
        while inside := [i for i in range(low + 1, high) if i not in self.rows or self.is_bad(i) is not None]:
            i = min(inside, key=lambda i: abs(2 * i - low - high))
            bad = self.look(i).bad
            low, high = (low, i) if bad else (i, high) if bad is False else (low, high)
        why = self._contradiction()
        for _ in range(checks):
            width, middle = max(self._widest_gap(-1, low), self._widest_gap(high, len(self.sources)))
            if not why and width > 1:
                self.look(middle)
                why = self._contradiction()
        return self._by_all(why) if why else (low, high, "")

    def _by_all(self, why: str) -> tuple[int | None, int | None, str]:
        """Score the rest, and date the state that lasts to the end."""
        self.how = "all"
        known = [i for i in range(len(self.sources)) if self.look(i).bad is not None]
        start = onset(known, [bool(self.is_bad(i)) for i in known])
        good = [i for i in known if start is not None and i < start and not self.is_bad(i)]
        return (good[-1] if good else None), start, f"{why}, so all were scored"

    def _contradiction(self) -> str:
        """A good checkpoint after a bad one that came after a good one; the young and bad ones before all are none."""
        seen_good, bad = False, None
        for i in sorted(self.rows):
            state = self.is_bad(i)
            if state is False and bad is not None:
                return f"{name_of(self.sources[i])} is good after the bad {name_of(self.sources[bad])}"
            seen_good = seen_good or state is False
            bad = i if state and seen_good else bad
        return ""

    def _widest_gap(self, low: int, high: int) -> tuple[int, int]:
        """The widest gap between places that were looked at, and its middle; width 1 where nothing is between."""
        known = [low, *sorted(i for i in self.rows if low < i < high), high]
        before, after = max(pairwise(known), key=lambda gap: gap[1] - gap[0])
        return after - before, (before + after) // 2

    def _told(self, i: int) -> Comparison:
        return compared(self.rows[i], level=self.level, n=self.n, good=self.good, bad=self.bad)

    def answer(self, low: int | None, high: int | None, why: str) -> Bisection:
        """All of it, in order of training."""
        told = {i: self._told(i) for i in sorted(self.rows)}
        return Bisection(
            last_good=None if low is None else self.sources[low],
            first_bad=None if high is None else self.sources[high],
            comparisons=tuple(told.values()),
            how=self.how,
            why=why,
            scores=self.scores,
            from_cache=self.from_cache,
            set_aside=tuple(c.source for c in told.values() if c.bad is None),
        )


def _stands(told: Comparison) -> bool:
    """Whether a comparison needs no more samples."""
    return bool(told.bad) or (told.bad is False and (told.confidence is None or told.confidence >= CONFIDENT))
