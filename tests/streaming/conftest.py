"""Streams, cut anyhow, and parts of them, merged in any order."""

import numpy as np


def cut(rows, rng):
    """The rows in batches of any size, empty ones among them."""
    places = np.sort(rng.integers(0, len(rows) + 1, size=rng.integers(0, 6)))
    return list(rows.tensor_split(places.tolist()))


def feed(blank, batches):
    """An accumulator that has seen these batches."""
    seen = blank.empty()
    for batch in batches:
        seen.update(batch)
    return seen


def merged_anyhow(parts, rng):
    """All parts merged in the order of a random tree."""
    parts = list(parts)
    while len(parts) > 1:
        first, second = rng.choice(len(parts), size=2, replace=False)
        both = parts[first].merge(parts[second])
        parts = [part for place, part in enumerate(parts) if place not in (first, second)] + [both]
    return parts[0]


def same_states(one, other):
    """Whether two accumulators hold the same, to the last digit."""
    mine, theirs = one.state_dict(), other.state_dict()
    return mine.keys() == theirs.keys() and all(mine[name].equal(theirs[name]) for name in mine)
