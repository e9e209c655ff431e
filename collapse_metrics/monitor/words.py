"""How is a look told in one line of text?"""

import sys

from collapse_metrics.records import Scorecard


def line_of(card: Scorecard, step: int, seconds: float) -> str:
    """One line of text a check, for people without a screen of pictures."""
    parts = [f"step {step:>6}  {card.verdict:<16}"]
    if "mode_coverage" in card:
        alive = card["mode_coverage"]
        modes = sum(m.name.startswith("mode_share[") for m in card.measurements)
        parts.append(f"modes {alive.value * modes:.0f}/{modes}")
    for name, label in (
        ("raw_diversity", "diversity"),
        ("accepted_share", "accepted"),
        ("neighbour_ratio", "siblings"),
    ):
        if name in card:
            parts.append(f"{label} {card[name].value:.2f}")
    names = ", ".join(f.name for f in card.found)
    return "  ".join(parts) + f"  ({seconds:.1f} s)" + (f"  {names}" if names else "")


def print_line(line: str) -> None:
    """Write one line to standard error, where it is seen beside progress bars and kept out of piped results."""
    sys.stderr.write(f"collapse_metrics  {line}\n")
    sys.stderr.flush()
