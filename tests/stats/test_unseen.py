"""Modes never met: against inclusion and exclusion, plain sums, the estimators' own definitions, and R's iNEXT."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics.stats.unseen import (
    entropy,
    expected_modes_seen,
    log_tail,
    missing_mass,
    missing_mass_limit,
    next_share,
    once_and_twice,
    probability_of_missing,
    richness_interval,
    tail_integral,
    unseen_modes,
)

MNIST = np.array([5923, 6742, 5958, 6131, 5842, 5421, 5918, 6265, 5851, 5949]) / 60_000
"""Shares of the digits in MNIST's training file."""

GIRDLED = np.array([46, 22, 17, 15, 15, 9, 8, 6, 6, 4] + [2] * 4 + [1] * 12)
LOGGED = np.array([88, 22, 16, 15, 13, 10, 8, 8, 7, 7, 7, 5, 4, 4, 4, 3, 3, 3, 3] + [2] * 4 + [1] * 14)
"""Spiders of two plots of forest, by species: the data set ``spider`` of R's iNEXT."""


def missing_by_inclusion_and_exclusion(shares, n):
    """Over all sets of modes: the probability that none of them comes, with alternating sign."""
    shown = sum(
        (-1) ** size * max(0.0, 1 - sum(left)) ** n
        for size in range(len(shares) + 1)
        for left in itertools.combinations(shares, size)
    )
    return 1 - shown


class TestCouponCollector:
    @pytest.mark.parametrize(("n", "known"), [(16, 0.9306), (25, 0.5675), (32, 0.3136), (64, 0.01257), (100, 0.000311)])
    def test_known_probabilities_for_mnist(self, n, known):
        assert probability_of_missing(MNIST, n) == pytest.approx(known, rel=1e-3)

    @given(seed=st.integers(0, 10_000), modes=st.integers(1, 7), n=st.integers(1, 400))
    def test_agrees_with_inclusion_and_exclusion(self, seed, modes, n):
        shares = np.random.default_rng(seed).dirichlet(np.ones(modes))
        assert probability_of_missing(shares, n) == pytest.approx(
            missing_by_inclusion_and_exclusion(shares, n), abs=1e-12
        )

    def test_small_probabilities_keep_their_digits(self):
        # One mode of 0.1 or the other: 2 * 0.9 ** n, less than 0.8 ** n.
        exact = 2 * 0.9**200 - 0.8**200
        assert probability_of_missing(np.array([0.8, 0.1, 0.1]), 200) == pytest.approx(exact, rel=1e-5)

    def test_fewer_samples_than_modes_miss_some(self):
        assert probability_of_missing(MNIST, 9) == 1.0
        assert probability_of_missing(MNIST, 10) == pytest.approx(1 - math.factorial(10) * MNIST.prod())

    def test_modes_without_a_share_are_not_missed(self):
        assert probability_of_missing(np.array([0.5, 0.5, 0.0]), 3) == pytest.approx(0.25)
        assert probability_of_missing(np.array([1.0, 0.0]), 1) == pytest.approx(0.0, abs=1e-15)

    def test_a_thousand_modes_follow_the_law_of_rare_events(self):
        # Erdos and Renyi: exp(-exp(-c)) at n = m ln m + c m, to within 1 / m or so.
        shares = np.full(1000, 1e-3)
        for c in (-1, 0, 2):
            n = round(1000 * (math.log(1000) + c))
            assert probability_of_missing(shares, n) == pytest.approx(1 - math.exp(-math.exp(-c)), abs=5e-3)
        assert probability_of_missing(shares, 26_000) == pytest.approx(1000 * 0.999**26_000, rel=1e-4)

    @given(seed=st.integers(0, 10_000), modes=st.integers(1, 8), n=st.integers(0, 300))
    def test_expected_number_is_the_sum_over_modes(self, seed, modes, n):
        shares = np.random.default_rng(seed).dirichlet(np.ones(modes))
        assert expected_modes_seen(shares, n) == pytest.approx(sum(1 - (1 - p) ** n for p in shares))

    def test_expected_number_with_a_sure_mode(self):
        assert expected_modes_seen(np.array([1.0, 0.0]), 5) == 1.0


