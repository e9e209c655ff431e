"""Since when? The step at which a state that lasts to the end began."""

from collections.abc import Sequence

GAPS = 1
"""Checks in a row that may disagree inside a lasting state: one look in between can be lucky by chance."""


def onset(steps: Sequence[int], states: Sequence[bool]) -> int | None:
    """First step of the stretch of true states that reaches to the last check.

    Args:
        steps: Step of each check, rising.
        states: Whether the state was found there.

    Returns:
        The step, or ``None`` when the last check does not show the state.

    Example:
        >>> onset([100, 200, 300, 400], [True, False, False, True])
        400
        >>> onset([100, 200, 300, 400], [False, True, False, True])
        200
    """
    if not states or not states[-1]:
        return None
    start, gap = len(states) - 1, 0
    for i in range(len(states) - 2, -1, -1):
        if states[i]:
            start, gap = i, 0
        else:
            gap += 1
            if gap > GAPS:
                break
    return steps[start]
