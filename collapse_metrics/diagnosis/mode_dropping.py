"""Rule: are modes of the data missing?"""

from collapse_metrics._registry import Answer, Evidence, rule
from collapse_metrics.records import Measurement, Status

DROPPED_BELOW = 0.5
"""Share of a mode relative to its reference share; the same convention as ``mode_coverage``."""

NAMED_AT_MOST = 5
"""Modes named one by one in the evidence; of more, the number is said."""


@rule(
    needs=("mode_coverage", "samples_needed"),
    remedies=(
        "PacGAN: let D judge 2 samples at once (cost: D's first layer twice as wide)",
        "R1 + R2 gradient penalties with relativistic pairing, R3GAN (cost: two more backward passes a D step)",
        "minibatch standard deviation in D (cost: one more channel)",
        "a larger batch, so that each batch holds every mode (cost: in proportion)",
    ),
    shown_by="ring8_collapsed",
)
def mode_dropping(evidence: Evidence) -> Answer:
    """Some modes of the data are hardly drawn, or not at all."""
    lost, shares = lost_modes(evidence), mode_shares(evidence)
    needed, n = evidence["samples_needed"].value, evidence["samples_needed"].n_fake or 0
    if lost:
        said = f"{_named(lost)} of {len(shares)} modes credibly below half of their share"
        return Answer(Status.FOUND, said, _missing(lost))
    if n < needed:
        return Answer(Status.NOT_CHECKED, f"a missing mode would show from {needed:.0f} accepted samples on, got {n}")
    rare = [m for m in shares if m.value < DROPPED_BELOW * m.typical]
    if rare:
        said = f"{_named(rare)} below half of its share, but {n} samples cannot prove it"
        return Answer(Status.WATCH, said, _missing(rare))
    alive = evidence["mode_coverage"].value * len(shares)
    return Answer(Status.CLEAR, f"{alive:.0f} of {len(shares)} modes alive in {n} accepted samples", 0.0)


def mode_shares(evidence: Evidence) -> list[Measurement]:
    """The corrected share of every mode."""
    return [m for name, m in evidence.items() if name.startswith("mode_share[")]


def lost_modes(evidence: Evidence) -> list[Measurement]:
    """Shares of the modes that are credibly below half of what the reference has."""
    return [m for m in mode_shares(evidence) if m.high is not None and m.high < DROPPED_BELOW * m.typical]


def _missing(lost: list[Measurement]) -> float:
    """Part of the data that is not drawn any more, because these modes are."""
    return sum(m.typical - m.value for m in lost)


def _named(shares: list[Measurement]) -> str:
    if len(shares) > NAMED_AT_MOST:
        alike = ", ".join(label(m) for m in shares[:NAMED_AT_MOST])
        return f"{len(shares)} modes ({alike}, ...)"
    return ", ".join(f"mode {label(m)} ({m.value:.1%} instead of {m.typical:.1%})" for m in shares)


def label(share: Measurement) -> str:
    """The mode's own name."""
    return share.name.removeprefix("mode_share[").removesuffix("]")
