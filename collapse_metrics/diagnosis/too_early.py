"""Is it too early to say? Every generator starts with noise, which is no collapse and no broken set-up."""

from collections.abc import Sequence

from collapse_metrics.records import Scorecard

NEW = 3
"""Looks that any training is granted before it is called broken."""

LATER = 3
"""Looks whose best is compared with the best before them: while it is better, the training still gets somewhere."""

BETTER_BY = 0.02
"""Share of samples taken for data by which it has to be better: more than chance moves a small share of 512."""


def too_early(looks: Sequence[Scorecard]) -> str | None:
    """Why the last look of a training is too early to judge; ``None`` where it is not.

    Too early means that samples were never yet like the data, and that this is either one of the first looks or still
    getting better. Once samples have been like the data, nothing is early any more; nor are NaN and set-up errors.

    Args:
        looks: The scorecards of one run, first to last.

    Returns:
        A sentence for the scorecard's note, or ``None``.

    Example:
        >>> from collapse_metrics.diagnosis import judge
        >>> from collapse_metrics.records import Measurement
        >>> def look(share):
        ...     verdict, findings = judge([Measurement("accepted_share", share, 0, share, (0.9, 1), n_fake=512)])
        ...     return Scorecard(verdict, findings, (Measurement("accepted_share", share),))
        >>> too_early([look(0.0)])
        'too early to say: at look 1 of this run samples are not like the data yet'
        >>> too_early([look(0.0)] * 9) is None, too_early([look(0.9), look(0.0)]) is None
        (True, True)
    """
    if not looks or not _unlike(looks[-1]):
        return None
    if any(not _unlike(look) for look in looks):
        return None
    if len(looks) <= NEW:
        return f"too early to say: at look {len(looks)} of this run samples are not like the data yet"
    if _best(looks[-LATER:]) > _best(looks[:-LATER]) + BETTER_BY:
        return "too early to say: samples are not like the data yet, and still getting nearer to them"
    return None


def _unlike(look: Scorecard) -> bool:
    """Whether its samples are not like the data, and nothing worse was found."""
    found = {finding.name for finding in look.found}
    return "off_manifold" in found and not found & {"non_finite", "suspect_setup"}


def _best(looks: Sequence[Scorecard]) -> float:
    """The largest share that was taken for data."""
    shares = [m.value for look in looks for m in look.measurements if m.name == "accepted_share"]
    return max(shares, default=0.0)
