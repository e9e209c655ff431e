"""Vendi score: against the program of the paper, against brute force, by order, and in a collapse."""

import math
from itertools import pairwise

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from vendi_score import vendi

from collapse_metrics.metrics import _neighbours, rke, vendi_score
from collapse_metrics.metrics.vendi_score import AS_GOOD_AS_ONE

ORDERS = (0.0, 0.5, 1.0, 2.0, 3.0, math.inf)
GAUSSIAN = {"kernel": "gaussian", "bandwidth": 1.5}


def hill_number(shares, q):
    """Hill's formula with its two limits."""
    shares = shares[shares > 1e-12]
    if q == 1:
        return np.exp(-(shares * np.log(shares)).sum())
    return 1 / shares.max() if q == math.inf else (shares**q).sum() ** (1 / (1 - q))


def vendi_by_definition(rows, q, kernel="cosine", bandwidth=None):
    """Hill number of the eigenvalues of the whole kernel matrix over n."""
    if kernel == "cosine":
        rows = rows / np.linalg.norm(rows, axis=1, keepdims=True)
        matrix = rows @ rows.T
    else:
        matrix = np.exp(-np.square(rows[:, None] - rows).sum(axis=2) / (2 * bandwidth**2))
    return hill_number(np.linalg.eigvalsh(matrix / len(rows)), q)


@pytest.mark.parametrize("q", ORDERS)
@pytest.mark.parametrize("options", [{}, GAUSSIAN], ids=["cosine", "gaussian"])
@given(seed=st.integers(0, 10_000), n=st.integers(1, 12), dim=st.integers(1, 16))
def test_agrees_with_the_definition(q, options, seed, n, dim):
    rows = 3 * np.random.default_rng(seed).normal(size=(n, dim))
    score = vendi_score(fake=torch.from_numpy(rows), q=q, **options)
    # At order 0 of the gaussian kernel the smallest eigenvalue decides, and the oracle has its own idea of zero.
    if options and q == 0:
        assert 1 <= score <= n
    else:
        assert score == pytest.approx(vendi_by_definition(rows, q, **options), rel=1e-6)


@pytest.mark.parametrize("q", [0.5, 1.0, 2.0, 5.0])
@pytest.mark.parametrize(("n", "dim"), [(200, 16), (60, 60)])
def test_agrees_with_the_program_of_the_paper(q, n, dim, numpy_rng):
    # vendi-score 0.0.3: its dual form, which is the one that uses the order it is given.
    rows = numpy_rng.normal(size=(n, dim)) + 0.3
    assert vendi_score(fake=torch.from_numpy(rows), q=q) == pytest.approx(vendi.score_dual(rows, q=q), rel=1e-6)


@pytest.mark.filterwarnings("ignore::DeprecationWarning")
def test_what_the_docstring_says_of_the_program_of_the_paper(numpy_rng):
    rows = numpy_rng.normal(size=(40, 8))
    assert vendi.score_X(rows, q=5) == pytest.approx(vendi_score(fake=torch.from_numpy(rows), q=1.0))
    with np.errstate(all="ignore"):
        assert np.isnan(vendi.score_dual(rows, q=np.inf))
    word = vendi.score_dual(rows, q="inf")
    assert vendi_score(fake=torch.from_numpy(rows), q=math.inf) == pytest.approx(word)
    holes = np.concatenate([rows, np.zeros((40, 8))])
    assert vendi.score_dual(holes, q=2.0) > 2 * vendi.score_dual(rows, q=2.0)
    thin = rows[:, :1] * np.ones((40, 8))
    assert vendi_score(fake=torch.from_numpy(thin), q=0.0) == 1.0
    assert vendi.score_dual(thin, q=0.01) > 1.5


@given(seed=st.integers(0, 1000), n=st.integers(2, 30), dim=st.integers(2, 30))
def test_a_larger_order_never_scores_more(seed, n, dim):
    rows = torch.from_numpy(np.random.default_rng(seed).normal(size=(n, dim)))
    scores = [vendi_score(fake=rows, q=q) for q in (0.0, 0.3, 1.0, 1.5, 2.0, 4.0, 100.0, math.inf)]
    assert all(a >= b - 1e-9 for a, b in pairwise(scores))
    assert scores[-1] >= 1
    assert scores[0] <= min(n, dim) + 1e-9


