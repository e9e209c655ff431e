"""Total variation: exactly 0 on average for a perfect generator, exact for lost modes, with an interval for all."""

import itertools
import math

import numpy as np
import pytest

from collapse_metrics.metrics import total_variation
from collapse_metrics.metrics.total_variation import variation_interval

MNIST = np.array([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]) / 60_000
EVEN = np.full(10, 0.1)
ERRING = 0.95 * np.eye(10) + 0.05 * np.roll(np.eye(10), 1, axis=1)


@pytest.mark.parametrize("n", [2, 8])
@pytest.mark.parametrize("shares", [np.array([0.25, 0.25, 0.5]), np.array([0.9, 0.07, 0.03])])
def test_perfect_generator_scores_zero_on_average_over_all_tables(n, shares):
    mean, least = 0.0, 1.0
    for counts in itertools.product(range(n + 1), repeat=3):
        if sum(counts) == n:
            weight = math.factorial(n) / math.prod(map(math.factorial, counts)) * float(np.prod(shares**counts))
            score = total_variation(counts=np.array(counts), shares=shares)
            mean, least = mean + weight * score, min(least, score)
    assert mean == pytest.approx(0.0, abs=1e-12)
    assert -1 < least < 0


@pytest.mark.parametrize(
    ("alive", "truth"), [(1, 0.9), (3, 0.7), (5, 0.5), (8, 0.2)], ids=["one", "three", "half", "eight"]
)
def test_lost_modes_are_told_exactly(alive, truth, numpy_rng):
    # At 2,000 samples the living modes stand many standard deviations above their share.
    tables = numpy_rng.multinomial(2000, np.array([1 / alive] * alive + [0] * (10 - alive)), size=40)
    scores = [total_variation(counts=counts, shares=EVEN) for counts in tables]
    assert np.mean(scores) == pytest.approx(truth, abs=2e-3)


def test_the_numbers_in_the_docstring(numpy_rng):
    for n, score, slack in ((512, 0.07, 0.01), (5000, 0.097, 0.002)):
        tables = numpy_rng.multinomial(n, np.array([0] + [1 / 9] * 9), size=60)
        assert np.mean([total_variation(counts=c, shares=EVEN) for c in tables]) == pytest.approx(score, abs=slack)
    plain = np.abs(numpy_rng.multinomial(512, EVEN, size=500) / 512 - 0.1).sum(axis=1) / 2
    assert plain.mean() == pytest.approx(0.05, abs=0.005)


def test_no_common_mode_is_everything():
    assert total_variation(counts=np.array([5, 5, 0]), shares=np.array([0.0, 0.0, 1.0])) == 1.0


def test_perfect_generator_behind_a_classifier_scores_zero_on_average(numpy_rng):
    # 120 draws: five standard errors, and a tenth of the scatter for the 200 simulated tables.
    tables = numpy_rng.multinomial(200, MNIST @ ERRING, size=120)
    scores = np.array([total_variation(counts=c, shares=MNIST, confusion=ERRING) for c in tables])
    assert scores.mean() == pytest.approx(0.0, abs=5 * scores.std() / 120**0.5 + 0.1 * scores.std())


def test_errors_are_not_taken_for_modes(numpy_rng):
    counts = numpy_rng.multinomial(5000, ERRING[3])
    assert total_variation(counts=counts, shares=EVEN, confusion=ERRING) == pytest.approx(0.9, abs=0.01)
    assert total_variation(counts=counts, shares=EVEN) < 0.87


class TestInterval:
    @pytest.mark.parametrize("n", [3, 50, 2000])
    @pytest.mark.parametrize(
        "now", [MNIST, np.repeat([0.2, 0.0], 5), np.linspace(0.145, 0.055, 10), np.eye(10)[2]],
        ids=["perfect", "half", "slant", "one"],
    )  # fmt: skip
    def test_holds_for_every_generator_and_size(self, n, now, numpy_rng):
        # It is on the safe side: of 60 draws at 95 %, more than 12 misses have probability below 1e-5.
        truth = np.abs(now - MNIST).sum() / 2
        ends = [variation_interval(counts=c, shares=MNIST) for c in numpy_rng.multinomial(n, now, size=60)]
        assert sum(not low <= truth <= high for low, high in ends) <= 12

    def test_by_hand(self):
        # 400 samples of two equal modes: sqrt(ln 40 / 800) = 0.0679 up, and sqrt(1 / 400) / 2 = 0.025 more down.
        low, high = variation_interval(counts=np.array([300, 100]), shares=np.array([0.5, 0.5]))
        stray = math.sqrt(math.log(40) / 800)
        assert (low, high) == (pytest.approx(0.25 - stray - 0.025), pytest.approx(0.25 + stray))

    def test_confusion_widens_it(self):
        counts = np.array([100] * 5 + [20] * 5)
        calls = variation_interval(counts=counts, shares=EVEN)
        known = variation_interval(counts=counts, shares=EVEN, confusion=ERRING)
        assert known[1] - known[0] > calls[1] - calls[0]


@pytest.mark.parametrize(
    ("counts", "message"),
    [
        (np.array([1, 2, 3]), "two rows of one length"),
        (np.array([0, 0]), "`counts` needs at least 1 samples, got 0"),
        (np.array([0.5, 1]), "count, do not weigh"),
    ],
    ids=["lengths", "none", "weights"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(counts, message):
    with pytest.raises(ValueError, match=message):
        total_variation(counts=counts, shares=np.array([0.5, 0.5]))