class TestMissingMass:
    @pytest.mark.parametrize(("counts", "mass"), [([5, 4, 1], 0.1), ([1, 1, 1], 1.0), ([7, 0], 0.0), ([0, 0], 1.0)])
    def test_is_the_share_of_samples_that_are_alone_in_their_mode(self, counts, mass):
        assert missing_mass(np.array(counts)) == mass

    def test_its_mean_is_that_of_the_truth_one_sample_earlier(self, numpy_rng):
        # Good and Turing: E f1 / n is exactly the mean missing mass of n - 1 samples. Ten standard errors.
        shares, n = numpy_rng.dirichlet(np.ones(40)), 50
        estimates = [missing_mass(counts) for counts in numpy_rng.multinomial(n, shares, size=2000)]
        expected = (shares * (1 - shares) ** (n - 1)).sum()
        assert np.mean(estimates) == pytest.approx(expected, abs=10 * np.std(estimates) / math.sqrt(2000))

    def test_the_limit_says_something_where_no_mode_is_rare(self):
        # The rule of three: ln 20 = 2.996. The score interval alone would say 2.71 = 1.645 squared.
        assert missing_mass_limit(np.array([500, 500])) == pytest.approx(math.log(20) / 1000)
        assert missing_mass_limit(np.array([500, 500]), level=0.8) == pytest.approx(math.log(5) / 1000)

    def test_the_limit_by_hand(self):
        # f1 = 4, f2 = 3, z = 1.6449: 4 + 1.3528 + 1.6449 * sqrt(10 + 0.6764) = 10.7274, over 30 samples.
        assert missing_mass_limit(np.array([20, 2, 2, 2, 1, 1, 1, 1])) == pytest.approx(10.7274 / 30, rel=1e-4)

    def test_no_samples_leave_everything_open(self):
        assert missing_mass_limit(np.array([0, 0])) == 1.0
        assert missing_mass_limit(np.array([1, 1])) == 1.0

    @pytest.mark.parametrize("rare", [1, 3, 20])
    @pytest.mark.parametrize("each", [0.5, 2.0, 3.2])
    def test_the_truth_lies_above_the_limit_about_as_rarely_as_it_says(self, rare, each, numpy_rng):
        # At 95 %, in 800 draws: the worst case has 5.4 %, and then more than 72 have probability below 1e-4.
        n = 200
        shares = np.array([each / n] * rare + [1 - rare * each / n])
        above = 0
        for counts in numpy_rng.multinomial(n, shares, size=800):
            above += shares[counts == 0].sum() > missing_mass_limit(counts) + 1e-12
        assert above <= 72


class TestUnseenModes:
    def test_once_and_twice_are_counted(self):
        assert once_and_twice(np.array([0, 1, 1, 2, 5, 0])) == (9, 4, 2, 1)

    @given(st.lists(st.integers(1, 6), min_size=1, max_size=30))
    def test_agrees_with_the_definition(self, counts):
        n, once, twice = sum(counts), counts.count(1), counts.count(2)
        more = once**2 / (2 * twice) if twice else once * (once - 1) / 2
        assert unseen_modes(np.array(counts)) == pytest.approx((n - 1) / n * more)

    def test_nothing_is_known_of_no_samples(self):
        assert unseen_modes(np.zeros(3, dtype=int)) == 0.0

    def test_a_mode_met_once_has_about_twice_the_share_of_the_mean_unseen_one(self):
        # Chao and Jost 2012, equation for A: 2 f2 / ((n - 1) f1 + 2 f2).
        assert next_share(np.array([6, 2, 1, 1])) == pytest.approx(2 / (9 * 2 + 2))
        assert next_share(np.array([6, 1, 1])) == pytest.approx(2 / (7 * 1 + 2))
        assert next_share(np.array([6, 6])) == 1.0


