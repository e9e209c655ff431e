"""Is one arm's number larger than another's, or was it chance? Shuffled runs, few as they are."""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

import numpy as np

Numbers = Sequence[float] | np.ndarray
"""One a seed."""

PERMUTATIONS = 19_999
"""Shuffles behind a p-value; the smallest is then small enough for Holm over some twenty tests."""


@dataclass(frozen=True)
class Difference:
    """How much larger one arm's mean is, and how surprising that were if the arms' names meant nothing."""

    by: float
    p_value: float


def difference(strata: Sequence[tuple[Numbers, Numbers]]) -> Difference:
    """Mean of one arm less that of the other, averaged over strata, within which runs are shuffled between the two.

    Args:
        strata: For each setting the numbers of the one arm and of the other, one a seed.

    Returns:
        The difference and its two-sided p-value; the true split counts as one of the shuffles.
    """
    return _shuffled(tuple((tuple(map(float, one)), tuple(map(float, other))) for one, other in strata))


@cache  # a page is written again after every run, and most of its numbers have not changed
def _shuffled(strata: tuple[tuple[tuple[float, ...], tuple[float, ...]], ...]) -> Difference:
    rng = np.random.default_rng(0)
    by, shuffled = 0.0, np.zeros(PERMUTATIONS)
    for one, other in strata:
        n, both = len(one), np.concatenate([one, other])
        by += float(np.mean(one) - np.mean(other)) / len(strata)
        mixed = rng.permuted(np.tile(both, (PERMUTATIONS, 1)), axis=1)
        shuffled += (mixed[:, :n].mean(axis=1) - mixed[:, n:].mean(axis=1)) / len(strata)
    as_far = 1 + int((np.abs(shuffled) >= abs(by) - 1e-9).sum())
    return Difference(by, as_far / (PERMUTATIONS + 1))
