"""Rule: is it the set-up, and not the generator?"""

from collections.abc import Callable

from collapse_metrics._registry import Answer, Evidence, rule
from collapse_metrics.diagnosis.off_manifold import BROKEN_BELOW
from collapse_metrics.diagnosis.total_collapse import COLLAPSED_BELOW
from collapse_metrics.diagnosis.total_collapse import WATCH_BELOW as DIVERSE_FROM
from collapse_metrics.records import Measurement, Status

HEALED_FROM = 0.8
"""Share of samples taken for data after one plain change of their values, relative to real data's own: the same line
from which samples as they come are not watched."""

GAP_ABOVE = 0.5
"""Distance between the samples of running and of batch statistics, over the distance of two samples."""

Suspicion = tuple[Status, str]


@rule(
    needs=("repeat_period",),
    remedies=(
        "values: map a tanh output with value_range=(-1, 1), and undo scaling, casts and inversions (cost: none)",
        "batch norm: let running statistics settle (train mode, some hundred batches), copy buffers into averaged "
        "weights too, or sample with batch statistics (cost: none)",
        "noise: one seed a process (seed + rank), never set again inside the loop; z passed to the first layer "
        "(cost: none)",
    ),
    shown_by="group/batch norm stale",
)
def suspect_setup(evidence: Evidence) -> Answer:
    """The set-up is at fault, not the generator's variety: values, batch norm, or noise."""
    found = [suspicion for check in CHECKS for suspicion in check(evidence)]
    if not found:
        return Answer(Status.CLEAR, "values, batch norms and noise look as they should, as far as they were seen", 0.0)
    worst = Status.FOUND if any(status is Status.FOUND for status, _ in found) else Status.WATCH
    said = "; ".join(sentence for status, sentence in found if status is worst)
    return Answer(worst, said, float(worst is Status.FOUND))


def values(evidence: Evidence) -> list[Suspicion]:
    """Samples that become data by one plain change, or that hold whole numbers only."""
    accepted = evidence.get("accepted_share")
    if accepted is None:
        return []
    found: list[Suspicion] = []
    lost = _top(accepted) < BROKEN_BELOW * accepted.typical
    for name, measured in evidence.items():
        if name.startswith("rescaled_share[") and lost and measured.value >= HEALED_FROM * accepted.typical:
            how = name.removeprefix("rescaled_share[").removesuffix("]")
            found.append(
                (Status.FOUND, f"{how}, {measured.value:.0%} are taken for data instead of {accepted.value:.0%}")
            )
    whole = evidence.get("whole_share")
    if whole is not None and whole.value == 1 and (whole.expected is None or whole.typical < 1):
        real = whole.expected is not None or lost
        found.append((Status.FOUND if real else Status.WATCH, "every value is a whole number: were floats cast?"))
    return found


def batch_norms(evidence: Evidence) -> list[Suspicion]:
    """Running statistics that make other samples than the batch's own, which are the more diverse ones."""
    gap, diversity = evidence.get("batch_norm_gap"), evidence.get("batch_diversity")
    unused = evidence.get("batch_norms_unused")
    never = f"{unused.value:.0f} batch norms were never updated" if unused is not None and unused.value else ""
    if gap is None or diversity is None:
        return []
    if _bottom(gap) > GAP_ABOVE and diversity.value >= DIVERSE_FROM:
        why = never or "running statistics are stale"
        return [
            (Status.FOUND, f"{why}: eval mode and batch statistics draw samples {gap.value:.1f} sample distances apart")
        ]
    return [(Status.WATCH, never)] if never else []


def noise(evidence: Evidence) -> list[Suspicion]:
    """One and the same noise again and again, or none at all."""
    period = evidence["repeat_period"]
    if period.value == 1:
        return [(Status.WATCH, "all samples are equal to the last digit: is the noise drawn anew, and passed on?")]
    if period.value:
        return [
            (Status.FOUND, f"samples repeat exactly every {period.value:.0f}: the same seed on all ranks or batches")
        ]
    if _is_deaf(evidence):
        return [(Status.FOUND, "samples differ, but not at all with the noise: what is passed in is not their noise")]
    return []


def generators(evidence: Evidence) -> list[Suspicion]:
    """Two generators of one training, raw and averaged, of which one draws data and the other does not."""
    found: list[Suspicion] = []
    names = [name.removeprefix("raw_diversity[").removesuffix("]") for name in evidence if "raw_diversity[" in name]
    for name in names:
        first, other = _ails(evidence, ""), _ails(evidence, f"[{name}]")
        if first and not other:
            said = f"{first}, while those of `{name}` from the same noise are not: copy buffers as well as weights"
            found.append((Status.FOUND, said))
        elif other and not first:
            found.append((Status.WATCH, f"of `{name}`, {other}: an average that is too slow, or buffers not copied?"))
    return found


def _ails(evidence: Evidence, which: str) -> str:
    """What is wrong with the samples of one generator at first sight; empty if nothing."""
    spread, accepted = evidence.get(f"raw_diversity{which}"), evidence.get(f"accepted_share{which}")
    if spread is not None and _top(spread) < COLLAPSED_BELOW:
        return "samples are nearly the same"
    if accepted is not None and _top(accepted) < BROKEN_BELOW * accepted.typical:
        return "samples are not like the data"
    return ""


def _is_deaf(evidence: Evidence) -> bool:
    """Whether samples are as diverse as they should be, and yet the latents move none of them."""
    needed = ("latent_sensitivity", "one_hot_sensitivity", "raw_diversity", "neighbour_ratio")
    if any(name not in evidence for name in needed):
        return False
    near, hot, spread, siblings = (evidence[name] for name in needed)
    diverse = spread.value >= DIVERSE_FROM and siblings.value >= BROKEN_BELOW * siblings.typical
    return diverse and _top(near) == 0 and _top(hot) == 0


CHECKS: tuple[Callable[[Evidence], list[Suspicion]], ...] = (values, batch_norms, noise, generators)
"""What is suspected, in this order."""


def _top(measured: Measurement) -> float:
    return measured.value if measured.high is None else measured.high


def _bottom(measured: Measurement) -> float:
    return measured.value if measured.low is None else measured.low
