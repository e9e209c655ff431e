"""Rule: are modes of the data missing?"""

from collapse_metrics._registry import Evidence, rule
from collapse_metrics.records import Measurement, Status

DROPPED_BELOW = 0.5
"""Share of a mode relative to its reference share; the same convention as ``mode_coverage``."""

NAMED_AT_MOST = 5
"""Modes named one by one in the evidence; of more, the number is said."""


@rule(
    needs=("mode_coverage", "samples_needed"),
    remedies=(
        "PacGAN: let D judge 2 samples at once",
        "R1 + R2 gradient penalties with relativistic pairing (R3GAN)",
        "minibatch standard deviation in D",
        "a larger batch, so that each batch holds every mode",
    ),
)
def mode_dropping(evidence: Evidence) -> tuple[Status, str]:
    """Some modes of the data are hardly drawn, or not at all."""
    lost, shares = lost_modes(evidence), mode_shares(evidence)
    needed, n = evidence["samples_needed"].value, evidence["samples_needed"].n_fake or 0
    if lost:
        return Status.FOUND, f"{_named(lost)} of {len(shares)} modes credibly below half of their share"
    if n < needed:
        return Status.NOT_CHECKED, f"a missing mode would show from {needed:.0f} accepted samples on, got {n}"
    rare = [m for m in shares if m.value < DROPPED_BELOW * m.typical]
    if rare:
        return Status.WATCH, f"{_named(rare)} below half of its share, but {n} samples cannot prove it"
    coverage = evidence["mode_coverage"]
    return Status.CLEAR, f"{coverage.value * len(shares):.0f} of {len(shares)} modes alive in {n} accepted samples"


def mode_shares(evidence: Evidence) -> list[Measurement]:
    """The corrected share of every mode."""
    return [m for name, m in evidence.items() if name.startswith("mode_share[")]


def lost_modes(evidence: Evidence) -> list[Measurement]:
    """Shares of the modes that are credibly below half of what the reference has."""
    return [m for m in mode_shares(evidence) if m.high is not None and m.high < DROPPED_BELOW * m.typical]


def _named(shares: list[Measurement]) -> str:
    if len(shares) > NAMED_AT_MOST:
        alike = ", ".join(_label(m) for m in shares[:NAMED_AT_MOST])
        return f"{len(shares)} modes ({alike}, ...)"
    return ", ".join(f"mode {_label(m)} ({m.value:.1%} instead of {m.typical:.1%})" for m in shares)


def _label(share: Measurement) -> str:
    return share.name.removeprefix("mode_share[").removesuffix("]")
