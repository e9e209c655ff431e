"""Intervals: the jackknife and the error of a mean over pairs, against theory and against simulation."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from collapse_metrics.stats.jackknife import BLOCKS, blocks_of, jackknife_interval
from collapse_metrics.stats.u_statistics import normal_interval, pair_mean_error


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
        assert pair_mean_error(np.array([1.0, 2.0, 3.0, 6.0])) == pytest.approx(2 * np.sqrt(14 / 3) / 2)

    @pytest.mark.parametrize("n", [1, 2])
    def test_one_pair_says_nothing_of_its_spread(self, n):
        assert pair_mean_error(np.ones(n)) == float("inf")

    def test_copies_are_known_exactly(self):
        assert pair_mean_error(np.zeros(10)) == 0.0


class TestNormalInterval:
    @pytest.mark.parametrize(("level", "reach"), [(0.95, 1.959964), (0.99, 2.575829), (0.5, 0.674490)])
    def test_known_quantiles(self, level, reach):
        assert normal_interval(3.0, 2.0, level=level) == pytest.approx((3 - 2 * reach, 3 + 2 * reach), abs=1e-5)

    def test_the_level_is_95_percent_unless_told(self):
        assert normal_interval(0.0, 1.0) == normal_interval(0.0, 1.0, level=0.95)

    def test_an_error_that_is_not_known_leaves_everything_open(self):
        assert normal_interval(1.0, float("inf")) == (float("-inf"), float("inf"))
