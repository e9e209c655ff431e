"""What is the one word over all findings?"""

from collections.abc import Iterable

from collapse_metrics._registry import RULES, Evidence
from collapse_metrics.diagnosis.mode_dropping import lost_modes
from collapse_metrics.records import Finding, Measurement, Status, Verdict

COLLAPSE_FROM = 0.5
"""Reference share of the lost modes from which the collapse is no longer called partial: most of the data is gone."""


ORDER = (
    "suspect_setup",
    "non_finite",
    "off_manifold",
    "total_collapse",
    "mode_dropping",
    "mode_hopping",
    "mode_imbalance",
    "intra_mode_collapse",
    "duplicates",
    "low_rank",
    "memorisation",
    "latent_ignored",
    "discriminator_overpowers",
    "loss_oscillation",
)
"""In which order findings are reported: what makes the others meaningless first. New rules follow after these."""

BREAKS = frozenset({"suspect_setup", "non_finite"})
"""What makes every other number meaningless: it is no word on the generator's variety."""

TAKES_A_PART = frozenset(
    {"mode_dropping", "mode_hopping", "mode_imbalance", "intra_mode_collapse", "duplicates", "low_rank", "memorisation"}
)
"""Each of them alone means that part of the variety of the data is gone. A generator that repeats its training set is
among them: of the data's variety it has what it was shown, and no more."""

ASKED_FOR_HEALTH = ("total_collapse", "off_manifold", "intra_mode_collapse")
"""Without these there is no health."""


def judge(measurements: Iterable[Measurement]) -> tuple[Verdict, tuple[Finding, ...]]:
    """Apply every rule and sum up.

    Args:
        measurements: The newest value of each name.

    Returns:
        The verdict, and one finding a rule, in the order of ``ORDER``.
    """
    evidence = {m.name: m for m in measurements}
    names = [name for name in ORDER if name in RULES] + [name for name in RULES if name not in ORDER]
    findings = tuple(RULES[name](evidence) for name in names)
    return _sum_up(evidence, {f.name: f.status for f in findings}), findings


def _sum_up(evidence: Evidence, status: dict[str, Status]) -> Verdict:
    """The worst that was found; health only when enough samples were there to show an illness."""
    found = {name for name, s in status.items() if s is Status.FOUND}
    if found & BREAKS:
        return Verdict.BROKEN
    if "total_collapse" in found:  # before off_manifold: one blurred picture, repeated, has collapsed
        return Verdict.COLLAPSE
    if "off_manifold" in found:
        return Verdict.BROKEN
    if "latent_ignored" in found or sum(m.typical for m in lost_modes(evidence)) >= COLLAPSE_FROM:
        return Verdict.COLLAPSE
    if found & TAKES_A_PART:
        return Verdict.PARTIAL_COLLAPSE
    needed = [name for name in ASKED_FOR_HEALTH if status[name] is Status.NOT_CHECKED]
    samples = evidence.get("samples_needed")
    too_few = samples is not None and (samples.n_fake or 0) < samples.value
    return Verdict.INCONCLUSIVE if needed or too_few else Verdict.HEALTHY
