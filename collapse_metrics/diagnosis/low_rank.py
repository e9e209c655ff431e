"""Rule: do samples of one mode differ in few ways only?"""

from collapse_metrics._registry import Answer, Evidence, rule
from collapse_metrics.records import Status

LOW_BELOW = 0.5
"""Directions that carry the scatter within modes, of those of held-out real data of the same make-up."""

WATCH_BELOW = 0.6
"""A little above the margin, as for near copies."""


@rule(
    needs=("direction_ratio",),
    remedies=(
        "a latent of more dimensions than the data need (cost: one wider layer)",
        "wider first layers of G: a narrow one caps the rank of all that follows (cost: in proportion)",
        "minibatch standard deviation in D (cost: one more channel)",
    ),
    shown_by="table/rank 10",
)
def low_rank(evidence: Evidence) -> Answer:
    """Within their modes, samples differ along few directions, where real ones differ along many."""
    ratio = evidence["direction_ratio"]
    high = ratio.value if ratio.high is None else ratio.high
    kept, most = ratio.value / ratio.typical, high / ratio.typical
    sentence = (
        f"scatter within modes has {kept:.2f} times as many directions as that of real samples (up to {most:.2f})"
    )
    if most < LOW_BELOW:
        return Answer(Status.FOUND, sentence, 1 - kept)
    return Answer(Status.WATCH if kept < WATCH_BELOW else Status.CLEAR, sentence, 1 - kept)
