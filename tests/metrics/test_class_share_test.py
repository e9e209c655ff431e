"""Class-share test: against exact enumeration, and what it says of healthy and of collapsed counts."""

import itertools
import math

import numpy as np
import pytest

from collapse_metrics.metrics import class_share_test
from collapse_metrics.stats.shares import share_test

EVEN = np.full(4, 0.25)


def exact_p_value(counts, shares):
    """Probability of all tables whose likelihood ratio is as high or higher, by writing all of them down."""
    n = sum(counts)

    def ratio(table):
        return sum(2 * x * math.log(x / (n * s)) for x, s in zip(table, shares, strict=True) if x > 0)

    def weight(table):
        ways = math.factorial(n) / math.prod(map(math.factorial, table))
        return ways * math.prod(s**x for x, s in zip(table, shares, strict=True))

    tables = [t for t in itertools.product(range(n + 1), repeat=len(counts)) if sum(t) == n]
    return sum(weight(t) for t in tables if ratio(t) >= ratio(counts) - 1e-9)


@pytest.mark.parametrize(
    ("counts", "shares"),
    [
        ([5, 2, 1], [0.5, 0.25, 0.25]),
        ([0, 4, 4], [1 / 3, 1 / 3, 1 / 3]),
        ([2, 2, 2], [0.6, 0.3, 0.1]),
        ([1, 0, 7], [0.2, 0.3, 0.5]),
    ],
)
def test_agrees_with_exact_enumeration(counts, shares):
    # 9,999 simulations know a probability to within 0.02 in all but one case of 100,000.
    score = class_share_test(counts=np.array(counts), shares=np.array(shares))
    assert score == pytest.approx(exact_p_value(counts, shares), abs=0.02)


def test_counts_as_they_should_be_are_not_suspect():
    assert class_share_test(counts=np.array([40, 30, 20, 10]), shares=np.array([0.4, 0.3, 0.2, 0.1])) == 1.0


def test_a_missing_mode_is_suspect():
    assert class_share_test(counts=np.array([34, 33, 33, 0]), shares=EVEN) == 0.0001


def test_the_confusion_of_the_classifier_is_allowed_for():
    confusion = np.array([[0.6, 0.4], [0.0, 1.0]])  # row: true mode
    counts, even = np.array([300, 700]), np.array([0.5, 0.5])
    assert class_share_test(counts=counts, shares=even, confusion=confusion) > 0.9
    assert class_share_test(counts=counts, shares=even) == 0.0001
    assert class_share_test(counts=np.array([700, 300]), shares=even, confusion=confusion) == 0.0001


def test_calls_of_a_mode_that_cannot_be_are_suspect():
    shares = np.array([0.5, 0.5, 0.0])
    assert class_share_test(counts=np.array([50, 49, 1]), shares=shares) == 0.0001
    confusion = np.array([[0.9, 0.0, 0.1], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
    assert class_share_test(counts=np.array([48, 50, 2]), shares=shares, confusion=confusion) > 0.01


def test_no_samples_say_nothing():
    assert class_share_test(counts=np.zeros(4, dtype=int), shares=EVEN) == 1.0


def test_rounded_shares_are_no_obstacle():
    thirds = np.array([0.3333333, 0.3333333, 0.3333333])
    assert class_share_test(counts=np.array([10, 10, 10]), shares=thirds) == 1.0


def test_another_seed_moves_it_by_chance_only():
    counts = np.array([30, 20, 28, 22])
    scores = [class_share_test(counts=counts, shares=EVEN, seed=seed) for seed in range(5)]
    assert len(set(scores)) > 1
    assert np.ptp(scores) < 0.03


def test_roles_are_not_interchangeable():
    with pytest.raises(TypeError):
        class_share_test(np.array([1, 2]), np.array([0.5, 0.5]))


@pytest.mark.parametrize(
    ("counts", "shares", "message"),
    [
        (np.array([1, 2]), EVEN, r"two rows of one length, got shapes \(2,\) and \(4,\)"),
        (np.array([0.5, 2, 1, 3]), EVEN, "count, do not weigh"),
        (np.array([1, 2, 3, 4]), 2 * EVEN, "sum to 1, got a sum of 2"),
    ],
    ids=["lengths", "weights", "sum"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(counts, shares, message):
    with pytest.raises(ValueError, match=message):
        class_share_test(counts=counts, shares=shares)


def test_shares_that_were_estimated_do_not_alarm_more_often(numpy_rng):
    # 300 samples beside 600 real ones, of one law: with probability 0.9999 at most 30 of 400 p-values lie below 0.05
    # (binomial), where shares taken as known alarm about 48 times.
    even = np.full(10, 0.1)
    alarms = {"estimated": 0, "known": 0}
    for _ in range(400):
        real, counts = numpy_rng.multinomial(600, even), numpy_rng.multinomial(300, even)
        tests = {"estimated": {"real_counts": real}, "known": {}}
        for name, more in tests.items():
            p_value = share_test(counts, real / 600, draws=199, rng=numpy_rng, **more)
            alarms[name] += p_value <= 0.05
    assert alarms["estimated"] <= 37
    assert alarms["known"] > alarms["estimated"]
