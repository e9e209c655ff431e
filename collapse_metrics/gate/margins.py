"""How much worse may it get? Of every measure the fall that is tolerated, and the fall that a pass has to rule out."""

from collections.abc import Mapping
from dataclasses import dataclass

MEASURES: dict[str, str] = {
    "accepted_share": "samples that are like the data at all",
    "mode_share": "share of a mode among accepted samples",
    "within_mode_spread": "distance between two samples of one mode, over all modes",
    "mode_spread": "the same, of the mode that has lost most",
    "pairwise_distance": "distance between any two samples",
    "rke": "effective number of different kinds of samples",
    "distinct_neighbours": "different real samples that are the nearest one of some sample",
    "duplicate_rate": "samples that another one repeats",
}
"""What is compared, and in which words."""

MARGIN = 0.05
"""A fall by a twentieth is tolerated in every measure; of duplicates, a rise by 5 points. A convention: a third of the
smallest defect that the gate has to find (docs/studies/gate_error_rates.md)."""

LIMITS: dict[str, float] = {
    "accepted_share": 0.15,
    "mode_share": 0.5,
    "within_mode_spread": 0.15,
    "mode_spread": 0.5,
    "pairwise_distance": 0.15,
    "rke": 0.25,
    "distinct_neighbours": 0.25,
    "duplicate_rate": 0.1,
}
"""Falls that a pass rules out. Half of a mode's share is where a mode counts as dropped (``mode_coverage``), and half
of its spread where it counts as collapsed (``intra_mode_collapse``); a spread of all modes less by 15 % and a tenth of
copies are the smallest defects that the power study plants (docs/studies/gate_error_rates.md); a quarter of the kinds,
or of the real samples that are met, goes with two modes and a half of ten."""

BESIDE = 2.0
"""Where a margin is set above a limit, the limit follows at so many times the margin: a pass has to rule out more than
what is tolerated."""

ABSOLUTE = ("duplicate_rate",)
"""Margins of these are points of the rate; of all others, parts of the value before."""

Margin = float | Mapping[str, float]
"""One number for all measures, or one for each of those named."""


@dataclass(frozen=True)
class Bounds:
    """Margin and limit of one measure."""

    margin: float
    limit: float


def bounds_of(margin: Margin | None, limit: Margin | None) -> dict[str, Bounds]:
    """Margin and limit of every measure, checked.

    Raises:
        ValueError: If a measure is not known, or a number is not from 0 to 1, or a limit not above its margin.
    """
    margins = _each("margin", margin, dict.fromkeys(MEASURES, MARGIN))
    given = _each("limit", limit, LIMITS)
    named = set(limit) if isinstance(limit, Mapping) else set(MEASURES if limit is not None else ())
    found = {}
    for name, least in margins.items():
        most = given[name] if name in named or given[name] > least else min(1.0, BESIDE * least)
        if most <= least:
            raise ValueError(
                f"the limit of {name} must lie above its margin, got {most:g} and {least:g}: a pass has to rule out "
                "more than what is tolerated."
            )
        found[name] = Bounds(least, most)
    return found


def _each(what: str, given: Margin | None, usual: Mapping[str, float]) -> dict[str, float]:
    """One number a measure: as given, for the rest as usual."""
    if given is None:
        return dict(usual)
    asked = dict(given) if isinstance(given, Mapping) else dict.fromkeys(MEASURES, given)
    unknown = sorted(set(asked) - set(MEASURES))
    if unknown:
        raise ValueError(f"a {what} is of one of {', '.join(MEASURES)}, got {', '.join(unknown)}.")
    for name, number in asked.items():
        top = number < 1 if what == "margin" else number <= 1
        if isinstance(number, bool) or not isinstance(number, int | float) or not (number >= 0 and top):
            raise ValueError(f"the {what} of {name} must be a number from 0 to 1, got {number!r}: 0.05 is a twentieth.")
    return {**usual, **{name: float(number) for name, number in asked.items()}}
