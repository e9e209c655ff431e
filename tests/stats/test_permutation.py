"""Permutation p-values: exact under exchangeable labels, with or without ties."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics.stats.permutation import contrasts, permutation_p_value, quadratic_forms


def test_the_first_column_holds_the_true_labels(numpy_rng):
    labels = contrasts(3, 2, permutations=4, rng=numpy_rng)
    assert labels.shape == (5, 5)
    assert labels[:, 0] == pytest.approx([1 / 3, 1 / 3, 1 / 3, -1 / 2, -1 / 2])


def test_every_column_labels_as_many_rows_first(numpy_rng):
    labels = contrasts(7, 4, permutations=50, rng=numpy_rng)
    assert np.allclose(labels.sum(axis=0), 0)
    assert ((labels > 0).sum(axis=0) == 7).all()
    assert len(np.unique(labels > 0, axis=1).T) > 40, "columns differ"


def test_every_row_is_labelled_first_equally_often(numpy_rng):
    # 4,000 labellings: each share is 3/5 with a standard error of 0.008; five of them, failure below 1e-5.
    labels = contrasts(3, 2, permutations=4000, rng=numpy_rng)
    assert (labels[:, 1:] > 0).mean(axis=1) == pytest.approx(np.full(5, 0.6), abs=0.04)


def test_quadratic_forms_are_squared_distances_of_means(numpy_rng):
    x, y = numpy_rng.normal(size=(5, 3)), numpy_rng.normal(size=(8, 3))
    rows = np.concatenate([x, y])
    labels = contrasts(5, 8, permutations=2, rng=numpy_rng)
    forms = quadratic_forms(rows @ rows.T, labels)
    assert forms[0] == pytest.approx(np.square(x.mean(axis=0) - y.mean(axis=0)).sum())
    assert forms[2] == pytest.approx(labels[:, 2] @ (rows @ rows.T) @ labels[:, 2])


@given(seed=st.integers(0, 10_000), labellings=st.integers(1, 30))
def test_one_statistic_is_ranked(seed, labellings):
    values = np.random.default_rng(seed).integers(0, 5, size=labellings).astype(float)
    assert permutation_p_value(values[None]) == pytest.approx((values >= values[0]).mean())


def test_columns_share_out_the_ranks():
    # Whichever column is the true one: with no ties, every rank comes up once, so the p-value is uniform.
    statistics = np.random.default_rng(0).normal(size=(3, 20)) ** 2
    got = [permutation_p_value(np.roll(statistics, shift, axis=1)) for shift in range(20)]
    assert sorted(got) == pytest.approx(np.arange(1, 21) / 20)


@given(seed=st.integers(0, 10_000), side=st.integers(1, 4))
def test_ties_count_against_the_alarm(seed, side):
    statistics = np.random.default_rng(seed).integers(0, side, size=(2, 20)).astype(float)
    got = np.array([permutation_p_value(np.roll(statistics, shift, axis=1)) for shift in range(20)])
    for alpha in (0.05, 0.1, 0.25, 0.5):
        assert (got <= alpha + 1e-12).mean() <= alpha + 1e-12


def test_rounding_decides_no_tie():
    values = np.array([1.0, 1.0 + 1e-15, 1.0 - 1e-15, 0.0, 0.5])
    assert permutation_p_value(values[None]) == pytest.approx(3 / 5)


def test_statistics_on_different_scales_count_alike():
    quiet = np.array([5.0, 0.0, 1.0, 0.0, 1.0, 0.0])
    loud = np.array([0.0, 3e6, 0.0, 1e6, 2e6, 1e6])
    assert permutation_p_value(np.stack([quiet, loud])) == pytest.approx(1 / 6)


def test_a_statistic_that_no_label_moves_is_left_out():
    assert permutation_p_value(np.ones((2, 10))) == 1.0
    assert permutation_p_value(np.stack([np.full(10, 7.0), np.arange(10.0)[::-1]])) == pytest.approx(0.1)
