"""Rule: are the samples like the data at all?"""

from collapse_metrics._registry import Answer, Evidence, rule
from collapse_metrics.diagnosis.intra_mode_collapse import relative, repeats
from collapse_metrics.records import Status

BROKEN_BELOW = 0.5
"""Share of samples taken for data, relative to real data's own. Below it most of what comes out is not data, and
counting modes among the rest says nothing about the generator."""

WATCH_BELOW = 0.8
"""Small healthy GANs on digits stay above it (docs/studies/recipes.md); half-trained ones do not."""

APART_BELOW = 0.2
"""Of the covariance between distant parts of real pictures. Pictures glued from two halves have next to none, and a
classifier takes most of them for data; the half-trained generator tried beside them has most of it, and digits moved by
three pixels keep enough (all in tests/test_long_range.py)."""


@rule(
    needs=("accepted_share",),
    remedies=(
        "check value_range= and the channel order first: a wrong range looks like this (cost: none)",
        "train longer: every generator starts here (cost: the steps)",
        "lower the learning rates, or balance D against G, if training has run for long (cost: none)",
        "where parts do not belong together: a discriminator that sees the whole picture, not patches (cost: a layer)",
    ),
    shown_by="digits/noise",
)
def off_manifold(evidence: Evidence) -> Answer:
    """What comes out is not like the data: noise, blends or fragments, whatever their number of modes."""
    share = evidence["accepted_share"]
    high = share.value if share.high is None else share.high
    sentence = (
        f"{share.value:.0%} of {share.n_fake} samples are taken for data (up to {high:.0%}); "
        f"of real data {share.typical:.0%}"
    )
    if mostly_refused(evidence):
        return Answer(Status.FOUND, sentence, 1 - share.value / share.typical)
    if falls_apart(evidence):
        kept, high = relative(evidence["long_range_correlation"])
        sentence += (
            f"; but their distant parts do not belong together: {kept:.2f} (up to {high:.2f}) of the covariance that "
            "those of real pictures have"
        )
        return Answer(Status.FOUND, sentence, 1 - max(kept, 0.0))
    status = Status.WATCH if share.value < WATCH_BELOW * share.typical else Status.CLEAR
    return Answer(status, sentence, 1 - share.value / share.typical)


def falls_apart(evidence: Evidence) -> bool:
    """Whether distant parts of the samples credibly have little to do with each other.

    Not said of near copies: of few pictures anything can be true by chance.
    """
    if "long_range_correlation" not in evidence or "neighbour_ratio" not in evidence or repeats(evidence):
        return False
    return relative(evidence["long_range_correlation"])[1] < APART_BELOW


def mostly_refused(evidence: Evidence) -> bool:
    """Whether credibly less than half as many samples are taken for data as of real ones."""
    share = evidence.get("accepted_share")
    if share is None:
        return False
    high = share.value if share.high is None else share.high
    return high < BROKEN_BELOW * share.typical
