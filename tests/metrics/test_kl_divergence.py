"""KL divergence: exactly 0 on average for a perfect generator, right for a collapsed one, and behind a classifier."""

import itertools
import math

import numpy as np
import pytest

from collapse_metrics.metrics import kl_divergence
from collapse_metrics.metrics.kl_divergence import kl_interval

MNIST = np.array([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]) / 60_000
EVEN = np.full(10, 0.1)
ERRING = 0.95 * np.eye(10) + 0.05 * np.roll(np.eye(10), 1, axis=1)


def plug_in(counts, shares):
    return sum(c / sum(counts) * math.log(c / sum(counts) / s) for c, s in zip(counts, shares, strict=True) if c)


@pytest.mark.parametrize("n", [1, 2, 3, 8])
@pytest.mark.parametrize("shares", [np.array([0.25, 0.25, 0.5]), np.array([0.9, 0.07, 0.03])])
def test_perfect_generator_scores_zero_on_average_over_all_tables(n, shares):
    # Exact: every table of n samples with its probability. The plug-in number is 0.08 to 0.7 here.
    mean = usual = 0.0
    for counts in itertools.product(range(n + 1), repeat=3):
        if sum(counts) == n:
            weight = math.factorial(n) / math.prod(map(math.factorial, counts)) * float(np.prod(shares**counts))
            mean += weight * kl_divergence(counts=np.array(counts), shares=shares)
            usual += weight * plug_in(counts, shares)
    assert mean == pytest.approx(0.0, abs=1e-9)
    assert usual > 0.05


@pytest.mark.parametrize("n", [300, 2560])
def test_a_thousand_modes_are_no_obstacle(n, numpy_rng):
    # 25 draws: five standard errors. The plug-in number of the same tables is 1.4 and 0.22.
    shares = np.full(1000, 1e-3)
    scores = [kl_divergence(counts=c, shares=shares) for c in numpy_rng.multinomial(n, shares, size=25)]
    assert np.mean(scores) == pytest.approx(0.0, abs=5 * np.std(scores) / 25**0.5)
    assert np.std(scores) < 0.15


def test_the_scatter_is_that_of_chi_square(numpy_rng):
    # 400 draws know a standard deviation to 3.5 %, skewed ones to 5 %; five of those.
    scores = [kl_divergence(counts=c, shares=MNIST) for c in numpy_rng.multinomial(1000, MNIST, size=400)]
    assert np.std(scores) == pytest.approx(math.sqrt(9 / 2) / 1000, rel=0.25)


@pytest.mark.parametrize(
    ("now", "truth"),
    [(np.repeat([0.2, 0.0], 5), math.log(2)), (np.linspace(0.145, 0.055, 10), None), (np.eye(10)[4], math.log(10))],
    ids=["half", "slant", "one"],
)
@pytest.mark.parametrize("n", [64, 1000])
def test_a_generator_that_differs_is_told_by_how_much(now, truth, n, numpy_rng):
    truth = truth or float((now * np.log(now / EVEN)).sum())
    scores = np.array([kl_divergence(counts=c, shares=EVEN) for c in numpy_rng.multinomial(n, now, size=500)])
    assert scores.mean() == pytest.approx(truth, abs=5 * scores.std() / 500**0.5 + 1e-9)


def test_many_samples_agree_with_the_plug_in_number():
    counts = np.array([400_000, 300_000, 200_000, 100_000])
    shares = np.array([0.1, 0.2, 0.3, 0.4])
    assert kl_divergence(counts=counts, shares=shares) == pytest.approx(plug_in(counts, shares), abs=1e-5)


def test_the_base_is_of_the_logarithm():
    counts = np.array([60, 40, 0, 0])
    nats = kl_divergence(counts=counts, shares=np.full(4, 0.25))
    assert kl_divergence(counts=counts, shares=np.full(4, 0.25), base=2.0) == pytest.approx(nats / math.log(2))
    assert kl_divergence(counts=counts, shares=np.full(4, 0.25), base=10.0) == pytest.approx(nats / math.log(10))


def test_the_generator_comes_first():
    # The other direction would be infinite for a lost mode, and finite for an invented one.
    assert kl_divergence(counts=np.array([100, 0]), shares=np.array([0.5, 0.5])) == pytest.approx(math.log(2))
    assert kl_divergence(counts=np.array([50, 50]), shares=np.array([1.0, 0.0])) == math.inf
    assert kl_divergence(counts=np.array([50, 0]), shares=np.array([1.0, 0.0])) == 0.0


