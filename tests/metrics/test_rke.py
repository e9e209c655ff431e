"""RKE: by hand, against brute force, against theory, across sample sizes, and in a collapse."""

import math
from itertools import permutations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics._registry import METRICS
from collapse_metrics.metrics import _neighbours, rke

interval = METRICS["rke"].interval
GAUSSIAN = {"kernel": "gaussian", "bandwidth": 1.5}


def rke_by_definition(rows, kernel="cosine", bandwidth=None):
    """One over the mean squared kernel, one pair of different rows at a time."""

    def alike(a, b):
        if kernel == "cosine":
            return a @ b / np.linalg.norm(a) / np.linalg.norm(b)
        return np.exp(-np.square(a - b).sum() / (2 * bandwidth**2))

    return 1 / np.mean([alike(a, b) ** 2 for a, b in permutations(rows, 2)])


@pytest.mark.parametrize("options", [{}, GAUSSIAN], ids=["cosine", "gaussian"])
@given(seed=st.integers(0, 10_000), n=st.integers(2, 12), dim=st.integers(1, 16))
def test_agrees_with_the_definition(options, seed, n, dim):
    rows = np.random.default_rng(seed).normal(size=(n, dim)) + 0.5
    expected = rke_by_definition(rows, **options)
    assert rke(fake=torch.from_numpy(rows), **options) == pytest.approx(expected, rel=1e-9)


@given(seed=st.integers(0, 10_000), kinds=st.integers(1, 6), each=st.integers(2, 6))
def test_counts_kinds_that_have_nothing_in_common(seed, kinds, each):
    order = np.random.default_rng(seed).permutation(kinds * each)
    rows = torch.eye(8)[:kinds].repeat(each, 1)[torch.from_numpy(order)]
    # A pair falls into one kind with probability (each - 1) / (n - 1).
    assert rke(fake=rows) == pytest.approx((kinds * each - 1) / (each - 1))


@pytest.mark.parametrize(("n", "draws"), [(20, 800), (100, 100), (400, 20)])
def test_the_likeness_is_unbiased_at_any_sample_size(n, draws, rng):
    # Two standard normal rows: E exp(-d² / b²) = (1 + 4 / b²)^(-dim / 2), which is 2^-8 for dim 16 and bandwidth 2.
    likeness = [1 / rke(fake=torch.randn(n, 16, generator=rng), kernel="gaussian", bandwidth=2.0) for _ in range(draws)]
    error = np.std(likeness, ddof=1) / math.sqrt(draws)
    assert np.mean(likeness) == pytest.approx(1 / 256, abs=5 * error)  # t with 19 degrees: fails below 1e-4
    assert 5 * error < 0.15 / 256


def test_the_numbers_in_the_docstring_are_those_of_400_normal_rows(rng):
    ours, theirs = [], []
    for _ in range(20):
        rows = torch.randn(400, 16, generator=rng)
        ours.append(rke(fake=rows, kernel="gaussian", bandwidth=2.0))
        kernel = torch.exp(-torch.cdist(rows.double(), rows.double()).square() / 8)
        theirs.append(1 / (kernel / 400).square().sum().item())
        assert 399 / (400 / theirs[-1] - 1) == pytest.approx(ours[-1])
    assert np.mean(ours) == pytest.approx(256, rel=0.02)
    assert np.mean(theirs) == pytest.approx(156, rel=0.02)


@pytest.mark.parametrize("alive", [1, 3, 8])
def test_each_lost_mode_counts(alive, ring):
    score = rke(fake=ring(8, per_mode=60)[: alive * 60], kernel="gaussian", bandwidth=3.0)
    assert score == pytest.approx(alive, rel=0.05)


def test_copies_of_one_sample_are_one_kind(rng):
    rows = torch.randn(1, 7, generator=rng).repeat(50, 1)
    for options in ({}, GAUSSIAN):
        assert rke(fake=rows, **options) == pytest.approx(1.0, abs=1e-12)
        assert rke(fake=rows, **options) >= 1.0
        assert interval(fake=rows, **options) == pytest.approx((1.0, 1.0))


