"""NDB: against Fisher's test and Holm's procedure by definition; none of a perfect generator's bins differ."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from collapse_metrics.metrics import ndb


def fisher(a, n, b, m):
    """Twice the smaller tail of the hypergeometric law, summed in whole numbers."""
    both, everything = a + b, math.comb(n + m, n)
    ways = [math.comb(both, k) * math.comb(n + m - both, n - k) for k in range(min(n, both) + 1)]
    return min(1.0, 2 * sum(ways[: a + 1]) / everything, 2 * sum(ways[a:]) / everything)


def by_definition(counts, real_counts, alpha):
    n, m = sum(counts), sum(real_counts)
    p_values = sorted(fisher(a, n, b, m) for a, b in zip(counts, real_counts, strict=True))
    rejected = 0
    for place, p in enumerate(p_values):
        if p * (len(p_values) - place) > alpha:
            break
        rejected += 1
    return rejected / len(p_values)


@given(
    seed=st.integers(0, 10_000), bins=st.integers(1, 8), n=st.integers(1, 60), m=st.integers(1, 200),
    alpha=st.sampled_from([0.01, 0.05, 0.3]),
)  # fmt: skip
def test_agrees_with_the_definition(seed, bins, n, m, alpha):
    rng = np.random.default_rng(seed)
    counts = rng.multinomial(n, rng.dirichlet(0.5 * np.ones(bins)))
    real_counts = rng.multinomial(m, rng.dirichlet(np.ones(bins)))
    score = ndb(counts=counts, real_counts=real_counts, alpha=alpha)
    assert score == pytest.approx(by_definition(counts.tolist(), real_counts.tolist(), alpha))


def test_perfect_generator_scores_none_where_the_published_test_finds_five(numpy_rng):
    # 50 pairs of tables at 5 %: any bin called different in more than 11 of them has probability below 1e-4.
    shares = np.full(100, 0.01)
    any_bin = published = 0
    for _ in range(50):
        counts, real = numpy_rng.multinomial(5000, shares), numpy_rng.multinomial(20_000, shares)
        any_bin += ndb(counts=counts, real_counts=real) > 0
        pooled = (counts + real) / 25_000
        z = np.abs(counts / 5000 - real / 20_000) / np.sqrt(pooled * (1 - pooled) * (1 / 5000 + 1 / 20_000))
        published += (2 * stats.norm.sf(z) < 0.05).sum()
    assert any_bin <= 11
    assert published / 50 == pytest.approx(4.9, abs=1.4)


def test_five_per_cent_unless_told():
    counts, real = np.array([30, 10, 20]), np.array([100, 110, 90])
    assert ndb(counts=counts, real_counts=real) == ndb(counts=counts, real_counts=real, alpha=0.05)


@pytest.mark.parametrize(("n", "found"), [(790, False), (890, True)])
def test_an_empty_bin_of_a_hundred_is_found_from_about_830_samples_on(n, found):
    counts = np.array([0] + [n // 99 + (i < n % 99) for i in range(99)])
    assert (ndb(counts=counts, real_counts=np.full(100, 100_000)) > 0) == found


def test_a_collapse_differs_everywhere():
    counts = np.array([5000] + [0] * 9)
    assert ndb(counts=counts, real_counts=np.full(10, 500)) == 1.0


def test_bins_that_nobody_meets_differ_in_nothing():
    assert ndb(counts=np.array([50, 0, 50]), real_counts=np.array([500, 0, 500])) == 0.0


def test_roles_may_be_exchanged():
    counts, real = np.array([5, 50, 80]), np.array([300, 200, 500])
    assert ndb(counts=counts, real_counts=real) == ndb(counts=real, real_counts=counts) > 0


@pytest.mark.parametrize(
    ("counts", "real_counts", "alpha", "message"),
    [
        (np.array([1, 2]), np.array([1, 2, 3]), 0.05, "must be of the same bins, got 2 and 3 of them"),
        (np.array([0, 0]), np.array([1, 2]), 0.05, "`counts` needs at least 1 samples, got 0"),
        (np.array([1, 2]), np.array([0, 0]), 0.05, "`real_counts` needs at least 1 samples, got 0"),
        (np.array([1, 0.5]), np.array([1, 2]), 0.05, "count, do not weigh"),
        (np.array([1, 2]), np.array([1, 2]), 0, "`alpha` must lie between 0 and 1, got 0"),
    ],
    ids=["lengths", "none", "no-real", "weights", "alpha"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(counts, real_counts, alpha, message):
    with pytest.raises(ValueError, match=message):
        ndb(counts=counts, real_counts=real_counts, alpha=alpha)
