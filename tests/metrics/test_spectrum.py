"""Sums of products of rows: the smaller matrix, block by block, against the whole."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics.metrics import _spectrum
from collapse_metrics.metrics._spectrum import Cloud, centred, directions, spectrum

SHAPES = [(30, 7), (7, 30), (9, 9), (8, 9), (9, 8), (2, 1)]


@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("block", [1, 4, 2048])
def test_agrees_with_whole_matrices(shape, block, numpy_rng, monkeypatch):
    monkeypatch.setattr(_spectrum, "BLOCK", block)
    x = numpy_rng.normal(size=shape)
    centre, length = numpy_rng.normal(size=shape[1]), numpy_rng.uniform(1, 2, size=shape[0])
    cloud = Cloud(torch.from_numpy(x), centre=torch.from_numpy(centre), length=torch.from_numpy(length))
    moved = (x - centre) / length[:, None]
    gram = cloud.gram
    assert gram.numpy() == pytest.approx(moved.T @ moved if shape[1] <= shape[0] else moved @ moved.T)
    assert cloud.energies(gram).numpy() == pytest.approx(np.square(moved @ moved.T).sum(axis=1))
    weights = numpy_rng.normal(size=shape[0])
    assert cloud.pull(torch.from_numpy(weights)).numpy() == pytest.approx(moved @ (weights @ moved))
    assert cloud.squared_lengths().numpy() == pytest.approx(np.square(moved).sum(axis=1))


@given(seed=st.integers(0, 1000), n=st.integers(2, 12), dim=st.integers(1, 12))
def test_eigenvalues_are_those_of_the_large_matrix(seed, n, dim):
    x = np.random.default_rng(seed).normal(size=(n, dim))
    found = spectrum(Cloud(torch.from_numpy(x)).gram).numpy()
    large = np.linalg.eigvalsh(x @ x.T)
    assert found[-min(n, dim) :] == pytest.approx(large[-min(n, dim) :], abs=1e-9)


def test_what_is_rounding_is_zero(rng):
    rows = torch.randn(50, 3, generator=rng, dtype=torch.double) @ torch.randn(3, 20, generator=rng, dtype=torch.double)
    found = spectrum(Cloud(rows).gram)
    assert int((found > 0).sum()) == 3
    assert (found >= 0).all()


def test_directions_have_length_one(rng):
    cloud = directions(5 * torch.randn(20, 6, generator=rng))
    assert cloud.squared_lengths().numpy() == pytest.approx(np.ones(20), rel=1e-15)


@pytest.mark.parametrize("block", [3, 2048])
def test_centred_rows_lie_around_zero(block, rng, monkeypatch):
    monkeypatch.setattr(_spectrum, "BLOCK", block)
    rows = 1e4 + torch.randn(10, 4, generator=rng, dtype=torch.double)
    moved = torch.cat(list(centred(rows).parts()))
    assert moved.numpy() == pytest.approx((rows - rows.mean(dim=0)).numpy(), abs=1e-10)


@pytest.mark.parametrize("value", [0.0, 0.1, 1e6])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_copies_have_nothing_around_their_mean(value, dtype):
    assert centred(torch.full((7, 3), value, dtype=dtype)) is None


def test_copies_but_for_the_last_digit_have_nothing_around_their_mean(rng):
    rows = torch.rand(1, 8, generator=rng) + 1
    last = torch.randint(-1, 2, (50, 8), generator=rng) * torch.finfo(torch.float32).eps
    assert centred(rows + last) is None
    assert centred(rows + 1000 * last) is not None


def test_the_rows_stay_as_they_are(rng):
    rows = torch.randn(6, 3, generator=rng)
    before = rows.clone()
    assert centred(rows).gram.isfinite().all()
    assert directions(rows).gram.isfinite().all()
    assert torch.equal(rows, before)
