"""Rule: are samples copies of the training set?"""

from collapse_metrics._registry import Answer, Evidence, rule
from collapse_metrics.records import Status

LEARNT_ABOVE = 0.25
"""Share of samples nearer to the training set than to held-out data, beyond chance: a quarter of the samples copied,
or all of them drawn towards it."""

WATCH_ABOVE = 0.1
"""Credibly more than this is worth a look at the nearest pairs."""


@rule(
    needs=("memorisation",),
    remedies=(
        "look at the nearest training sample of some samples before anything else (cost: none)",
        "more training data, or differentiable augmentation in front of D (cost: a few per cent of a step)",
        "stop earlier: memorising grows with the number of epochs (cost: none)",
        "a smaller or penalised D (R1): one that knows its data by heart teaches G to repeat them "
        "(cost: one more backward pass a D step)",
    ),
    shown_by="digits/memorised",
)
def memorisation(evidence: Evidence) -> Answer:
    """The generator repeats its training data instead of drawing new samples."""
    share = evidence["memorisation"]
    low = share.value if share.low is None else share.low
    sentence = (
        f"{share.value:.0%} of {share.n_fake} samples (at least {low:.0%}), beyond chance, are nearer to the training "
        "set than to held-out data"
    )
    if low > LEARNT_ABOVE:
        return Answer(Status.FOUND, sentence, share.value)
    return Answer(Status.WATCH if low > WATCH_ABOVE else Status.CLEAR, sentence, share.value)
