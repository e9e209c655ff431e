"""Duplicate rate: by hand, against brute force, and at both ends."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics.metrics import duplicate_rate


def rate_by_definition(rows, tolerance):
    """Samples with a sibling that near, one sample at a time."""
    apart = [np.linalg.norm(np.delete(rows, i, axis=0) - row, axis=1).min() for i, row in enumerate(rows)]
    return np.mean(np.array(apart) <= tolerance)


@pytest.mark.parametrize("tolerance", [0.0, 1.0, 2.0])
@given(seed=st.integers(0, 10_000), n=st.integers(2, 25), side=st.integers(1, 20))
def test_agrees_with_the_definition(tolerance, seed, n, side):
    # Whole numbers, so that many distances are exactly the tolerance and `<` for `<=` would show.
    rows = np.random.default_rng(seed).integers(0, side, size=(n, 2)).astype(float)
    score = duplicate_rate(fake=torch.from_numpy(rows), tolerance=tolerance)
    assert score == pytest.approx(rate_by_definition(rows, tolerance))


@given(seed=st.integers(0, 1000), n=st.integers(2, 20))
def test_the_whole_set_twice_has_twins_throughout(seed, n):
    rows = torch.from_numpy(np.random.default_rng(seed).normal(size=(n, 5)))
    assert duplicate_rate(fake=rows) == 0.0
    assert duplicate_rate(fake=rows.repeat(2, 1)) == 1.0


def test_one_sample_over_and_over_is_all_twins(rng):
    assert duplicate_rate(fake=torch.randn(1, 8, generator=rng).repeat(30, 1)) == 1.0


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_copies_that_differ_in_their_last_digit_are_copies(dtype, rng):
    # The same picture at two places of a batch comes out of a network with other last digits.
    rows = torch.randn(40, 64, generator=rng)
    again = rows * (1 + torch.finfo(torch.float32).eps * torch.randint(-1, 2, rows.shape, generator=rng))
    assert duplicate_rate(fake=torch.cat([rows, again]).to(dtype)) == 1.0
    assert duplicate_rate(fake=torch.cat([rows, rows + 1e-3]).to(dtype)) == 0.0


def test_both_of_a_pair_of_twins_count():
    assert duplicate_rate(fake=torch.tensor([[0.0], [0.0], [1.0], [2.0]])) == 0.5


@pytest.mark.parametrize(
    ("fake", "tolerance", "message"),
    [
        (torch.full((9, 2), torch.nan), 0.0, r"`fake` has NaN or infinity in 9 of 9"),
        (torch.zeros(1, 2), 0.0, r"`fake` needs at least 2 rows, got 1"),
        (torch.zeros(9, 2), -1.0, r"`tolerance` is a distance and must be 0 or more, got -1.0"),
        (torch.zeros(9, 2), float("nan"), r"must be 0 or more, got nan"),
    ],
    ids=["nan", "one", "negative", "nan-tolerance"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(fake, tolerance, message):
    with pytest.raises(ValueError, match=message):
        duplicate_rate(fake=fake, tolerance=tolerance)
