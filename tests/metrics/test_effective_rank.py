"""Effective rank: against brute force, against theory, and where few directions are left."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from collapse_metrics.metrics import _spectrum, effective_rank


def rank_by_definition(rows):
    """Exponential of the entropy of the covariance's spectrum."""
    spectrum = np.linalg.eigvalsh(np.atleast_2d(np.cov(rows, rowvar=False))).clip(0)
    return np.exp(stats.entropy(spectrum))


@given(seed=st.integers(0, 10_000), n=st.integers(2, 15), dim=st.integers(1, 15))
def test_agrees_with_the_definition(seed, n, dim):
    rows = np.random.default_rng(seed).normal(size=(n, dim)) * np.arange(1, dim + 1)
    assert effective_rank(fake=torch.from_numpy(rows)) == pytest.approx(rank_by_definition(rows), rel=1e-6)


@pytest.mark.parametrize("dim", [1, 5, 40])
def test_counts_equally_strong_directions(dim):
    corners = torch.cat([torch.eye(dim), -torch.eye(dim)])
    assert effective_rank(fake=torch.nn.functional.pad(corners, (0, 10))) == pytest.approx(dim)


@pytest.mark.parametrize("directions", [1, 2, 3])
def test_a_generator_that_moves_along_few_directions(directions, rng):
    sheet = (
        torch.randn(500, directions, generator=rng)
        @ torch.linalg.qr(torch.randn(50, 50, generator=rng))[0][:directions]
    )
    assert effective_rank(fake=sheet) == pytest.approx(directions, rel=0.02)


def test_copies_have_no_direction(rng):
    row = torch.rand(1, 8, generator=rng)
    assert effective_rank(fake=row.repeat(20, 1)) == 0.0
    assert effective_rank(fake=row + torch.finfo(torch.float32).eps * torch.randint(-1, 2, (20, 8), generator=rng)) == 0


def test_two_different_samples_make_one_direction(rng):
    rows = torch.randn(2, 30, generator=rng)
    assert effective_rank(fake=rows) == pytest.approx(1.0)
    assert effective_rank(fake=rows.repeat(9, 1)) == pytest.approx(1.0)


def test_is_blind_to_size(rng):
    rows = torch.randn(200, 6, generator=rng, dtype=torch.double)
    assert effective_rank(fake=5 + 1e-3 * rows) == pytest.approx(effective_rank(fake=rows), rel=1e-6)


@pytest.mark.parametrize("shape", [(40, 9), (9, 40)])
def test_blocks_change_nothing(shape, rng, monkeypatch):
    rows = torch.randn(shape, generator=rng)
    whole = effective_rank(fake=rows)
    monkeypatch.setattr(_spectrum, "BLOCK", 4)
    assert effective_rank(fake=rows) == pytest.approx(whole)


@pytest.mark.parametrize(
    ("fake", "message"),
    [
        (torch.full((9, 2), torch.nan), r"`fake` has NaN or infinity in 9 of 9"),
        (torch.zeros(1, 2), r"`fake` needs at least 2 rows, got 1"),
        (torch.zeros(9, 1, 8, 8), r"`fake` must be a \(rows, dim\)"),
    ],
    ids=["nan", "one", "pictures"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(fake, message):
    with pytest.raises(ValueError, match=message):
        effective_rank(fake=fake)
