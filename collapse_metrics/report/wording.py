"""How are verdicts, numbers and names said in plain words?"""

import math
from collections.abc import Mapping, Sequence
from typing import Any

from collapse_metrics.records import HARMLESS, Finding, Measurement, Scorecard, Status, Verdict

MEANINGS = {
    Verdict.HEALTHY: "No material collapse that this many samples could have shown.",
    Verdict.PARTIAL_COLLAPSE: "Part of the variety of the data is gone.",
    Verdict.COLLAPSE: "Most of the variety of the data is gone.",
    Verdict.BROKEN: "What comes out is not like the data at all, or the set-up is wrong.",
    Verdict.INCONCLUSIVE: "Too little to go on: neither collapse nor health has been shown.",
}
"""What each verdict means, in one sentence."""

SICK = (Verdict.PARTIAL_COLLAPSE, Verdict.COLLAPSE, Verdict.BROKEN)
"""Verdicts that have a beginning."""

STATUS_WORDS = {
    Status.FOUND: "found",
    Status.WATCH: "watch",
    Status.CLEAR: "clear",
    Status.NOT_CHECKED: "not checked",
}

MOST_ALARMS = 5
"""Alarms told one by one; a run that falls and recovers again and again has more than anybody reads."""

URGENCY = list(STATUS_WORDS)
"""The order in which findings are read."""


def spaced(name: str) -> str:
    """``partial_collapse`` as a person writes it."""
    return str(name).replace("_", " ")


def label(name: str) -> str:
    """A measurement's name as a heading; what stands in brackets is the user's and stays as it is."""
    base, bracket, rest = name.partition("[")
    return spaced(base).capitalize() + bracket + rest


def number(value: float | None) -> str:
    """Three digits that count, thousands with commas, and a word for what is no number."""
    if value is None:
        return "–"
    if not math.isfinite(value):
        return "not finite"
    if abs(value) >= 1000:
        return f"{value:,.0f}"
    return f"{value:.3g}".replace("-", "−")


def span(ends: Sequence[float | None] | None) -> str:
    """A range in words, or a dash where there is none."""
    if ends is None or ends[0] is None or ends[1] is None:
        return "–"
    low, high = number(ends[0]), number(ends[1])
    return low if low == high else f"{low} to {high}"


def against_real(m: Measurement) -> str:
    """How a number lies to what a perfect generator would score, its own uncertainty granted."""
    if m.expected is None or not math.isfinite(m.value):
        return ""
    low = m.value if m.low is None else m.low
    high = m.value if m.high is None else m.high
    if high < m.expected[0]:
        return "below"
    return "above" if low > m.expected[1] else "as real data"


def by_urgency(findings: Sequence[Finding]) -> list[Finding]:
    """What was found first, what could not be checked last; what is harmless after its likes."""
    return sorted(findings, key=lambda f: (URGENCY.index(f.status), f.name in HARMLESS))


def story(card: Scorecard) -> list[str]:
    """The sentences under the verdict: what it means, why, since when, and on how many samples."""
    said = [MEANINGS[card.verdict]]
    if card.verdict in SICK:
        said += [f.meaning for f in card.found if f.name not in HARMLESS and f.meaning]
    if card.verdict is Verdict.INCONCLUSIVE and "samples_needed" in card:
        needed = card["samples_needed"]
        said.append(f"{number(needed.value)} samples that pass for data are needed, got {number(needed.n_fake)}.")
    if card.provenance.get("losses_and_samples"):
        said.append(f"{str(card.provenance['losses_and_samples']).capitalize()}.")
    if card.provenance.get("since") is not None:
        said.append(f"Since step {_step(card.provenance['since'])}, without a break.")
    return [*said, *_basis(card)]


def alarms(raised: Sequence[Mapping[str, Any]]) -> list[str]:
    """A sentence for each alarm of a run, the first ones only where there are many."""
    said = []
    for alarm in raised[:MOST_ALARMS]:
        mode = "" if alarm["mode"] is None else f" of mode {alarm['mode']}"
        said.append(
            f"Alarm at step {_step(alarm['step'])}: {spaced(alarm['finding'])}{mode}, "
            f"since about step {_step(alarm['since'])}."
        )
    more = len(raised) - len(said)
    return [*said, f"{more} more alarms followed."] if more > 0 else said


def _basis(card: Scorecard) -> list[str]:
    about = card.provenance
    parts = []
    if about.get("n_fake") is not None:
        parts.append(f"on {_step(about['n_fake'])} samples")
    if about.get("reference"):
        parts.append(f"against {about['reference']}")
    if about.get("step") is not None:
        parts.append(f"at step {_step(about['step'])}")
    return ["Judged " + " ".join(parts) + "."] if parts else []


def _step(value: object) -> str:
    return f"{value:,}" if isinstance(value, int) else str(value)


def course(steps: Sequence[int], verdicts: Sequence[Verdict]) -> str:
    """The verdicts over time as one sentence, equal neighbours drawn together."""
    runs: list[tuple[Verdict, int, int]] = []
    for step, verdict in zip(steps, verdicts, strict=True):
        if runs and runs[-1][0] is verdict:
            runs[-1] = (verdict, runs[-1][1], step)
        else:
            runs.append((verdict, step, step))
    if len(runs) > 12:
        last = f"{spaced(runs[-1][0])}, from step {runs[-1][1]:,} on"
        return f"The verdict changed {len(runs) - 1} times; the last one is {last}."
    parts = [
        f"{spaced(verdict)} at step {first:,}"
        if first == last
        else f"{spaced(verdict)} from step {first:,} to {last:,}"
        for verdict, first, last in runs
    ]
    text = ", then ".join(parts)
    return text[:1].upper() + text[1:] + "."
