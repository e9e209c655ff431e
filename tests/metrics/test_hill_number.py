"""Hill numbers: against the paper's own sums, R's iNEXT, exact expectations, and in a collapse."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics.metrics import hill_number

MNIST = np.array([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]) / 60_000

some_counts = st.lists(st.integers(0, 9), min_size=1, max_size=8).filter(lambda counts: sum(counts) >= 4)


def choose(a, k):
    """Binomial coefficient of any real ``a``."""
    return math.prod((a - i) / (i + 1) for i in range(k))


def by_the_sums_of_the_paper(counts, q):
    """Chao and Jost 2015, equation 7: sum after sum, with the remainder of the series in plain."""
    counts = [x for x in counts if x > 0]
    n, once, twice = sum(counts), counts.count(1), counts.count(2)
    total = sum(
        choose(q - 1, k)
        * (-1) ** k
        * sum(x / n * math.comb(n - x, k) / math.comb(n - 1, k) for x in counts if x <= n - k)
        for k in range(n)
    )
    if once:
        a = 2 * twice / ((n - 1) * once + 2 * twice) if twice else 2 / ((n - 1) * (once - 1) + 2)
        rest = a ** (q - 1) - sum(choose(q - 1, r) * (a - 1) ** r for r in range(n))
        total += once / n * (1 - a) ** (1 - n) * rest if a < 1 else 0
    return total ** (1 / (1 - q)) if total > 0 else math.inf


@pytest.mark.parametrize("order", [0.0, 0.3, 0.9, 1.6, 2.0, 2.7, 4.0])
@given(counts=some_counts)
def test_agrees_with_the_sums_of_the_paper(order, counts):
    expected = by_the_sums_of_the_paper(counts, order)
    if 0 < expected < 1e4:  # beyond it the paper's own sums have lost their digits
        assert hill_number(counts=np.array(counts), order=order) == pytest.approx(expected, rel=1e-5)


@pytest.mark.parametrize(
    ("counts", "scores"),
    [
        # iNEXT(spider)$AsyEst of R's iNEXT 3.0, column Estimator: richness, Shannon and Simpson diversity
        ([46, 22, 17, 15, 15, 9, 8, 6, 6, 4] + [2] * 4 + [1] * 12, (43.893, 13.826, 8.175)),
        ([88, 22, 16, 15, 13, 10, 8, 8, 7, 7, 7, 5, 4, 4, 4, 3, 3, 3, 3] + [2] * 4 + [1] * 14, (61.403, 16.337, 6.920)),
    ],
)
def test_agrees_with_inext(counts, scores):
    for order, score in zip((0.0, 1.0, 2.0), scores, strict=True):
        assert hill_number(counts=np.array(counts), order=order) == pytest.approx(score, abs=5e-4)


@given(some_counts)
def test_order_two_is_the_unbiased_chance_of_meeting_a_mode_twice(counts):
    n = sum(counts)
    pairs = sum(x * (x - 1) for x in counts) / (n * (n - 1))
    expected = 1 / pairs if pairs else math.inf
    assert hill_number(counts=np.array(counts), order=2.0) == pytest.approx(expected)


@given(some_counts)
def test_order_infinity_is_the_most_frequent_mode(counts):
    assert hill_number(counts=np.array(counts), order=math.inf) == pytest.approx(sum(counts) / max(counts))


@given(some_counts)
def test_order_one_is_where_its_neighbours_meet(counts):
    below, at, above = (hill_number(counts=np.array(counts), order=order) for order in (0.9999, 1.0, 1.0001))
    assert at == pytest.approx((below * above) ** 0.5, rel=1e-5)
    assert hill_number(counts=np.array(counts)) == at


def test_order_two_is_exactly_unbiased_in_one_over_itself():
    # Every table of five samples of three modes, with its probability.
    shares, n = np.array([0.5, 0.3, 0.2]), 5
    mean = 0.0
    for counts in itertools.product(range(n + 1), repeat=3):
        if sum(counts) == n:
            ways = math.factorial(n) / math.prod(map(math.factorial, counts))
            mean += ways * float(np.prod(shares**counts)) / hill_number(counts=np.array(counts), order=2.0)
    assert mean == pytest.approx((shares**2).sum())


@pytest.mark.parametrize("order", [0.5, 1.0, 2.0, 3.0])
def test_perfect_generator_scores_the_number_of_the_reference(order, numpy_rng):
    # 400 draws of 100 samples; five standard errors, and half a per cent for the curved root.
    truth = math.exp(-(MNIST * np.log(MNIST)).sum()) if order == 1 else (MNIST**order).sum() ** (1 / (1 - order))
    tables = numpy_rng.multinomial(100, MNIST, size=400)
    scores = np.array([hill_number(counts=counts, order=order) for counts in tables])
    assert scores.mean() == pytest.approx(truth, abs=5 * scores.std() / 20 + 0.005 * truth)


def test_the_numbers_in_the_docstring_are_those_of_theory_and_simulation(numpy_rng):
    assert math.exp(-(MNIST * np.log(MNIST)).sum()) == pytest.approx(9.99, abs=0.005)
    tables = numpy_rng.multinomial(500, np.full(10, 0.1), size=400)
    assert np.mean([hill_number(counts=c, order=math.inf) for c in tables]) == pytest.approx(8.2, abs=0.1)


@pytest.mark.parametrize("order", [0.0, 0.5, 1.0, 1.5, 2.0, 7.0, math.inf])
def test_a_collapse_is_one_mode(order):
    assert hill_number(counts=np.array([26_000, 0, 0]), order=order) == pytest.approx(1.0, abs=1e-9)


def test_a_lost_half_is_half():
    counts = np.array([1000] * 5 + [0] * 5)
    for order in (0.0, 1.0, 2.0):
        assert hill_number(counts=counts, order=order) == pytest.approx(5.0, rel=2e-3)


def test_one_sample_says_one():
    assert hill_number(counts=np.array([0, 1])) == 1.0
    assert hill_number(counts=np.array([0, 1]), order=0.0) == 1.0


def test_where_no_two_samples_share_a_mode_there_is_no_end():
    assert hill_number(counts=np.ones(20, dtype=int), order=2.0) == math.inf


def test_larger_orders_listen_to_frequent_modes():
    scores = [hill_number(counts=np.array([900, 40, 30, 20, 10]), order=order) for order in (0.0, 1.0, 2.0, math.inf)]
    assert scores == sorted(scores, reverse=True)


@pytest.mark.parametrize(
    ("counts", "order", "message"),
    [
        (np.array([1, 2]), -1, "`order` must be 0 or more, got -1"),
        (np.array([1, 2]), math.nan, "`order` must be 0 or more, got nan"),
        (np.array([1, 1]), 3, "`counts` needs at least 3 samples, got 2"),
        (np.array([1, 1]), 2.1, "`counts` needs at least 3 samples, got 2"),
        (np.array([0, 0]), 1, "`counts` needs at least 1 samples, got 0"),
        (np.array([0.2, 3]), 1, "count, do not weigh"),
    ],
    ids=["negative", "nan", "fewer-than-order", "fewer-than-part", "none", "weights"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(counts, order, message):
    with pytest.raises(ValueError, match=message):
        hill_number(counts=counts, order=order)
