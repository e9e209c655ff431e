"""Intervals: the jackknife and the error of a mean over pairs, against theory and against simulation."""

from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from collapse_metrics.stats.jackknife import BLOCKS, blocks_of, jackknife_interval
from collapse_metrics.stats.u_statistics import (
    log_interval,
    normal_interval,
    pair_mean_error,
    pair_share_variance,
    poisson_interval,
)


class TestBlocks:
    @given(n=st.integers(2, 100), blocks=st.integers(2, 12), seed=st.integers(0, 100))
    def test_every_row_is_left_out_exactly_once(self, n, blocks, seed):
        kept = blocks_of(n, blocks=blocks, seed=seed)
        assert len(kept) == min(blocks, n)
        left_out = [set(range(n)) - set(rows.tolist()) for rows in kept]
        assert sorted(i for rows in left_out for i in rows) == list(range(n))
        assert all(len(rows) + len(out) == n for rows, out in zip(kept, left_out, strict=True))
        sizes = [len(out) for out in left_out]
        assert max(sizes) - min(sizes) <= 1

    def test_neighbouring_rows_do_not_share_a_block(self):
        left_out = set(range(100)) - set(blocks_of(100)[0].tolist())
        assert left_out != set(range(10))

    def test_the_seed_decides_and_the_training_s_chance_is_left_alone(self):
        state = torch.get_rng_state()
        assert all(torch.equal(a, b) for a, b in zip(blocks_of(50, seed=1), blocks_of(50, seed=1), strict=True))
        assert not torch.equal(blocks_of(50, seed=1)[0], blocks_of(50, seed=2)[0])
        assert torch.equal(torch.get_rng_state(), state)


class TestJackknife:
    @pytest.mark.parametrize(("n", "level"), [(100, 0.95), (1000, 0.95), (200, 0.5)])
    def test_of_a_mean_it_is_the_t_interval_of_the_block_means(self, n, level, rng):
        x = torch.randn(n, generator=rng, dtype=torch.double)
        rest = [set(range(n)) - set(rows.tolist()) for rows in blocks_of(n)]
        means = np.array([x[list(rows)].mean().item() for rows in rest])
        low, high = jackknife_interval(lambda rows: x[rows].mean().item(), n, x.mean().item(), level=level)
        theirs = stats.t.interval(level, BLOCKS - 1, loc=means.mean(), scale=stats.sem(means))
        assert (low, high) == pytest.approx(theirs)

    def test_covers_the_truth_as_often_as_it_says(self, rng):
        # 400 intervals at 95 %: fewer than 360 or more than 397 covers have a probability below 1e-4 each.
        covered = 0
        for seed in range(400):
            x = torch.rand(100, generator=rng)
            low, high = jackknife_interval(lambda rows, x=x: x[rows].mean().item(), 100, x.mean().item(), seed=seed)
            covered += low <= 0.5 <= high
        assert 360 <= covered <= 397

    def test_lies_around_the_value_on_all_rows(self):
        low, high = jackknife_interval(lambda rows: float(rows.double().mean()), 50, 100.0)
        assert (low + high) / 2 == pytest.approx(100.0)
        assert low < high

    def test_agreement_of_all_blocks_leaves_no_width(self):
        assert jackknife_interval(lambda rows: 0.25, 50, 0.25) == (0.25, 0.25)

    def test_fewer_rows_than_blocks_are_left_out_one_at_a_time(self):
        x = np.array([1.0, 2.0, 4.0])
        low, high = jackknife_interval(lambda rows: float(x[rows.numpy()].mean()), 3, x.mean())
        assert (low, high) == pytest.approx(stats.t.interval(0.95, 2, loc=x.mean(), scale=stats.sem(x)))

    @pytest.mark.parametrize("n", [0, 1])
    def test_one_row_says_nothing_of_its_spread(self, n):
        assert jackknife_interval(lambda rows: pytest.fail("nothing to leave out"), n, 0.5) == (0.5, 0.5)


class TestPairMeans:
    @pytest.mark.parametrize("draw", ["standard_normal", "random", "standard_exponential"])
    def test_agrees_with_simulation(self, draw, numpy_rng):
        n, values, errors = 60, [], []
        for _ in range(500):
            x = getattr(numpy_rng, draw)(n)
            row_means = np.abs(x[:, None] - x).sum(axis=1) / (n - 1)
            values.append(row_means.mean())
            errors.append(pair_mean_error(row_means))
        # The standard deviation of 500 values is known to 3 %, and the first-order term lacks about 1 / n.
        assert np.mean(errors) == pytest.approx(np.std(values), rel=0.12)

    def test_the_formula_by_hand(self):
        assert pair_mean_error(np.array([1.0, 2.0, 3.0, 6.0])) == pytest.approx(2 * np.sqrt(14 / 3) / 2 * 3 / 2)

    @given(seed=st.integers(0, 1000), n=st.integers(3, 15))
    def test_is_the_jackknife_that_leaves_out_one_sample_at_a_time(self, seed, n):
        table = np.random.default_rng(seed).random((n, n))
        table += table.T
        np.fill_diagonal(table, 0)
        without = [np.delete(np.delete(table, i, 0), i, 1).sum() / ((n - 1) * (n - 2)) for i in range(n)]
        error = np.sqrt((n - 1) / n * np.square(without - np.mean(without)).sum())
        assert pair_mean_error(table.sum(axis=1) / (n - 1)) == pytest.approx(error)

    @pytest.mark.parametrize("n", [1, 2])
    def test_one_pair_says_nothing_of_its_spread(self, n):
        assert pair_mean_error(np.ones(n)) == float("inf")

    def test_copies_are_known_exactly(self):
        assert pair_mean_error(np.zeros(10)) == 0.0


