"""Rule: are modes drawn much too rarely, or much too often?"""

from collapse_metrics._registry import Answer, Evidence, rule
from collapse_metrics.diagnosis.mode_dropping import DROPPED_BELOW, label, mode_shares
from collapse_metrics.records import Measurement, Status

RARE_BELOW = 2 / 3
"""Of its reference share, above ``DROPPED_BELOW``: so that a mode at a third of its share, which 2,000 samples rarely
prove to lie below half, is found by this name at least."""

FREQUENT_ABOVE = 2.0
"""Of its reference share among the modes that live: the mirror image of ``DROPPED_BELOW``."""


@rule(
    needs=("mode_coverage", "samples_needed"),
    remedies=(
        "a larger batch, so that D sees rare modes in every one (cost: in proportion)",
        "PacGAN: let D judge 2 samples at once (cost: D's first layer twice as wide)",
        "with labels: condition G and D on them and draw labels by their true shares (cost: one embedding layer each)",
    ),
    shown_by="digits/class at a third",
)
def mode_imbalance(evidence: Evidence) -> Answer:
    """Modes live, but some are drawn far more rarely or far more often than the data have them."""
    shares = [m for m in mode_shares(evidence) if m.typical > 0]
    dropped = [m for m in shares if _top(m) < DROPPED_BELOW * m.typical]
    alive = [m for m in shares if m not in dropped]
    # Middles of ranges need not add up to one.
    living = sum(m.typical for m in alive) / max(sum(m.typical for m in shares), 1e-12)
    rare = [m for m in alive if _top(m) < RARE_BELOW * m.typical]
    # Modes that died leave their share to the others; that alone makes none of those too frequent.
    frequent = [m for m in alive if _bottom(m) > FREQUENT_ABOVE * m.typical / living]
    severity = sum(abs(m.typical - m.value) for m in (*rare, *frequent))
    if rare or frequent:
        parts = [f"credibly below two thirds of its share: {_named(rare)}"] if rare else []
        parts += [f"credibly above twice its share: {_named(frequent)}"] if frequent else []
        return Answer(Status.FOUND, "; ".join(parts), severity)
    needed, n = evidence["samples_needed"].value, evidence["samples_needed"].n_fake or 0
    if n < needed:
        return Answer(Status.NOT_CHECKED, f"shares of modes can be told from {needed:.0f} accepted samples on, got {n}")
    odd = [m for m in alive if not RARE_BELOW <= m.value / m.typical <= FREQUENT_ABOVE / living]
    if odd:
        return Answer(Status.WATCH, f"{_named(odd)}, but {n} samples cannot prove it", 0.0)
    if not alive:
        return Answer(Status.CLEAR, "no mode lives that could be out of proportion", 0.0)
    ratios = [m.value / m.typical for m in alive]
    return Answer(
        Status.CLEAR,
        f"living modes are drawn {min(ratios):.2f} to {max(ratios):.2f} times as often as in the data",
        0.0,
    )


def _top(share: Measurement) -> float:
    return share.value if share.high is None else share.high


def _bottom(share: Measurement) -> float:
    return share.value if share.low is None else share.low


def _named(shares: list[Measurement]) -> str:
    return ", ".join(f"mode {label(m)} ({m.value:.1%} instead of {m.typical:.1%})" for m in shares[:5]) + (
        f" and {len(shares) - 5} more" if len(shares) > 5 else ""
    )
