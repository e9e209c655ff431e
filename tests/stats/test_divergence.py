"""What chance adds to a divergence: against all tables written down, with and without a classifier that errs."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.spatial import distance

from collapse_metrics.stats.divergence import (
    JS,
    KL,
    TV,
    beyond_chance,
    called_shares,
    chance,
    expected_by_chance,
    shares_behind,
    smooth_interval,
)

SHARES = np.array([0.5, 0.3, 0.2])
CONFUSION = np.array([[0.9, 0.1, 0.0], [0.05, 0.9, 0.05], [0.0, 0.2, 0.8]])


def all_tables(n, shares):
    """Every table of ``n`` samples, and how likely a perfect generator makes it."""
    for counts in itertools.product(range(n + 1), repeat=len(shares)):
        if sum(counts) == n:
            ways = math.factorial(n) / math.prod(map(math.factorial, counts))
            yield np.array(counts), ways * float(np.prod(shares**counts))


def plain(divergence, counts, shares):
    return float(divergence.terms(counts / counts.sum(), shares).sum())


@given(seed=st.integers(0, 10_000), modes=st.integers(2, 9))
def test_the_plain_numbers_agree_with_their_definitions(seed, modes):
    rng = np.random.default_rng(seed)
    now, shares = rng.dirichlet(np.ones(modes)), rng.dirichlet(np.ones(modes))
    assert KL.terms(now, shares).sum() == pytest.approx(
        sum(p * math.log(p / q) for p, q in zip(now, shares, strict=True))
    )
    assert JS.terms(now, shares).sum() == pytest.approx(distance.jensenshannon(now, shares) ** 2)
    assert TV.terms(now, shares).sum() == pytest.approx(distance.cityblock(now, shares) / 2)


@pytest.mark.parametrize("divergence", [KL, JS, TV], ids=["kl", "js", "tv"])
@pytest.mark.parametrize("n", [1, 2, 7])
def test_the_mean_by_chance_agrees_with_all_tables_written_down(divergence, n):
    exact = sum(weight * plain(divergence, counts, SHARES) for counts, weight in all_tables(n, SHARES))
    assert expected_by_chance(divergence.terms, SHARES, n) == pytest.approx(exact)
    assert chance(divergence, SHARES, n, None, seed=0)[0] == pytest.approx(exact)


@pytest.mark.parametrize("divergence", [KL, JS, TV], ids=["kl", "js", "tv"])
@pytest.mark.parametrize("n", [2, 3, 7])
def test_perfect_generator_is_beyond_chance_by_nothing_on_average(divergence, n):
    # Exact, over every table, at sample sizes far below those of any large-sample law.
    mean = sum(
        weight * beyond_chance(divergence, counts, SHARES, None, seed=0) for counts, weight in all_tables(n, SHARES)
    )
    assert mean == pytest.approx(0.0, abs=1e-12)


@pytest.mark.parametrize("divergence", [KL, JS, TV], ids=["kl", "js", "tv"])
def test_perfect_generator_behind_a_classifier_that_errs_is_too(divergence):
    # Exact over every table of 12 samples, but for the 200 simulated ones that the correction is known from.
    called = called_shares(SHARES, CONFUSION)
    mean = sum(
        weight * beyond_chance(divergence, counts, SHARES, CONFUSION, seed=0)
        for counts, weight in all_tables(12, called)
    )
    _, scatter = chance(divergence, SHARES, 12, CONFUSION, seed=0)
    assert abs(mean) < 4 * math.sqrt(scatter / 200)


@pytest.mark.parametrize("divergence", [KL, JS, TV], ids=["kl", "js", "tv"])
@pytest.mark.parametrize("mode", [0, 1, 2])
def test_nothing_is_taken_off_a_collapse(divergence, mode):
    counts = np.zeros(3, dtype=int)
    counts[mode] = 50
    assert beyond_chance(divergence, counts, SHARES, None, seed=0) == pytest.approx(plain(divergence, counts, SHARES))


@pytest.mark.parametrize("divergence", [KL, JS], ids=["kl", "js"])
def test_a_generator_that_differs_is_told_by_how_much(divergence, numpy_rng):
    # The plain numbers are too high by (modes - 1) / 2n and its like; ours by less than five standard errors.
    now, n = np.array([0.7, 0.2, 0.1]), 200
    scores = np.array([beyond_chance(divergence, c, SHARES, None, seed=0) for c in numpy_rng.multinomial(n, now, 300)])
    truth = divergence.terms(now, SHARES).sum()
    assert scores.mean() == pytest.approx(truth, abs=5 * scores.std() / 300**0.5)


def test_far_beyond_chance_total_variation_is_exact(numpy_rng):
    now = np.array([0.9, 0.1, 0.0])
    scores = [beyond_chance(TV, counts, SHARES, None, seed=0) for counts in numpy_rng.multinomial(500, now, 100)]
    assert np.mean(scores) == pytest.approx(0.4, abs=5 * np.std(scores) / 100**0.5)


@pytest.mark.parametrize("divergence", [KL, JS, TV], ids=["kl", "js", "tv"])
def test_one_sample_cannot_be_told_from_a_collapse(divergence):
    one = np.array([0, 1, 0])
    assert beyond_chance(divergence, one, SHARES, None, seed=0) == pytest.approx(plain(divergence, one, SHARES))


@pytest.mark.parametrize("divergence", [KL, JS, TV], ids=["kl", "js", "tv"])
def test_one_mode_only_has_no_chance(divergence):
    assert beyond_chance(divergence, np.array([30]), np.array([1.0]), None, seed=0) == 0.0


@pytest.mark.parametrize("divergence", [KL, JS, TV], ids=["kl", "js", "tv"])
def test_modes_that_the_reference_lacks_do_not_disturb(divergence):
    counts = np.array([20, 20, 10])
    longer = beyond_chance(divergence, np.append(counts, 0), np.append(SHARES, 0.0), None, seed=0)
    assert longer == pytest.approx(beyond_chance(divergence, counts, SHARES, None, seed=0))


def test_noise_is_half_of_curvature_times_variance_and_none_far_away():
    now, shares, n = np.array([0.0, 0.2, 0.8]), np.array([0.3, 0.2, 0.5]), 400
    assert KL.noise(now, shares, n) == pytest.approx([0, 0.8 / 800, 0.2 / 800])
    assert JS.noise(now, shares, n) == pytest.approx([0, 0.5 * 0.8 / 1600, 0.5 / 1.3 * 0.2 / 1600])
    # An absolute difference has noise where it is nothing but noise: 0.02 / sqrt(2 pi), and none at fifteen deviations.
    assert TV.noise(now, shares, n) == pytest.approx([0, 0.02 / math.sqrt(2 * math.pi), 0], abs=1e-12)
    # At two deviations: the mean of |2 + z| is 2.01698.
    assert TV.noise(np.array([0.2]), np.array([0.24]), n) == pytest.approx(0.02 * 0.01698 / 2, rel=1e-3)


def test_the_variance_by_chance_is_that_of_chi_square(numpy_rng):
    # 2n KL is chi-square with two degrees of freedom: variance 4 / 4n^2. 200 draws know it to 20 %; five of these.
    _, scatter = chance(KL, SHARES, 1000, None, seed=0)
    assert scatter == pytest.approx(1 / 1000**2, rel=1.0)
    _, behind = chance(KL, SHARES, 1000, CONFUSION, seed=0)
    assert behind > scatter


def test_calls_are_undone_where_the_confusion_is_known():
    counts = np.array([100, 40, 60])
    assert shares_behind(counts, None) == pytest.approx(counts / 200)
    noiseless = 1e6 * SHARES @ CONFUSION
    assert shares_behind(noiseless, CONFUSION) == pytest.approx(SHARES, abs=1e-4)
    assert called_shares(SHARES, CONFUSION) == pytest.approx(SHARES @ CONFUSION)
    assert called_shares(2 * SHARES, None) == pytest.approx(SHARES)


class TestSmoothInterval:
    @staticmethod
    def slope(now, shares):
        return np.log(now / shares)

    def test_far_from_the_reference_it_is_the_first_order_one(self):
        # KL of two modes at shares 0.9 and 0.1 against halves: variance 0.9 * 0.1 * ln(9)^2 / n.
        counts, halves = np.array([90_000, 10_000]), np.array([0.5, 0.5])
        low, high = smooth_interval(0.368, self.slope, counts, halves, None, chance_variance=0.0, level=0.95)
        half = 1.959964 * math.sqrt(0.09 * math.log(9) ** 2 / 1e5)
        assert (high - low) / 2 == pytest.approx(half, rel=1e-3)
        assert (high + low) / 2 == pytest.approx(0.368)

    def test_at_the_reference_it_is_that_of_chance(self):
        counts, halves = np.array([500, 500]), np.array([0.5, 0.5])
        low, high = smooth_interval(0.0, self.slope, counts, halves, None, chance_variance=1e-4, level=0.95)
        assert (low, high) == (pytest.approx(-0.01959964), pytest.approx(0.01959964))

    def test_a_collapse_does_not_say_that_it_is_sure(self):
        counts = np.array([100, 0, 0])
        low, high = smooth_interval(0.7, self.slope, counts, SHARES, None, chance_variance=0.0, level=0.95)
        assert high - low > 0.1

    def test_behind_a_classifier_by_hand(self):
        # Of two modes, the first is called the second once in four, the second always itself. Called shares 0.6 and
        # 0.4 are true shares 0.8 and 0.2; one more call of the first adds 4/3 and takes 1/3.
        known, counts, halves = np.array([[0.75, 0.25], [0.0, 1.0]]), np.array([60_000, 40_000]), np.array([0.5, 0.5])
        low, high = smooth_interval(0.0, self.slope, counts, halves, known, chance_variance=0.0, level=0.95)
        first, second = math.log(1.6), math.log(0.4)
        rise = (4 / 3 * first - 1 / 3 * second) - second
        assert (high - low) / 2 == pytest.approx(1.959964 * math.sqrt(0.24 / 1e5) * rise, rel=2e-3)

    def test_confusion_widens_it(self):
        counts = np.array([700, 200, 100])
        ends = [
            smooth_interval(0.1, self.slope, counts, SHARES, known, chance_variance=0.0, level=0.95)
            for known in (None, CONFUSION)
        ]
        assert ends[1][1] - ends[1][0] > ends[0][1] - ends[0][0]
