"""Rule: do modes come and go from look to look?"""

from collapse_metrics._registry import Evidence, rule
from collapse_metrics.records import Status

HOPS_BELOW = 0.5
"""Of the overlap that two looks at a perfect generator have. Below it, most samples are of modes that had few samples
at the look before, and each look alone has lost them: a convention, in line with ``mode_dropping``."""


@rule(
    needs=("mode_stability", "mode_overlap"),
    remedies=(
        "PacGAN: let D judge 2 samples at once, so that one mode is not enough (cost: D's first layer twice as wide)",
        "R1 gradient penalty, which dampens the cycle (cost: one more backward pass a D step)",
        "unrolled GAN: let G see how D will answer (cost: as many D steps more as are unrolled)",
        "lower learning rates for both (cost: a longer training)",
    ),
    shown_by="fixtures.Hopping",
)
def mode_hopping(evidence: Evidence) -> tuple[Status, str]:
    """The generator wanders from mode to mode: each look shows a few of them, the next one others."""
    stable, overlap = evidence["mode_stability"], evidence["mode_overlap"]
    sentence = (
        f"from look to look {overlap.value:.0%} of the shares of the modes stay where they were (of a perfect "
        f"generator {overlap.typical:.0%}); the same noise keeps its mode with an agreement of {stable.value:.2f}"
    )
    high = overlap.value if overlap.high is None else overlap.high
    low = overlap.value if overlap.low is None else overlap.low
    if high < HOPS_BELOW * overlap.typical:
        return Status.FOUND, sentence
    return (Status.WATCH if low < HOPS_BELOW * overlap.typical else Status.CLEAR), sentence
