"""Participation ratio: against brute force over quadruples, against theory, across sample sizes, in a collapse."""

import math
from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics._registry import METRICS
from collapse_metrics.metrics import _spectrum, participation_ratio

interval = METRICS["participation_ratio"].interval


def ratio_by_definition(rows):
    """Both sums as means over four different rows: (x1 - x2) and (x3 - x4) scatter independently."""
    top, bottom = [], []
    for i, j, k, m in permutations(range(len(rows)), 4):
        u, v = rows[i] - rows[j], rows[k] - rows[m]
        top.append((u @ u) * (v @ v))
        bottom.append((u @ v) ** 2)
    return np.mean(top) / np.mean(bottom)


def plug_in(rows):
    covariance = np.atleast_2d(np.cov(rows, rowvar=False))
    return np.trace(covariance) ** 2 / np.square(covariance).sum()


@given(seed=st.integers(0, 10_000), n=st.integers(4, 7), dim=st.integers(1, 9))
def test_agrees_with_the_definition(seed, n, dim):
    rows = np.exp(np.random.default_rng(seed).normal(size=(n, dim)))
    expected = np.clip(ratio_by_definition(rows), 1, dim)
    assert participation_ratio(fake=torch.from_numpy(rows)) == pytest.approx(expected, rel=1e-6)


@given(seed=st.integers(0, 10_000), n=st.integers(2, 15), dim=st.integers(1, 15))
def test_the_plug_in_number_is_that_of_the_covariance(seed, n, dim):
    rows = np.random.default_rng(seed).normal(size=(n, dim)) * np.arange(1, dim + 1)
    score = participation_ratio(fake=torch.from_numpy(rows), unbiased=False)
    assert score == pytest.approx(plug_in(rows), rel=1e-6)


@pytest.mark.parametrize(("n", "draws"), [(30, 200), (100, 60), (400, 20)])
def test_means_the_same_at_any_sample_size(n, draws, rng):
    scale = torch.linspace(0, 1, 100)
    truth = scale.square().sum() ** 2 / scale.pow(4).sum()
    scores = [participation_ratio(fake=scale * torch.randn(n, 100, generator=rng)) for _ in range(draws)]
    error = np.std(scores, ddof=1) / math.sqrt(draws)
    # Of a quotient of unbiased sums there remains a bias of one variance: 0.2 % at 30 samples.
    assert np.mean(scores) == pytest.approx(truth.item(), abs=5 * error + 0.004 * truth.item())
    usual = participation_ratio(fake=scale * torch.randn(n, 100, generator=rng), unbiased=False)
    assert usual == pytest.approx(1 / (1 / truth.item() + 1 / n), rel=0.1)


def test_counts_equally_strong_directions():
    corners = torch.cat([torch.eye(6), -torch.eye(6)])
    assert participation_ratio(fake=corners, unbiased=False) == pytest.approx(6)
    assert participation_ratio(fake=corners.repeat(200, 1)) == pytest.approx(6, rel=1e-3)


def test_never_leaves_the_possible(rng):
    for _ in range(50):
        rows = torch.randn(5, 6, generator=rng)
        assert 1 <= participation_ratio(fake=rows) <= 6
        low, high = interval(fake=rows)
        assert 1 <= low <= high <= 6


def test_four_samples_at_right_angles_show_no_concentration_at_all():
    assert participation_ratio(fake=torch.eye(9)[:4]) == 9.0
    assert interval(fake=torch.eye(9)[:5]) == (1.0, 9.0)


def test_copies_have_no_direction(rng):
    rows = torch.rand(1, 8, generator=rng).repeat(20, 1)
    assert participation_ratio(fake=rows) == 0.0
    assert interval(fake=rows) == (0.0, 0.0)


@pytest.mark.parametrize("dim", [2, 50])
def test_samples_on_a_line_have_one(dim, rng):
    line = torch.randn(30, 1, generator=rng) * torch.randn(1, dim, generator=rng)
    assert participation_ratio(fake=line) == pytest.approx(1.0)
    assert interval(fake=line) == pytest.approx((1.0, 1.0), rel=1e-3)


@pytest.mark.parametrize("shape", [(40, 9), (9, 40)])
def test_blocks_change_nothing(shape, rng, monkeypatch):
    rows = torch.randn(shape, generator=rng)
    whole = participation_ratio(fake=rows), interval(fake=rows)
    monkeypatch.setattr(_spectrum, "BLOCK", 4)
    assert participation_ratio(fake=rows) == pytest.approx(whole[0])
    assert interval(fake=rows) == pytest.approx(whole[1])


class TestInterval:
    @pytest.mark.parametrize("unbiased", [True, False])
    @pytest.mark.parametrize(("n", "dim"), [(40, 8), (20, 30)])
    def test_is_the_jackknife_on_the_scale_of_logarithms(self, n, dim, unbiased, rng):
        def ratio(rows):
            return participation_ratio(fake=rows, unbiased=unbiased)

        rows = torch.randn(n, dim, generator=rng).mul(0.5).exp() / torch.arange(1, dim + 1)
        logs = np.log([ratio(torch.cat([rows[:i], rows[i + 1 :]])) for i in range(n)])
        error = math.sqrt((n - 1) / n * np.square(logs - logs.mean()).sum())
        low, high = interval(fake=rows, unbiased=unbiased)
        assert low == pytest.approx(max(1.0, ratio(rows) * math.exp(-1.959964 * error)), rel=1e-6)
        assert high == pytest.approx(min(dim, ratio(rows) * math.exp(1.959964 * error)), rel=1e-6)

    @pytest.mark.parametrize(("n", "unbiased"), [(4, True), (2, False)])
    def test_too_few_samples_leave_everything_open(self, n, unbiased, rng):
        assert interval(fake=torch.randn(n, 7, generator=rng), unbiased=unbiased) == (1.0, 7.0)

    def test_covers_the_truth_as_often_as_it_says(self, rng):
        # 200 intervals at 95 %: fewer than 175 covers have a probability below 1e-4. No upper bound: where no sample
        # is more usual than another, the interval is up to 1.4 times too wide.
        scale = torch.linspace(0, 1, 40)
        truth = (scale.square().sum() ** 2 / scale.pow(4).sum()).item()
        covered = 0
        for _ in range(200):
            low, high = interval(fake=scale * torch.randn(50, 40, generator=rng))
            covered += low <= truth <= high
        assert covered >= 175


@pytest.mark.parametrize(
    ("fake", "unbiased", "message"),
    [
        (torch.full((9, 2), torch.nan), True, r"`fake` has NaN or infinity in 9 of 9"),
        (torch.zeros(3, 2), True, r"`fake` needs at least 4 rows, got 3"),
        (torch.zeros(1, 2), False, r"`fake` needs at least 2 rows, got 1"),
    ],
    ids=["nan", "three", "one"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(fake, unbiased, message):
    with pytest.raises(ValueError, match=message):
        participation_ratio(fake=fake, unbiased=unbiased)
