"""Rule: do samples of one mode differ in few ways only?"""

from collapse_metrics._registry import Answer, Evidence, rule
from collapse_metrics.diagnosis.intra_mode_collapse import relative
from collapse_metrics.diagnosis.off_manifold import mostly_refused
from collapse_metrics.records import Status

LOW_BELOW = 0.5
"""Of held-out real data of the same make-up: directions that carry the scatter within modes, or dimensions that
samples fill locally. A latent of few numbers draws a curved sheet, which has many directions and few dimensions; a flat
sheet has few of both, until faint noise fills dimensions again. Where most samples are not like the data, their modes
mean little, and the directions of all of them together count too; not otherwise, for whoever has lost most classes has
lost directions with them. Kinds and their numbers: docs/studies/confusion.md."""

WATCH_BELOW = 0.6
"""A little above the margin, as for near copies."""


@rule(
    needs=("direction_ratio", "dimension_ratio"),
    remedies=(
        "a latent of more dimensions than the data need (cost: one wider layer)",
        "wider first layers of G: a narrow one caps the rank of all that follows (cost: in proportion)",
        "minibatch standard deviation in D (cost: one more channel)",
    ),
    shown_by="table/rank 10",
)
def low_rank(evidence: Evidence) -> Answer:
    """Within their modes, samples differ along few directions, where real ones differ along many."""
    wide, local = relative(evidence["direction_ratio"]), relative(evidence["dimension_ratio"])
    sentence = (
        f"scatter within modes has {wide[0]:.2f} times as many directions as that of real samples (up to "
        f"{wide[1]:.2f}), and samples fill {local[0]:.2f} times as many dimensions (up to {local[1]:.2f})"
    )
    seen = [wide, local]
    if mostly_refused(evidence) and "raw_directions" in evidence:
        seen.append(relative(evidence["raw_directions"]))
        sentence += f"; all samples together vary along {seen[-1][0]:.2f} times as many (up to {seen[-1][1]:.2f})"
    least = min(value for value, _ in seen)
    if min(high for _, high in seen) < LOW_BELOW:
        return Answer(Status.FOUND, sentence, 1 - least)
    return Answer(Status.WATCH if least < WATCH_BELOW else Status.CLEAR, sentence, 1 - least)
