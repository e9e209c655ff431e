"""Mode-share test: against its definition, at its level for a perfect generator, and sharp where one mode is off."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from collapse_metrics.metrics import mode_share_test

EVEN = np.full(10, 0.1)


@given(seed=st.integers(0, 10_000), modes=st.integers(1, 8), n=st.integers(0, 80))
def test_agrees_with_the_definition(seed, modes, n):
    rng = np.random.default_rng(seed)
    shares, counts = rng.dirichlet(np.ones(modes)), rng.multinomial(n, rng.dirichlet(np.ones(modes)))
    smallest = 1.0
    for count, share in zip(counts, shares, strict=True):
        chances = [math.comb(n, k) * share**k * (1 - share) ** (n - k) for k in range(n + 1)]
        smallest = min(smallest, 2 * sum(chances[: count + 1]), 2 * sum(chances[count:]))
    expected = min(1.0, modes * smallest)
    assert mode_share_test(counts=counts, shares=shares) == pytest.approx(expected, abs=1e-9)


def test_the_false_alarm_rate_is_at_most_the_level(numpy_rng):
    # 600 perfect tables at 5 %: more than 52 alarms have probability below 1e-4.
    shares = np.array([0.3, 0.2, 0.2, 0.1, 0.1, 0.05, 0.03, 0.02])
    tables = numpy_rng.multinomial(150, shares, size=600)
    alarms = sum(mode_share_test(counts=counts, shares=shares) <= 0.05 for counts in tables)
    assert 3 <= alarms <= 52


@pytest.mark.parametrize(("n", "found"), [(56, False), (57, True)])
def test_one_missing_mode_of_ten_is_found_from_57_samples_on(n, found):
    others = np.array([n // 9 + (i < n % 9) for i in range(9)])
    assert (mode_share_test(counts=np.append(others, 0), shares=EVEN) <= 0.05) == found


def test_one_missing_mode_of_a_thousand_needs_10592_samples():
    assert 2 * 1000 * stats.binom.pmf(0, 10_591, 1e-3) > 0.05
    assert 2 * 1000 * stats.binom.pmf(0, 10_592, 1e-3) <= 0.05


def test_a_mode_too_many_is_as_suspect_as_one_too_few():
    assert mode_share_test(counts=np.array([60, 20, 20]), shares=np.array([0.2, 0.4, 0.4])) < 1e-6


def test_the_confusion_of_the_classifier_is_allowed_for():
    confusion = np.array([[0.6, 0.4], [0.0, 1.0]])  # row: true mode
    counts, even = np.array([300, 700]), np.array([0.5, 0.5])
    assert mode_share_test(counts=counts, shares=even, confusion=confusion) == 1.0
    assert mode_share_test(counts=counts, shares=even) < 1e-6


def test_calls_of_a_mode_that_cannot_be_are_impossible():
    shares = np.array([0.5, 0.5, 0.0])
    assert mode_share_test(counts=np.array([50, 49, 1]), shares=shares) == 0.0
    assert mode_share_test(counts=np.array([50, 50, 0]), shares=shares) == 1.0


def test_no_samples_say_nothing():
    assert mode_share_test(counts=np.zeros(10, dtype=int), shares=EVEN) == 1.0


@pytest.mark.parametrize(
    ("counts", "shares", "message"),
    [
        (np.array([1, 2]), EVEN, r"two rows of one length, got shapes \(2,\) and \(10,\)"),
        (np.full(10, 0.5), EVEN, "count, do not weigh"),
        (np.full(10, 1), 2 * EVEN, "sum to 1, got a sum of 2"),
    ],
    ids=["lengths", "weights", "sum"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(counts, shares, message):
    with pytest.raises(ValueError, match=message):
        mode_share_test(counts=counts, shares=shares)


def alarms_beside_estimates(numpy_rng, confusion=None, **real):
    """How many of 600 perfect tables of 300 fail at 5 % beside shares of 1,200 real samples."""
    shares, failed = np.linspace(0.06, 0.14, 10), 0
    called = shares if confusion is None else shares @ confusion
    for _ in range(600):
        real_counts = numpy_rng.multinomial(1200, shares)
        known = {"real_counts": real_counts} if real else {}
        counts = numpy_rng.multinomial(300, called)
        failed += mode_share_test(counts=counts, shares=real_counts / 1200, confusion=confusion, **known) <= 0.05
    return failed


@pytest.mark.parametrize("confusion", [None, 0.9 * np.eye(10) + 0.01], ids=["true calls", "errors"])
def test_estimated_shares_are_allowed_for(confusion, numpy_rng):
    # More than 52 of 600 at 5 % have probability below 1e-4.
    assert stats.binom.sf(52, 600, 0.05) < 1e-4
    assert alarms_beside_estimates(numpy_rng, confusion, real=True) <= 52


def test_beside_real_counts_one_mode_is_fishers_test():
    counts, real = np.array([3, 97]), np.array([30, 170])
    fisher = [stats.fisher_exact([[3, 30], [97, 170]], alternative=side).pvalue for side in ("less", "greater")]
    found = mode_share_test(counts=counts, shares=real / 200, real_counts=real)
    assert found == pytest.approx(min(1, 2 * 2 * min(fisher)))


def test_with_very_many_real_samples_estimates_are_as_good_as_the_truth():
    counts, real = np.array([60, 100, 140]), np.array([3, 3, 3]) * 10**6
    confusion = 0.9 * np.eye(3) + 0.1 / 3
    for known in ({}, {"confusion": confusion}):
        exact = mode_share_test(counts=counts, shares=np.full(3, 1 / 3), **known)
        assert mode_share_test(counts=counts, shares=np.full(3, 1 / 3), real_counts=real, **known) == (
            pytest.approx(exact, rel=1e-2)
        )


@pytest.mark.bad_input
def test_real_counts_of_other_modes_are_refused():
    with pytest.raises(ValueError, match="`real_counts` needs 3 modes as `counts` has, got 2"):
        mode_share_test(counts=np.array([1, 2, 3]), shares=np.full(3, 1 / 3), real_counts=np.array([5, 5]))