class TestRichnessInterval:
    @pytest.mark.parametrize(("counts", "low", "high"), [(GIRDLED, 30.511, 96.971), (LOGGED, 43.502, 128.583)])
    def test_agrees_with_inext(self, counts, low, high):
        # ChaoRichness(spider) of iNEXT 3.0; the low end is rounded down here.
        ends = richness_interval(counts=counts)
        assert ends == (math.floor(low), pytest.approx(high, abs=1e-3))

    def test_without_pairs_by_hand(self):
        # Chao 1987, f2 = 0: n = 10, f1 = 3, seen 4, a = 0.9, missing 2.7.
        variance = 2.7 + 0.81 * (75 - 81 / 6.7) / 4
        factor = math.exp(1.959964 * math.sqrt(math.log(1 + variance / 2.7**2)))
        low, high = richness_interval(counts=np.array([7, 1, 1, 1]))
        assert high == pytest.approx(4 + 2.7 * factor, rel=1e-6)
        assert low == math.floor(4 + 2.7 / factor)

    def test_where_none_seems_missing_each_might_have_stayed_away(self):
        # Modes met 3 times each stay away with probability exp(-3) = 0.0498.
        counts = np.full(20, 3)
        away = math.exp(-3)
        error = math.sqrt(20 * (away - away**2) - (60 * away) ** 2 / 60)
        low, high = richness_interval(counts=counts)
        assert low == 20
        assert high == pytest.approx((20 + 1.959964 * error) / (1 - away), rel=1e-6)

    def test_a_collapse_is_sure_of_itself(self):
        assert richness_interval(counts=np.array([300, 0, 0])) == (1.0, 1.0)

    @pytest.mark.parametrize(("modes", "n"), [(10, 64), (100, 200), (1000, 1000)])
    def test_covers_equal_modes(self, modes, n, numpy_rng):
        # Nominal 95 %; studied coverage 0.94 to 0.97, so fewer than 85 % of 300 has probability below 1e-6.
        shares = np.full(modes, 1 / modes)
        ends = [richness_interval(counts=counts) for counts in numpy_rng.multinomial(n, shares, size=300)]
        assert np.mean([low <= modes <= high for low, high in ends]) >= 0.85

    @given(st.lists(st.integers(0, 6), min_size=1, max_size=30).filter(lambda counts: sum(counts) > 0))
    def test_begins_at_what_was_seen_and_holds_the_estimate(self, counts):
        counts = np.array(counts)
        low, high = richness_interval(counts=counts)
        seen = np.count_nonzero(counts)
        assert seen <= low <= seen + unseen_modes(counts) <= high + 1e-9


class TestTails:
    @pytest.mark.parametrize("share", [1e-6, 1e-3, 0.1, 0.5, 0.99, 1.0])
    @pytest.mark.parametrize("n", [1, 2, 16, 3000])
    def test_log_tail_is_what_the_first_terms_leave(self, share, n):
        terms = sum((1 - share) ** k / k for k in range(1, n))
        assert log_tail(np.array([share]), n)[0] == pytest.approx(-math.log(share) - terms, abs=1e-10)

    @pytest.mark.parametrize("order", [0.0, 0.3, 1.0, 1.7, 3.0])
    @pytest.mark.parametrize(("share", "n"), [(0.3, 5), (0.02, 40), (1.0, 7)])
    def test_the_integral_agrees_with_fine_steps(self, order, share, n):
        v = (np.arange(400_000) + 0.5) * 1e-4
        plain = (np.exp(-v) * (1 - (1 - share) * np.exp(-v / n)) ** -order).sum() * 1e-4
        assert float(tail_integral(np.array(share), n, order)) == pytest.approx(plain, rel=1e-8)


class TestEntropy:
    @pytest.mark.parametrize(("counts", "effective"), [(GIRDLED, 13.826), (LOGGED, 16.337)])
    def test_agrees_with_inext(self, counts, effective):
        # Column Estimator, rows Shannon diversity, of iNEXT(spider)$AsyEst, iNEXT 3.0.
        assert math.exp(entropy(counts)) == pytest.approx(effective, abs=5e-4)

    def test_one_mode_has_none(self):
        assert entropy(np.array([0, 500])) == 0.0
        assert entropy(np.array([1])) == 0.0

    @pytest.mark.parametrize("n", [100, 1000])
    def test_is_right_on_average_where_the_plain_one_is_not(self, n, numpy_rng):
        # MNIST's shares; the plain entropy is too low by 9 / 2n, eleven standard errors at least.
        tables = numpy_rng.multinomial(n, MNIST, size=2000)
        scores = np.array([entropy(counts) for counts in tables])
        truth, slack = -(MNIST * np.log(MNIST)).sum(), 5 * scores.std() / math.sqrt(2000)
        plain = -(tables / n * np.log(np.maximum(tables, 1) / n)).sum(axis=1)
        assert scores.mean() == pytest.approx(truth, abs=slack)
        assert plain.mean() < truth - 2 * slack