def test_nothing_in_common_has_no_end():
    turned, _ = torch.linalg.qr(torch.randn(9, 9, generator=torch.Generator().manual_seed(0)))
    assert rke(fake=torch.eye(9)) == math.inf
    assert rke(fake=turned.double()) > 1e10  # in float32 they are at right angles to seven digits
    turned, _ = torch.linalg.qr(turned.double())
    assert rke(fake=turned) == math.inf
    assert interval(fake=turned) == (1.0, math.inf)
    assert rke(fake=1e3 * torch.arange(9.0)[:, None], **GAUSSIAN) == math.inf
    assert interval(fake=torch.eye(9)) == (1.0, math.inf)


def test_the_cosine_does_not_see_the_length(rng):
    rows = torch.randn(40, 5, generator=rng)
    longer = rows * torch.rand(40, 1, generator=rng).add(0.1)
    assert rke(fake=longer) == pytest.approx(rke(fake=rows), rel=1e-6)
    assert rke(fake=-rows) == pytest.approx(rke(fake=rows))


@pytest.mark.parametrize("chunk", [1, 7, 49])
def test_chunking_changes_nothing(chunk, rng, monkeypatch):
    rows = torch.randn(50, 3, generator=rng)
    whole = rke(fake=rows, **GAUSSIAN), interval(fake=rows, **GAUSSIAN)
    monkeypatch.setattr(_neighbours, "CHUNK", chunk)
    assert rke(fake=rows, **GAUSSIAN) == pytest.approx(whole[0])
    assert interval(fake=rows, **GAUSSIAN) == pytest.approx(whole[1])


class TestInterval:
    @pytest.mark.parametrize("options", [{}, GAUSSIAN], ids=["cosine", "gaussian"])
    @pytest.mark.parametrize("dim", [4, 60])
    def test_is_the_jackknife_on_the_scale_of_logarithms(self, options, dim, rng):
        rows = torch.randn(40, dim, generator=rng, dtype=torch.double) * 0.3 + 0.2
        likeness = [1 / rke(fake=torch.cat([rows[:i], rows[i + 1 :]]), **options) for i in range(40)]
        error = math.sqrt(39 / 40 * np.square(likeness - np.mean(likeness)).sum()) * rke(fake=rows, **options)
        low, high = interval(fake=rows, **options)
        assert math.log(high / low) == pytest.approx(2 * 1.959964 * error, rel=1e-6)
        assert math.sqrt(low * high) == pytest.approx(rke(fake=rows, **options))

    def test_covers_the_truth_as_often_as_it_says(self, rng):
        # 200 intervals at 95 %: fewer than 175 covers have a probability below 1e-4. No upper bound: where no sample
        # is more usual than another, as in this law, the interval is up to 1.4 times too wide.
        truth = (1 + 4 / 4) ** 4
        covered = 0
        for _ in range(200):
            low, high = interval(fake=torch.randn(60, 8, generator=rng), kernel="gaussian", bandwidth=2.0)
            covered += low <= truth <= high
        assert covered >= 175

    def test_ends_at_one(self):
        rows = torch.eye(2).repeat_interleave(torch.tensor([99, 1]), dim=0)
        assert interval(fake=rows)[0] == 1.0

    def test_two_rows_say_nothing_of_their_spread(self, rng):
        assert interval(fake=torch.randn(2, 5, generator=rng)) == (1.0, math.inf)


@pytest.mark.parametrize(
    ("fake", "options", "message"),
    [
        (torch.full((9, 2), torch.nan), {}, r"`fake` has NaN or infinity in 9 of 9"),
        (torch.ones(1, 2), {}, r"`fake` needs at least 2 rows, got 1"),
        (torch.zeros(9, 2), {}, r"cosine of a row of zeros"),
        (torch.eye(9), {"kernel": "gaussian"}, r"needs a `bandwidth` above 0, got None"),
        (torch.eye(9), {"kernel": "polynomial"}, r"must be 'cosine' or 'gaussian', got 'polynomial'"),
        (torch.eye(9), {"bandwidth": 2.0}, r"`bandwidth` is of the gaussian kernel only"),
    ],
    ids=["nan", "one", "zeros", "no-bandwidth", "kernel", "ignored"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(fake, options, message):
    with pytest.raises(ValueError, match=message):
        rke(fake=fake, **options)
    with pytest.raises(ValueError, match=message):
        interval(fake=fake, **options)
