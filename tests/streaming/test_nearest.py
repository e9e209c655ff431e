"""NearestToReference: the numbers of the functions of all samples at once, to the last digit where they are counts."""

import pickle

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from collapse_metrics import metrics
from collapse_metrics._registry import METRICS
from collapse_metrics.metrics import Balls
from collapse_metrics.streaming import NearestToReference
from collapse_metrics.streaming.nearest import READ
from tests.streaming.conftest import cut, feed, merged_anyhow

COUNTED = {"coverage", "precision", "density", "distinct_neighbours", "learnt_images"}
"""Shares of whole numbers: equal to the last digit."""


def at_once(name, real, fake, k):
    options = {} if name in ("distinct_neighbours", "learnt_images") else {"k": k}
    return METRICS[name].compute(real=real, fake=fake, **options)


def assert_agrees(seen, real, fake, k):
    for name in READ:
        slack = 0.0 if name in COUNTED else 1e-12
        assert seen.result(name) == pytest.approx(at_once(name, real, fake, k), rel=slack, abs=slack), name


@pytest.mark.parametrize("k", [1, 3])
@settings(max_examples=12)
@given(seed=st.integers(0, 10_000), n_real=st.integers(8, 40), n_fake=st.integers(1, 40))
def test_agrees_with_the_functions_for_any_cut_and_any_merges(k, seed, n_real, n_fake):
    rng = np.random.default_rng(seed)
    real, fake = torch.from_numpy(rng.normal(size=(n_real, 3))), torch.from_numpy(rng.normal(size=(n_fake, 3)))
    blank = NearestToReference(real, k=k)
    parts = [feed(blank, cut(part, rng)) for part in cut(fake, rng)]
    assert_agrees(merged_anyhow(parts, rng), real, fake, k)


@pytest.mark.parametrize("k", [1, 2])
@settings(max_examples=12)
@given(seed=st.integers(0, 10_000), n_fake=st.integers(1, 40), side=st.integers(2, 5))
def test_agrees_where_most_distances_tie(k, seed, n_fake, side):
    rng = np.random.default_rng(seed)
    real = torch.from_numpy(rng.integers(0, side, size=(30, 2))).float()
    fake = torch.from_numpy(rng.integers(0, side, size=(n_fake, 2))).float()
    assert_agrees(feed(NearestToReference(real, k=k), cut(fake, rng)), real, fake, k)


@settings(max_examples=12)
@given(seed=st.integers(0, 10_000))
def test_copies_of_real_samples_lie_on_the_edges_of_balls(seed):
    rng = np.random.default_rng(seed)
    real = torch.from_numpy(rng.normal(size=(25, 3)).astype(np.float32))
    fake = real[rng.integers(0, 25, size=30)]
    assert_agrees(feed(NearestToReference(real, k=2), cut(fake, rng)), real, fake, 2)


def test_agrees_with_one_sample_a_batch_in_many_dimensions(rng):
    real, fake = torch.randn(300, 64, generator=rng), torch.randn(200, 64, generator=rng)
    assert_agrees(feed(NearestToReference(real), fake.split(1)), real, fake, 5)


def test_a_collapsed_generator_scores_as_at_once(rng):
    real, fake = torch.randn(100, 4, generator=rng), torch.zeros(50, 4)
    seen = feed(NearestToReference(real), fake.split(8))
    assert_agrees(seen, real, fake, 5)
    assert seen.result("distinct_neighbours") == 1 / 50


def test_balls_that_were_fitted_before_serve_as_well(rng):
    real, fake = torch.randn(60, 3, generator=rng), torch.randn(50, 3, generator=rng)
    seen = feed(NearestToReference(Balls.fit(real=real, k=3)), fake.split(8))
    assert_agrees(seen, real, fake, 3)
    assert seen.merge(NearestToReference(real, k=3)).n == 50


def test_the_memory_is_that_of_the_reference(rng):
    seen = NearestToReference(torch.randn(60, 3, generator=rng))
    small = sum(state.numel() for state in seen.state_dict().values())
    seen.update(torch.randn(5000, 3, generator=rng))
    assert sum(state.numel() for state in seen.state_dict().values()) == small < 3 * 60


def test_a_pickle_holds_the_reference_once(rng):
    seen = NearestToReference(torch.randn(500, 300, generator=rng))
    blank = len(pickle.dumps(seen))
    seen.update(torch.randn(50, 300, generator=rng))
    assert len(pickle.dumps(seen)) < 1.1 * blank


def test_a_half_can_be_switched_off(rng):
    real, fake = torch.randn(60, 3, generator=rng), torch.randn(50, 3, generator=rng)
    near = feed(NearestToReference(real, balls=False), [fake])
    assert near.result("distinct_neighbours") == metrics.distinct_neighbours(real=real, fake=fake)
    balls = feed(NearestToReference(real, neighbours=False), [fake])
    assert balls.result("coverage") == metrics.coverage(real=real, fake=fake)
    for seen, name in ((near, "coverage"), (balls, "distinct_neighbours")):
        with pytest.raises(ValueError, match=f"{name} needs what was switched off"):
            seen.result(name)


def test_one_real_row_is_enough_to_be_nearest():
    seen = feed(NearestToReference(torch.zeros(1, 2), balls=False), [torch.ones(4, 2)])
    assert seen.result("distinct_neighbours") == 0.25


@pytest.mark.bad_input
def test_recall_says_why_it_cannot_be():
    with pytest.raises(ValueError, match="its balls are those of the samples and shrink with each further one"):
        NearestToReference(torch.randn(9, 2)).result("recall")
    with pytest.raises(ValueError, match=r"one of coverage, .* is needed, got 'rke'"):
        NearestToReference(torch.randn(9, 2)).result("rke")


@pytest.mark.bad_input
def test_k_belongs_to_the_reference(rng):
    balls = Balls.fit(real=torch.randn(20, 2, generator=rng), k=3)
    with pytest.raises(ValueError, match="fitted with k=3, got k=5: leave k out"):
        NearestToReference(balls, k=5)
    seen = feed(NearestToReference(balls), [torch.zeros(2, 2)])
    with pytest.raises(ValueError, match=r"k is fixed with the reference, got \['k'\]"):
        seen.result("coverage", k=5)


@pytest.mark.parametrize(
    ("real", "message"),
    [
        (torch.zeros(0, 2), "`real` needs at least 1 rows"),
        (torch.full((9, 2), torch.nan), "`real` has NaN or infinity in 9 of 9"),
        (torch.zeros(5, 2), "k=5 needs at least 6 rows in `real`, got 5"),
    ],
)
@pytest.mark.bad_input
def test_a_bad_reference_is_explained(real, message):
    with pytest.raises(ValueError, match=message):
        NearestToReference(real)
