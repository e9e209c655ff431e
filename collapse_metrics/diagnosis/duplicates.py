"""Rule: are samples exact copies of each other?"""

from collapse_metrics._registry import Answer, Evidence, rule
from collapse_metrics.records import Status

COPIED_ABOVE = 0.05
"""Share of samples with an exact twin, beyond what real data show. A generator of continuous noise has none; one in
twenty leaves room for blank or saturated samples."""


@rule(
    needs=("duplicate_rate",),
    remedies=(
        "check that every batch draws new noise, and that the seed is not set again inside the loop (cost: none)",
        "do not draw the noise from a fixed list or an embedding table (cost: none)",
        "with discrete outputs: sample the last layer instead of taking its largest value (cost: none)",
    ),
    shown_by="digits/support 500",
)
def duplicates(evidence: Evidence) -> Answer:
    """The generator puts out the same samples again and again, to the last digit."""
    rate = evidence["duplicate_rate"]
    usual = 0.0 if rate.expected is None else rate.expected[1]
    low = rate.value if rate.low is None else rate.low
    sentence = f"{rate.value:.1%} of {rate.n_fake} samples have an exact twin; of as many real ones at most {usual:.1%}"
    severity = (rate.value - usual) / max(1 - usual, 1e-9)
    if low > usual + COPIED_ABOVE:
        return Answer(Status.FOUND, sentence, severity)
    return Answer(Status.WATCH if rate.value > usual else Status.CLEAR, sentence, severity)