def test_orders_near_one_lead_to_order_one(rng):
    rows = torch.randn(50, 8, generator=rng)
    one = vendi_score(fake=rows, q=1.0)
    for step in (1e-3, 1e-6, 1.01 * AS_GOOD_AS_ONE, 0.99 * AS_GOOD_AS_ONE, 1e-15):
        assert vendi_score(fake=rows, q=1 + step) == pytest.approx(one, rel=10 * step + 1e-6)
        assert vendi_score(fake=rows, q=1 - step) == pytest.approx(one, rel=10 * step + 1e-6)


@pytest.mark.parametrize("q", ORDERS)
@pytest.mark.parametrize("alive", [1, 3, 8])
def test_each_lost_mode_counts(q, alive, rng):
    rows = torch.eye(8)[:alive].repeat(20, 1) * (1 + torch.rand(20 * alive, 1, generator=rng))
    assert vendi_score(fake=rows, q=q) == pytest.approx(alive)


@pytest.mark.parametrize("q", ORDERS)
@pytest.mark.parametrize("shape", [(50, 7), (7, 50), (1, 3)])
def test_copies_of_one_sample_count_once(q, shape, rng):
    rows = torch.randn(1, shape[1], generator=rng).repeat(shape[0], 1)
    assert vendi_score(fake=rows, q=q) == pytest.approx(1.0, abs=1e-9)
    assert vendi_score(fake=rows, q=q) >= 1.0
    assert vendi_score(fake=rows, q=q, **GAUSSIAN) == pytest.approx(1.0, abs=1e-9)


@pytest.mark.parametrize("q", [0.0, 1.0, 2.0, math.inf])
def test_repeating_the_whole_set_changes_nothing(q, rng):
    rows = torch.randn(15, 40, generator=rng)
    assert vendi_score(fake=rows.repeat(4, 1), q=q) == pytest.approx(vendi_score(fake=rows, q=q))


def test_order_two_without_eigenvalues_is_order_two(rng):
    rows = torch.randn(60, 5, generator=rng)
    for options in ({}, GAUSSIAN):
        near = vendi_score(fake=rows, q=2 + 1e-9, **options)
        assert vendi_score(fake=rows, q=2.0, **options) == pytest.approx(near)


def test_counts_a_row_as_a_pair_with_itself_where_rke_does_not(rng):
    rows = torch.randn(80, 16, generator=rng)
    score = vendi_score(fake=rows, q=2.0)
    assert rke(fake=rows) == pytest.approx(79 / (80 / score - 1))


def test_chunking_changes_nothing(rng, monkeypatch):
    rows = torch.randn(50, 3, generator=rng)
    whole = [vendi_score(fake=rows, q=q, **GAUSSIAN) for q in (1.0, 2.0)]
    monkeypatch.setattr(_neighbours, "CHUNK", 7)
    assert [vendi_score(fake=rows, q=q, **GAUSSIAN) for q in (1.0, 2.0)] == pytest.approx(whole)


@pytest.mark.parametrize(
    ("fake", "options", "message"),
    [
        (torch.full((9, 2), torch.nan), {}, r"`fake` has NaN or infinity in 9 of 9"),
        (torch.zeros(0, 2), {}, r"`fake` needs at least 1 rows, got 0"),
        (torch.zeros(9, 2), {}, r"cosine of a row of zeros is not defined, got 9 of 9"),
        (torch.eye(9), {"q": -0.5}, r"`q` is an order and must be 0 or more, got -0.5"),
        (torch.eye(9), {"q": math.nan}, r"must be 0 or more, got nan"),
        (torch.eye(9), {"kernel": "gaussian"}, r"needs a `bandwidth` above 0"),
    ],
    ids=["nan", "empty", "zeros", "negative", "nan-order", "no-bandwidth"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(fake, options, message):
    with pytest.raises(ValueError, match=message):
        vendi_score(fake=fake, **options)
