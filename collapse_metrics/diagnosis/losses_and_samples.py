"""Do the losses and the samples tell the same story? Four cases, of which the losses alone tell none apart."""

from collections.abc import Iterable
from enum import StrEnum

from collapse_metrics.records import Finding, Status

LOST = (
    "mode_dropping",
    "mode_hopping",
    "mode_imbalance",
    "total_collapse",
    "intra_mode_collapse",
    "duplicates",
    "low_rank",
    "latent_ignored",
)
"""Findings that say that variety is gone, for good or for now: a rotation beside any of them is not harmless."""


MEANINGLESS = ("suspect_setup", "non_finite", "off_manifold")
"""Findings beside which modes say nothing: what comes out is not the data's, or not meant."""


class Kind(StrEnum):
    """What losses and samples say together."""

    HEALTHY = "healthy"
    ROTATION = "harmless rotation"
    CYCLIC = "cyclic collapse"
    SILENT = "silent collapse"


SENTENCES = {
    Kind.HEALTHY: "the losses do not cycle and no variety is lost",
    Kind.ROTATION: "the losses cycle while the samples keep their variety, which is harmless",
    Kind.CYCLIC: "the losses cycle and variety is lost with them",
    Kind.SILENT: "variety is lost and the losses do not cycle: only the samples show it",
}
"""What each kind means, in half a sentence."""


def losses_and_samples(findings: Iterable[Finding]) -> Kind | None:
    """Which of the four it is; ``None`` where the losses or the modes could not be checked, or modes mean nothing.

    Example:
        >>> found = [Finding("loss_oscillation", Status.FOUND, "", ""), Finding("mode_dropping", Status.CLEAR, "", "")]
        >>> losses_and_samples(found)
        <Kind.ROTATION: 'harmless rotation'>
    """
    status = {finding.name: finding.status for finding in findings}
    cycle = status.get("loss_oscillation", Status.NOT_CHECKED)
    lost = [status.get(name, Status.NOT_CHECKED) for name in LOST]
    if any(status.get(name) is Status.FOUND for name in MEANINGLESS):
        return None
    if cycle is Status.NOT_CHECKED or (Status.FOUND not in lost and lost[0] is Status.NOT_CHECKED):
        return None
    if Status.FOUND in lost:
        return Kind.CYCLIC if cycle is Status.FOUND else Kind.SILENT
    return Kind.ROTATION if cycle is Status.FOUND else Kind.HEALTHY


def told(findings: Iterable[Finding]) -> str | None:
    """The same as one line of text; ``None`` also where there is nothing to tell."""
    kind = losses_and_samples(findings)
    return None if kind in (None, Kind.HEALTHY) else f"{kind}: {SENTENCES[Kind(kind)]}"
