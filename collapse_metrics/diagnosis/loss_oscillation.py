"""Rule: does the generator's loss cycle?"""

from collapse_metrics._registry import Evidence, rule
from collapse_metrics.records import Status

LEVEL = 0.01
"""Of the test against red noise: one run of a hundred without any cycle is named here by chance."""


@rule(
    needs=("loss_oscillation",),
    remedies=("none needed while the samples are healthy: the game rotates (cost: none)",),
    shown_by="one_parameter_circles",
)
def loss_oscillation(evidence: Evidence) -> tuple[Status, str]:
    """The losses rotate around each other. By itself this is harmless, and never makes a verdict worse."""
    test = evidence["loss_oscillation"]
    period = evidence.get("loss_period")
    cycle = "" if period is None else f"the strongest cycle of the generator's loss lasts {period.value:.3g} steps; "
    sentence = f"{cycle}red noise alone has a peak as high with p = {test.value:.3g}"
    return (Status.FOUND if test.value <= LEVEL else Status.CLEAR), sentence
