"""Is this checkpoint like the good one or like the bad one, and how sure is that? One comparison of a bisection."""

import math
from dataclasses import dataclass
from typing import Any

from scipy import stats

from collapse_metrics.checkpoints.steps import Source
from collapse_metrics.checkpoints.table import Row, may_be_ranked, standard_error
from collapse_metrics.records import Scorecard
from collapse_metrics.stats.jackknife import BLOCKS

FOUND_LEVEL = 0.975
"""How sure a bad verdict is: a finding is made where the end of a two-sided 95 % interval lies beyond a margin, so that
each errs at most 25 times in 1,000; those on modes err less."""

CONFIDENT = 0.99
"""A good verdict stands at once where the checkpoint is on the good side of the middle with this probability; else more
samples are drawn. Ten looks of a bisection then err one time in ten at the very most, and in practice where the change
itself lies."""

MOST_SAID = 0.999
"""More than this is not written out: the law of so far a tail is not known so well."""


@dataclass(frozen=True)
class Comparison:
    """One checkpoint beside the two ends: good (``bad=False``), bad, or not to be told (``bad=None``).

    ``confidence`` is, for a good one, the probability that it lies on the good side of the middle between the two ends in
    ``measure``, the measure that parts the ends best; for a bad one, that of the finding behind its verdict.
    """

    source: Source
    bad: bool | None
    verdict: str
    n: int
    confidence: float | None = None
    because: str = ""

    def to_dict(self) -> dict[str, Any]:
        """The comparison as plain JSON types."""
        return {
            "step": self.source.step,
            "path": str(self.source.path),
            "bad": self.bad,
            "verdict": self.verdict,
            "n": self.n,
            "confidence": self.confidence,
            "because": self.because,
        }

    def __str__(self) -> str:
        word = "not told" if self.bad is None else "bad" if self.bad else "good"
        sure = "" if self.confidence is None else f" {min(self.confidence, MOST_SAID):6.1%}"
        return f"  {word:<8}{sure:<8} {name_of(self.source)}: {self.because} ({self.n} samples)"


def compared(row: Row, *, level: int, n: int, good: Scorecard | None, bad: Scorecard | None) -> Comparison:
    """The comparison of one scored checkpoint with what is known of the two ends.

    Args:
        row: The checkpoint.
        level: How bad a verdict is at least that counts as bad: 1 partial collapse, 2 collapse.
        n: Samples that were asked for.
        good: A good end, where one is known.
        bad: A bad end.
    """
    source = Source(row.path, row.step)
    if row.card is None:
        return Comparison(source, None, "", n, because=row.error)
    verdict, n = str(row.card.verdict), row.card.provenance.get("n_fake", n)
    if row.badness is None:
        return Comparison(source, None, verdict, n, because=verdict)
    if row.badness >= level:
        found = ", ".join(finding.name for finding in row.card.found)
        return Comparison(source, True, verdict, n, FOUND_LEVEL, f"{verdict}, {found}")
    measure = None if good is None or bad is None else parting_measure(good, bad)
    if measure is None or good is None or bad is None:
        return Comparison(source, False, verdict, n, because=verdict)
    sure = probability_good(row.card, measure, good=good, bad=bad)
    values = f"{measure} {_value(row.card, measure):.3g} between {good[measure].value:.3g} and {bad[measure].value:.3g}"
    return Comparison(source, False, verdict, n, sure, f"{verdict}, {values}")


def parting_measure(good: Scorecard, bad: Scorecard) -> str | None:
    """The measure in which two ends lie furthest apart, in standard errors; of equal ones the first."""
    shared = [m.name for m in good.measurements if m.name in bad and may_be_ranked(m.name)]
    apart = {name: _apart(name, good, bad) for name in shared}
    apart = {name: distance for name, distance in apart.items() if distance > 0}  # NaN is not
    return max(apart, key=lambda name: apart[name], default=None)


def probability_good(card: Scorecard, measure: str, *, good: Scorecard, bad: Scorecard) -> float:
    """Probability that a checkpoint lies on the good side of the middle between the ends, by Student's t."""
    ends = good[measure].value, bad[measure].value
    squares = [standard_error(c[measure] if measure in c else None) ** 2 for c in (card, good, bad)]
    error = math.sqrt(squares[0] + (squares[1] + squares[2]) / 4)
    beyond = (_value(card, measure) - sum(ends) / 2) * math.copysign(1.0, ends[0] - ends[1])
    if math.isnan(error) or math.isnan(beyond):
        return 0.5
    if error == 0:
        return float(beyond > 0)
    return float(stats.t.cdf(beyond / error, BLOCKS - 1))


def _apart(name: str, good: Scorecard, bad: Scorecard) -> float:
    error = math.hypot(standard_error(good[name]), standard_error(bad[name]))
    distance = abs(good[name].value - bad[name].value)
    return distance / error if error > 0 else math.nan


def _value(card: Scorecard, name: str) -> float:
    return card[name].value if name in card else math.nan


def name_of(source: Source) -> str:
    """A checkpoint in words."""
    return source.path.name if source.step is None else f"step {source.step} ({source.path.name})"
