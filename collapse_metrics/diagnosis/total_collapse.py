"""Rule: is it the same sample every time?"""

from collapse_metrics._registry import Evidence, rule
from collapse_metrics.records import Status

COLLAPSED_BELOW = 0.25
"""Distance between two samples relative to two real ones, in raw values. Measured in docs/studies/verdicts.md:
near copies of one digit score below 0.2, real digits of one single class above 0.6."""

WATCH_BELOW = 0.5
"""Half-way between a collapsed set and real digits of a single class."""


@rule(
    needs=("raw_diversity",),
    remedies=(
        "PacGAN: let D judge 2 samples at once (the most effect per line of code)",
        "minibatch standard deviation or minibatch discrimination in D",
        "R1 + R2 gradient penalties with relativistic pairing",
        "one G step per D step; lower G's learning rate",
    ),
)
def total_collapse(evidence: Evidence) -> tuple[Status, str]:
    """Whatever the noise, nearly the same sample comes out."""
    spread = evidence["raw_diversity"]
    high = spread.value if spread.high is None else spread.high
    sentence = f"two samples lie {spread.value:.2f} times as far apart as two real ones (up to {high:.2f})"
    if high < COLLAPSED_BELOW:
        return Status.FOUND, sentence
    return (Status.WATCH if high < WATCH_BELOW else Status.CLEAR), sentence
