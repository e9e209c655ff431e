"""Rule: is it the same sample every time?"""

from collapse_metrics._registry import Answer, Evidence, rule
from collapse_metrics.records import Status

COLLAPSED_BELOW = 0.25
"""Distance between two samples relative to two real ones, in raw values. Measured in docs/studies/verdicts.md:
near copies of one digit score below 0.2, real digits of one single class above 0.6."""

WATCH_BELOW = 0.5
"""Half-way between a collapsed set and real digits of a single class."""


@rule(
    needs=("raw_diversity",),
    remedies=(
        "PacGAN: let D judge 2 samples at once (cost: D's first layer twice as wide)",
        "minibatch standard deviation or minibatch discrimination in D (cost: a channel; a product of three tensors)",
        "R1 + R2 gradient penalties with relativistic pairing (cost: two more backward passes a D step)",
        "one G step per D step; lower G's learning rate (cost: none)",
    ),
    shown_by="mnist_mlp_collapsed",
)
def total_collapse(evidence: Evidence) -> Answer:
    """Whatever the noise, nearly the same sample comes out."""
    spread = evidence["raw_diversity"]
    high = spread.value if spread.high is None else spread.high
    sentence = f"two samples lie {spread.value:.2f} times as far apart as two real ones (up to {high:.2f})"
    if high < COLLAPSED_BELOW:
        return Answer(Status.FOUND, sentence, 1 - spread.value)
    return Answer(Status.WATCH if high < WATCH_BELOW else Status.CLEAR, sentence, 1 - spread.value)
