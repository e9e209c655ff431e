"""Counts: beside counting all at once."""

import numpy as np
import pytest
import torch

from collapse_metrics.metrics import class_share_test, mode_coverage
from collapse_metrics.streaming import Counts


def test_counts_samples_per_mode(numpy_rng):
    called = numpy_rng.integers(0, 7, size=500)
    seen = Counts(9)
    for batch in np.array_split(called, 13):
        seen.update(batch)
    assert seen.counts.tolist() == np.bincount(called, minlength=9).tolist()
    assert seen.n == 500


def test_takes_what_somebody_else_has_counted():
    seen = Counts(3)
    seen.add([4, 0, 1])
    seen.add(np.array([1.0, 1.0, 0.0]))
    assert seen.counts.tolist() == [5, 1, 1]


def test_the_counts_that_are_handed_out_are_a_copy():
    seen = Counts(2)
    seen.update([0, 1, 1])
    seen.counts[:] = 0
    assert seen.counts.tolist() == [1, 2]


@pytest.mark.parametrize("kind", [torch.uint8, torch.int32, torch.long])
def test_takes_any_whole_numbers(kind):
    seen = Counts(3)
    seen.update(torch.tensor([2, 2, 0], dtype=kind))
    assert seen.counts.tolist() == [1, 0, 2]


def test_gives_any_metric_of_counts(numpy_rng):
    shares = np.array([0.5, 0.3, 0.2])
    seen = Counts(3, fixed={"shares": torch.from_numpy(shares)})
    seen.update(numpy_rng.integers(0, 2, size=40))
    assert seen.result("mode_coverage") == mode_coverage(counts=seen.counts, shares=shares)
    assert seen.result("class_share_test", seed=3) == class_share_test(counts=seen.counts, shares=shares, seed=3)


@pytest.mark.parametrize(
    ("called", "message"),
    [
        ([0, 3], r"must lie from 0 to 2, got 0 to 3: leave out samples without a mode"),
        ([-1, 2], r"must lie from 0 to 2, got -1 to 2"),
        ([0.5, 1.0], r"one whole number a sample, got torch.float32 of shape \(2,\)"),
        ([[0, 1]], r"one whole number a sample, got torch.int64 of shape \(1, 2\)"),
    ],
    ids=["too-large", "negative", "fractions", "table"],
)
@pytest.mark.bad_input
def test_bad_modes_are_explained(called, message):
    seen = Counts(3)
    with pytest.raises(ValueError, match=message):
        seen.update(torch.tensor(called))
    assert seen.n == 0


@pytest.mark.parametrize("counts", [[1, 2], [1.5, 0, 0], [-1, 2, 3]])
@pytest.mark.bad_input
def test_bad_counts_are_explained(counts):
    with pytest.raises(ValueError, match="`counts` must be 3 whole numbers of samples"):
        Counts(3).add(counts)


@pytest.mark.bad_input
def test_a_mode_is_needed():
    with pytest.raises(ValueError, match="`modes` must be at least 1, got 0"):
        Counts(0)
