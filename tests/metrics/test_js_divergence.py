"""JS divergence: exactly 0 on average for a perfect generator, symmetric in what is lost and what is invented."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import distance

from collapse_metrics.metrics import js_divergence
from collapse_metrics.metrics.js_divergence import js_interval

MNIST = np.array([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]) / 60_000
EVEN = np.full(10, 0.1)
ERRING = 0.95 * np.eye(10) + 0.05 * np.roll(np.eye(10), 1, axis=1)


@pytest.mark.parametrize("n", [2, 8])
@pytest.mark.parametrize("shares", [np.array([0.25, 0.25, 0.5]), np.array([0.9, 0.07, 0.03])])
def test_perfect_generator_scores_zero_on_average_over_all_tables(n, shares):
    mean = 0.0
    for counts in itertools.product(range(n + 1), repeat=3):
        if sum(counts) == n:
            weight = math.factorial(n) / math.prod(map(math.factorial, counts)) * float(np.prod(shares**counts))
            mean += weight * js_divergence(counts=np.array(counts), shares=shares)
    assert mean == pytest.approx(0.0, abs=1e-9)


@given(seed=st.integers(0, 10_000), modes=st.integers(2, 8))
def test_many_samples_agree_with_scipy(seed, modes):
    rng = np.random.default_rng(seed)
    shares, counts = rng.dirichlet(np.ones(modes)), rng.multinomial(30_000, rng.dirichlet(np.ones(modes)))
    for base in (math.e, 2.0):
        theirs = distance.jensenshannon(counts, shares, base=base) ** 2
        assert js_divergence(counts=counts, shares=shares, base=base) == pytest.approx(theirs, abs=2e-3)


@pytest.mark.parametrize(
    ("counts", "shares", "score"),
    [
        ([500, 0], [0.0, 1.0], math.log(2)),
        ([500] + [0] * 9, [0.1] * 10, 0.5256),
        ([5000] * 5 + [0] * 5, [0.1] * 10, 0.2158),
    ],
    ids=["nothing-common", "one-of-ten", "half"],
)
def test_known_answers(counts, shares, score):
    assert js_divergence(counts=np.array(counts), shares=np.array(shares)) == pytest.approx(score, abs=5e-4)


def test_what_is_invented_counts_as_what_is_lost():
    lost = js_divergence(counts=np.array([10_000, 0]), shares=np.array([0.5, 0.5]))
    invented = js_divergence(counts=np.array([5000, 5000]), shares=np.array([1.0, 0.0]))
    assert lost == pytest.approx(invented, abs=1e-4)


def test_perfect_generator_behind_a_classifier_scores_zero_on_average(numpy_rng):
    # 120 draws: five standard errors, and a tenth of the scatter for the 200 simulated tables.
    tables = numpy_rng.multinomial(200, MNIST @ ERRING, size=120)
    scores = np.array([js_divergence(counts=c, shares=MNIST, confusion=ERRING) for c in tables])
    assert scores.mean() == pytest.approx(0.0, abs=5 * scores.std() / 120**0.5 + 0.1 * scores.std())


def test_errors_are_not_taken_for_modes(numpy_rng):
    counts = numpy_rng.multinomial(5000, ERRING[3])
    alone = js_divergence(counts=np.eye(10, dtype=int)[3] * 5000, shares=EVEN)
    assert js_divergence(counts=counts, shares=EVEN, confusion=ERRING) == pytest.approx(alone, abs=0.01)
    assert js_divergence(counts=counts, shares=EVEN) < alone - 0.02


@pytest.mark.parametrize(
    "now",
    [MNIST, np.repeat([0.2, 0.0], 5), np.linspace(0.145, 0.055, 10), np.array([0.991] + [0.001] * 9)],
    ids=["perfect", "half", "slant", "nearly-one"],
)
@pytest.mark.parametrize("known", [None, ERRING], ids=["calls", "confusion"])
def test_the_interval_covers_the_truth(now, known, numpy_rng):
    # Nominal 95 %, so fewer than 75 % of 40 has probability below 1e-5.
    truth = distance.jensenshannon(now, MNIST) ** 2
    tables = numpy_rng.multinomial(500, now if known is None else now @ known, size=40)
    ends = [js_interval(counts=counts, shares=MNIST, confusion=known) for counts in tables]
    assert np.mean([low <= truth <= high for low, high in ends]) >= 0.75


def test_the_interval_by_hand():
    # Shares 0.8 and 0.2 against halves: the slope is ln(2p / (p + 1/2)) / 2, its variance 0.16 times the difference
    # squared.
    counts = np.array([80_000, 20_000])
    low, high = js_interval(counts=counts, shares=np.array([0.5, 0.5]))
    rise = math.log(1.6 / 1.3) / 2 - math.log(0.4 / 0.7) / 2
    assert (high - low) / 2 == pytest.approx(1.959964 * 0.4 * rise / math.sqrt(1e5), rel=1e-3)


@pytest.mark.parametrize(
    ("counts", "base", "message"),
    [
        (np.array([1, 2, 3]), 2, "two rows of one length"),
        (np.array([0, 0]), 2, "`counts` needs at least 1 samples, got 0"),
        (np.array([1, 2]), 0.5, "`base` must be above 1, got 0.5"),
    ],
    ids=["lengths", "none", "base"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(counts, base, message):
    with pytest.raises(ValueError, match=message):
        js_divergence(counts=counts, shares=np.array([0.5, 0.5]), base=base)