class TestBehindAClassifier:
    def test_perfect_generator_scores_zero_on_average(self, numpy_rng):
        # 120 draws: five standard errors, and two hundredths of the scatter for the 200 simulated tables.
        scores = np.array(
            [
                kl_divergence(counts=c, shares=MNIST, confusion=ERRING)
                for c in numpy_rng.multinomial(200, MNIST @ ERRING, size=120)
            ]
        )
        assert scores.mean() == pytest.approx(0.0, abs=5 * scores.std() / 120**0.5 + 0.1 * scores.std())

    def test_errors_are_not_taken_for_modes(self, numpy_rng):
        counts = numpy_rng.multinomial(5000, ERRING[3])
        assert kl_divergence(counts=counts, shares=EVEN, confusion=ERRING) == pytest.approx(math.log(10), abs=0.05)
        assert kl_divergence(counts=counts, shares=EVEN) < 2.15

    def test_another_seed_moves_it_by_a_fraction_of_its_scatter(self, numpy_rng):
        counts = numpy_rng.multinomial(500, EVEN @ ERRING)
        scores = [kl_divergence(counts=counts, shares=EVEN, confusion=ERRING, seed=seed) for seed in range(8)]
        assert len(set(scores)) == 8
        assert np.std(scores) < 0.1 * math.sqrt(9 / 2) / 500

    def test_calls_of_a_mode_that_the_reference_lacks_are_errors_where_such_errors_are_known(self):
        shares, counts = np.array([0.5, 0.5, 0.0]), np.array([480, 500, 20])
        known = np.array([[0.96, 0.0, 0.04], [0.0, 1.0, 0.0], [0.0, 0.0, 1.0]])
        assert kl_divergence(counts=counts, shares=shares) == math.inf
        assert kl_divergence(counts=counts, shares=shares, confusion=known) == pytest.approx(0.0, abs=0.01)
        assert kl_divergence(counts=counts, shares=shares, confusion=np.eye(3)) == math.inf


class TestInterval:
    @pytest.mark.parametrize(
        "now",
        [MNIST, np.repeat([0.2, 0.0], 5), np.linspace(0.145, 0.055, 10), np.array([0.991] + [0.001] * 9)],
        ids=["perfect", "half", "slant", "nearly-one"],
    )
    @pytest.mark.parametrize("known", [None, ERRING], ids=["calls", "confusion"])
    def test_covers_the_truth(self, now, known, numpy_rng):
        # Nominal 95 %; 0.93 at the lowest in the study, so fewer than 75 % of 40 has probability below 1e-3 even there,
        # and below 1e-5 at 0.95.
        called = now if known is None else now @ known
        truth = sum(p * math.log(p / q) for p, q in zip(now, MNIST, strict=True) if p)
        tables = numpy_rng.multinomial(500, called, size=40)
        ends = [kl_interval(counts=counts, shares=MNIST, confusion=known) for counts in tables]
        assert np.mean([low <= truth <= high for low, high in ends]) >= 0.75

    def test_infinity_is_sure_of_itself(self):
        assert kl_interval(counts=np.array([1, 9]), shares=np.array([1.0, 0.0])) == (math.inf, math.inf)

    def test_ends_at_zero_and_holds_the_value(self):
        counts = np.array([250, 251, 249, 250])
        low, high = kl_interval(counts=counts, shares=np.full(4, 0.25))
        value = kl_divergence(counts=counts, shares=np.full(4, 0.25))
        assert low == value < 0 < high


@pytest.mark.parametrize(
    ("counts", "shares", "base", "message"),
    [
        (np.array([1, 2]), EVEN, math.e, r"two rows of one length, got shapes \(2,\) and \(10,\)"),
        (np.array([0.5, 2]), EVEN[:2] * 5, math.e, "count, do not weigh"),
        (np.array([0, 0]), EVEN[:2] * 5, math.e, "`counts` needs at least 1 samples, got 0"),
        (np.array([1, 2]), EVEN[:2], math.e, "sum to 1, got a sum of 0.2"),
        (np.array([1, 2]), EVEN[:2] * 5, 1, "`base` must be above 1, got 1"),
    ],
    ids=["lengths", "weights", "none", "sum", "base"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(counts, shares, base, message):
    with pytest.raises(ValueError, match=message):
        kl_divergence(counts=counts, shares=shares, base=base)
