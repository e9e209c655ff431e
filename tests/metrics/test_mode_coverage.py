"""Mode coverage: against the definition and exact enumeration, and through a classifier that errs."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics.metrics import mode_coverage
from collapse_metrics.metrics.mode_coverage import living_modes

EVEN = np.full(4, 0.25)


def coverage_by_definition(counts, shares):
    """Mode after mode, in whole numbers: twice the count against the expected count."""
    alive = [2 * count >= share * sum(counts) for count, share in zip(counts, shares, strict=True)]
    return sum(alive) / len(alive)


@given(st.lists(st.integers(0, 40), min_size=2, max_size=8).filter(lambda counts: sum(counts) > 0))
def test_agrees_with_the_definition_where_calls_are_true(counts):
    # Equal shares of 1 / m: alive from n / 2m on, compared in whole numbers. Many of these are exact ties.
    m, n = len(counts), sum(counts)
    expected = sum(2 * m * count >= n for count in counts) / m
    assert mode_coverage(counts=np.array(counts), shares=np.full(m, 1 / m)) == pytest.approx(expected)


@given(seed=st.integers(0, 10_000), modes=st.integers(2, 8))
def test_agrees_with_the_definition_for_unequal_shares(seed, modes):
    rng = np.random.default_rng(seed)
    shares = rng.dirichlet(np.ones(modes))
    counts = rng.multinomial(200, rng.dirichlet(np.ones(modes)))
    assert mode_coverage(counts=counts, shares=shares) == pytest.approx(coverage_by_definition(counts, shares))


@pytest.mark.parametrize(("first", "score"), [(124, 0.75), (125, 1.0), (126, 1.0)])
def test_half_of_its_share_is_alive_and_less_is_not(first, score):
    counts = np.array([first, 300, 300, 1000 - 600 - first])
    assert mode_coverage(counts=counts, shares=EVEN) == score


def test_perfect_generator_falls_short_as_often_as_enumeration_says(numpy_rng):
    # Eight samples of four equal modes: a mode is alive from one sample on.
    n, m = 8, 4
    alive = 0.0
    for counts in itertools.product(range(n + 1), repeat=m):
        if sum(counts) == n:
            weight = math.factorial(n) / math.prod(map(math.factorial, counts)) / m**n
            alive += weight * mode_coverage(counts=np.array(counts), shares=EVEN)
    assert alive == pytest.approx(1 - (3 / 4) ** 8)
    tables = numpy_rng.multinomial(n, EVEN, size=4000)
    assert living_modes(tables, EVEN, None).mean() == pytest.approx(alive, abs=0.01)


@pytest.mark.parametrize("alive", [1, 4, 10])
def test_each_lost_mode_costs_one(alive):
    counts = np.array([100] * alive + [0] * (10 - alive))
    assert mode_coverage(counts=counts, shares=np.full(10, 0.1)) == alive / 10


def test_a_classifier_that_errs_does_not_bring_a_dead_mode_to_life():
    # Four of ten 4s are called 9: called as they are, a generator without 9s seems to draw them.
    confusion = np.array([[0.6, 0.4], [0.0, 1.0]])
    counts, even = np.array([600, 400]), np.array([0.5, 0.5])
    assert mode_coverage(counts=counts, shares=even) == 1.0
    assert mode_coverage(counts=counts, shares=even, confusion=confusion) == 0.5


def test_a_classifier_that_errs_does_not_kill_a_living_mode():
    # Nine of ten 4s are called 9: few calls of 4 are many 4s. Rows and columns swapped, this would be missed.
    confusion = np.array([[0.1, 0.9], [0.0, 1.0]])
    counts, even = np.array([40, 960]), np.array([0.5, 0.5])
    assert mode_coverage(counts=counts, shares=even) == 0.5
    assert mode_coverage(counts=counts, shares=even, confusion=confusion) == 1.0


def test_nothing_accepted_covers_nothing():
    assert mode_coverage(counts=np.zeros(4, dtype=int), shares=EVEN) == 0.0
    assert mode_coverage(counts=np.zeros(4, dtype=int), shares=EVEN, confusion=np.eye(4)) == 0.0


def test_a_mode_that_the_reference_lacks_is_no_mode():
    shares = np.array([0.5, 0.5, 0.0])
    assert mode_coverage(counts=np.array([50, 0, 50]), shares=shares) == 0.5
    assert mode_coverage(counts=np.array([50, 50, 0]), shares=shares) == 1.0


def test_stacked_counts_are_judged_each_by_itself(numpy_rng):
    shares = np.array([0.5, 0.3, 0.2, 0.0])
    confusion = 0.8 * np.eye(4) + 0.05
    tables = numpy_rng.multinomial(40, [0.7, 0.2, 0.1, 0.0], size=30)
    tables[3] = 0
    together = living_modes(tables, shares, confusion).mean(axis=-1)
    alone = [mode_coverage(counts=table, shares=shares, confusion=confusion) for table in tables]
    assert together == pytest.approx(alone)
    assert together[3] == 0.0
    assert 0 < together.mean() < 1


def test_roles_are_not_interchangeable():
    with pytest.raises(TypeError):
        mode_coverage(np.array([1, 2]), np.array([0.5, 0.5]))


BAD = {
    "lengths": (np.array([1, 2]), EVEN, None, r"two rows of one length, got shapes \(2,\) and \(4,\)"),
    "two-dimensional": (np.ones((2, 4), dtype=int), EVEN, None, r"got shapes \(2, 4\) and \(4,\)"),
    "negative": (np.array([1, 2, -1, 3]), EVEN, None, "must be whole numbers of samples"),
    "weights": (np.array([0.5, 2, 1, 3]), EVEN, None, "count, do not weigh"),
    "nan": (np.array([np.nan, 2, 1, 3]), EVEN, None, "must be whole numbers of samples"),
    "sum": (np.array([1, 2, 3, 4]), 2 * EVEN, None, "sum to 1, got a sum of 2: divide by it"),
    "negative share": (np.array([1, 2]), np.array([1.5, -0.5]), None, "non-negative and sum to 1"),
    "confusion's shape": (np.array([1, 2, 3, 4]), EVEN, np.eye(3), r"4 rows and columns, got shape \(3, 3\)"),
    "confusion's rows": (np.array([1, 2, 3, 4]), EVEN, np.eye(4) * 0.9, "every row of `confusion` must"),
    "confusion's columns": (
        np.array([1, 2]),
        EVEN[:2] * 2,
        np.array([[1, 0], [1, 1]]),
        "every row of `confusion`",
    ),
    "confusion's sign": (np.array([1, 2]), EVEN[:2] * 2, np.array([[2.0, -1], [0, 1]]), "non-negative"),
}


@pytest.mark.parametrize(("counts", "shares", "confusion", "message"), BAD.values(), ids=BAD.keys())
@pytest.mark.bad_input
def test_bad_input_is_explained(counts, shares, confusion, message):
    with pytest.raises(ValueError, match=message):
        mode_coverage(counts=counts, shares=shares, confusion=confusion)
