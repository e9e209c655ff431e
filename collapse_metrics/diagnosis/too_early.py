"""Is it too early to say? Every generator starts with noise, which is no collapse and no broken set-up."""

from collections.abc import Sequence

from collapse_metrics.records import Scorecard
from collapse_metrics.shelf import Gist, gist_of

NEW = 3
"""Looks that any training is granted before it is called broken."""

LATER = 3
"""Looks whose best is compared with the best before them: while it is better, the training still gets somewhere."""

BETTER_BY = 0.02
"""Share of samples taken for data by which it has to be better: more than chance moves a small share of 512."""


def too_early(looks: Sequence[Scorecard | Gist]) -> str | None:
    """Why the last look of a training is too early to judge; ``None`` where it is not.

    Too early means that samples were never yet like the data, and that this is either one of the first looks or still
    getting better. Once samples have been like the data, nothing is early any more; nor are NaN and set-up errors.

    Args:
        looks: The scorecards of one run, first to last, or their gists.

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
    gists = [look if isinstance(look, Gist) else gist_of(look) for look in looks]
    if not gists or not all(map(_unlike, reversed(gists))):
        return None
    if len(gists) <= NEW:
        return f"too early to say: at look {len(gists)} of this run samples are not like the data yet"
    if _best(gists[-LATER:]) > _best(gists[:-LATER]) + BETTER_BY:
        return "too early to say: samples are not like the data yet, and still getting nearer to them"
    return None


def _unlike(look: Gist) -> bool:
    """Whether its samples are not like the data, and nothing worse was found."""
    return "off_manifold" in look.found and not look.found & {"non_finite", "suspect_setup"}


def _best(looks: Sequence[Gist]) -> float:
    """The largest share that was taken for data."""
    return max((look.accepted for look in looks), default=0.0)
