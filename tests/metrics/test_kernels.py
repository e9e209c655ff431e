"""Kernels: what they are of two rows, and what they refuse."""

import math

import numpy as np
import pytest
import torch

from collapse_metrics.metrics import _neighbours
from collapse_metrics.metrics._kernels import check_kernel, gaussian_blocks, lengths


def test_the_gaussian_kernel_is_its_formula(numpy_rng):
    x = numpy_rng.normal(size=(30, 4))
    blocks = list(gaussian_blocks(torch.from_numpy(x), 1.7))
    squared = np.square(x[:, None] - x).sum(axis=2)
    assert torch.cat([block for _, block in blocks]).numpy() == pytest.approx(np.exp(-squared / (2 * 1.7**2)))


def test_a_row_is_entirely_like_itself_and_like_its_copies(rng):
    rows = 1000 + torch.randn(20, 8, generator=rng).repeat(2, 1)
    kernel = torch.cat([block for _, block in gaussian_blocks(rows, 1e-3)])
    assert (kernel.diagonal() == 1).all()
    assert (kernel[:20, 20:].diagonal() == 1).all()


def test_blocks_say_where_they_start(rng, monkeypatch):
    rows = torch.randn(10, 3, generator=rng)
    whole = torch.cat([block for _, block in gaussian_blocks(rows, 1.0)])
    monkeypatch.setattr(_neighbours, "CHUNK", 4)
    for start, block in gaussian_blocks(rows, 1.0):
        assert block == pytest.approx(whole[start : start + len(block)])


def test_lengths_are_euclidean_and_exact():
    rows = torch.tensor([[3.0, 4.0], [1e-30, 0.0], [0.1, 0.0]])
    assert lengths(rows).dtype == torch.float64
    assert lengths(rows).numpy() == pytest.approx(np.linalg.norm(rows.double().numpy(), axis=1), rel=1e-15)


@pytest.mark.bad_input
def test_a_row_of_zeros_has_no_direction():
    rows = torch.eye(5)
    rows[1:3] = 0
    with pytest.raises(ValueError, match=r"cosine of a row of zeros is not defined, got 2 of 5"):
        lengths(rows)


def test_a_known_kernel_with_what_it_needs_passes():
    assert check_kernel("cosine", None) == 1.0
    assert check_kernel("gaussian", 0.3) == 0.3


@pytest.mark.parametrize("bandwidth", [None, 0.0, -1.0, math.inf, math.nan])
@pytest.mark.bad_input
def test_a_gaussian_needs_its_bandwidth(bandwidth):
    with pytest.raises(ValueError, match=r"needs a `bandwidth` above 0, got .*median distance"):
        check_kernel("gaussian", bandwidth)


@pytest.mark.bad_input
def test_nothing_is_accepted_and_ignored():
    with pytest.raises(ValueError, match="`bandwidth` is of the gaussian kernel only"):
        check_kernel("cosine", 1.0)
    with pytest.raises(ValueError, match="must be 'cosine' or 'gaussian', got 'rbf'"):
        check_kernel("rbf", 1.0)
