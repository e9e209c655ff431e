"""Rule: is every mode only one picture, over and over?"""

from collapse_metrics._registry import Answer, Evidence, rule
from collapse_metrics.records import Measurement, Status

COLLAPSED_BELOW = 0.5
"""Of what held-out real data of the same make-up score. Noise raises the distance between siblings and hardly
moves the number of distinct neighbours, copies lower both, so each accuses by itself.
Measured: the lower of the two is below 0.25 for copies and prototypes (docs/studies/verdicts.md) and 0.52 at the least
for healthy recipes (``ring8_healthy``, docs/studies/recipes.md), so the line is close to the tightest healthy one."""

WATCH_BELOW = 0.6
"""A little above the margin; some healthy recipes (fives, ring) are watched (docs/studies/recipes.md)."""

COPIES_ABOVE, WATCH_COPIES_ABOVE = 0.1, 0.05
"""Share of near copies: a sibling nearer than but one in a hundred real samples has one, and nearer than half of what
is usual. Medians do not see copies as long as they are fewer than half. Planted copies come out as the share that they
are, and the tightest healthy recipe stays below the line (both in tests/test_near_duplicates.py)."""


@rule(
    needs=("neighbour_ratio", "distinct_neighbours"),
    remedies=(
        "a latent of more dimensions: one dimension can only draw a line of samples (cost: one wider layer)",
        "minibatch standard deviation or minibatch discrimination in D (cost: a channel; a product of three tensors)",
        "mode-seeking regularisation: reward distance between samples of distant latents (cost: a second pass of G)",
        "with few real samples: differentiable augmentation, so that D does not learn them by heart "
        "(cost: a few per cent of a step)",
    ),
    shown_by="five_collapsed",
)
def intra_mode_collapse(evidence: Evidence) -> Answer:
    """Within the modes that live, samples are near copies of few pictures."""
    siblings, distinct = evidence["neighbour_ratio"], evidence["distinct_neighbours"]
    kept = [relative(siblings), relative(distinct)]
    sentence = (
        f"nearest siblings {kept[0][0]:.2f} times as far as among real samples, "
        f"{kept[1][0]:.2f} times as many distinct real neighbours"
    )
    least = min(value for value, _ in kept)
    found, watch, severity = min(high for _, high in kept) < COLLAPSED_BELOW, least < WATCH_BELOW, 1 - least
    if "near_duplicate_rate" in evidence:
        copies, low = evidence["near_duplicate_rate"], _least_copies(evidence)
        sentence += f"; {copies.value:.0%} are near copies of a sibling (at least {low:.0%}), of real ones 1% at most"
        found, watch = found or low > COPIES_ABOVE, watch or copies.value > WATCH_COPIES_ABOVE
        severity = max(severity, copies.value)
    return Answer(Status.FOUND if found else Status.WATCH if watch else Status.CLEAR, sentence, severity)


def repeats(evidence: Evidence) -> bool:
    """Whether samples are near copies of one another, by the distances between siblings alone."""
    siblings = evidence.get("neighbour_ratio")
    near = siblings is not None and relative(siblings)[0] < COLLAPSED_BELOW
    return near or _least_copies(evidence) > COPIES_ABOVE


def _least_copies(evidence: Evidence) -> float:
    """The lower end of the share of near copies; 0 where it was not measured."""
    copies = evidence.get("near_duplicate_rate")
    if copies is None:
        return 0.0
    return copies.value if copies.low is None else copies.low


def relative(measured: Measurement) -> tuple[float, float]:
    """Value and upper end, relative to what a perfect generator scores."""
    typical = measured.typical
    high = measured.value if measured.high is None else measured.high
    return measured.value / typical, high / typical