class TestPairShares:
    def test_the_unbiased_variance_by_hand(self):
        # Of the squared share, the pairs of pairs without a common sample are what its expectation squared would be.
        table = np.array([[0, 1, 0, 0, 1], [1, 0, 0, 0, 0], [0, 0, 0, 1, 0], [0, 0, 1, 0, 1], [1, 0, 0, 1, 0]])
        apart = [table[i, j] * table[k, m] for i, j, k, m in permutations(range(5), 4)]
        expected = (table.sum() / 20) ** 2 - np.mean(apart)
        assert pair_share_variance(table.sum(axis=1).astype(float)) == pytest.approx(expected)

    @pytest.mark.parametrize("shares", [np.full(20, 0.05), np.r_[0.3, np.full(70, 0.01)]], ids=["equal", "uneven"])
    def test_agrees_with_simulation(self, shares, numpy_rng):
        values, variances = [], []
        for _ in range(4000):
            counts = numpy_rng.multinomial(50, shares)
            values.append((counts * (counts - 1)).sum() / (50 * 49))
            variances.append(pair_share_variance(np.repeat(counts - 1.0, counts)))
        # The variance of 4,000 values is known to 2 to 4 %.
        assert np.mean(variances) == pytest.approx(np.var(values, ddof=1), rel=0.16)

    def test_all_alike_is_known_exactly(self):
        assert pair_share_variance(np.full(9, 8.0)) == pytest.approx(0.0, abs=1e-15)

    @pytest.mark.parametrize("n", [2, 3])
    def test_three_samples_have_no_two_pairs_apart(self, n):
        assert pair_share_variance(np.ones(n)) == float("inf")


class TestPoissonInterval:
    @pytest.mark.parametrize("count", [1.0, 2.0, 10.0, 300.0])
    @pytest.mark.parametrize("level", [0.8, 0.95])
    def test_the_ends_are_the_expectations_that_hardly_give_the_count(self, count, level):
        low, high = poisson_interval(count, level=level)
        assert stats.poisson.sf(count - 1, low) == pytest.approx((1 - level) / 2)
        assert stats.poisson.cdf(count, high) == pytest.approx((1 - level) / 2)

    def test_none_seen(self):
        assert poisson_interval(0.0) == pytest.approx((0.0, -np.log(0.025)))

    @pytest.mark.parametrize("mean", [0.5, 3.0, 40.0])
    def test_covers_at_least_as_often_as_it_says(self, mean):
        counts = np.arange(200)
        ends = np.array([poisson_interval(float(count)) for count in counts])
        covers = (ends[:, 0] <= mean) & (mean <= ends[:, 1])
        assert 0.95 <= stats.poisson.pmf(counts, mean)[covers].sum() <= 1


class TestLogInterval:
    def test_is_the_normal_interval_of_the_logarithm(self):
        low, high = log_interval(3.0, 0.2, level=0.9)
        assert np.log([low, high]) == pytest.approx(normal_interval(np.log(3), 0.2, level=0.9))

    @pytest.mark.parametrize("error", [float("inf"), 1e9])
    def test_an_error_that_is_not_known_leaves_everything_open(self, error):
        assert log_interval(3.0, error) == (0.0, float("inf"))

    def test_nothing_that_is_known_exactly_stays_nothing(self):
        assert log_interval(0.0, 0.0) == (0.0, 0.0)
        assert log_interval(2.0, 0.0) == (2.0, 2.0)

    def test_the_level_is_95_percent_unless_told(self):
        assert log_interval(1.0, 1.0) == log_interval(1.0, 1.0, level=0.95)


class TestNormalInterval:
    @pytest.mark.parametrize(("level", "reach"), [(0.95, 1.959964), (0.99, 2.575829), (0.5, 0.674490)])
    def test_known_quantiles(self, level, reach):
        assert normal_interval(3.0, 2.0, level=level) == pytest.approx((3 - 2 * reach, 3 + 2 * reach), abs=1e-5)

    def test_the_level_is_95_percent_unless_told(self):
        assert normal_interval(0.0, 1.0) == normal_interval(0.0, 1.0, level=0.95)

    def test_an_error_that_is_not_known_leaves_everything_open(self):
        assert normal_interval(1.0, float("inf")) == (float("-inf"), float("inf"))
