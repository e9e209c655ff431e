"""Density: by hand, against brute force, against the paper's program and theory, and where it misleads."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from prdc import compute_prdc

from collapse_metrics.metrics import _neighbours, _screen, density


def density_by_definition(real, fake, k):
    """Ball by ball: how many generated samples lie in it?"""
    inside = 0
    for i, centre in enumerate(real):
        radius = np.sort(np.linalg.norm(np.delete(real, i, axis=0) - centre, axis=1))[k - 1]
        inside += (np.linalg.norm(fake - centre, axis=1) <= radius).sum()
    return inside / (k * len(fake))


@pytest.mark.parametrize("k", [1, 3, 5])
@given(seed=st.integers(0, 10_000), n_real=st.integers(7, 30), n_fake=st.integers(1, 30))
def test_agrees_with_the_definition(k, seed, n_real, n_fake):
    rng = np.random.default_rng(seed)
    real, fake = rng.normal(size=(n_real, 3)), rng.normal(size=(n_fake, 3))
    score = density(real=torch.from_numpy(real), fake=torch.from_numpy(fake), k=k)
    assert score == pytest.approx(density_by_definition(real, fake, k))


@pytest.mark.parametrize("k", [1, 2, 4])
@given(seed=st.integers(0, 10_000), n_real=st.integers(5, 30), n_fake=st.integers(1, 30), side=st.integers(1, 4))
def test_agrees_with_the_definition_where_most_distances_tie(k, seed, n_real, n_fake, side):
    rng = np.random.default_rng(seed)
    real, fake = rng.integers(0, side, size=(n_real, 2)), rng.integers(0, side, size=(n_fake, 2))
    score = density(real=torch.from_numpy(real).float(), fake=torch.from_numpy(fake).float(), k=k)
    assert score == pytest.approx(density_by_definition(real.astype(float), fake.astype(float), k))


@given(seed=st.integers(0, 10_000), k=st.integers(1, 5))
def test_copies_of_real_samples_lie_on_the_edges_of_balls(seed, k):
    rng = np.random.default_rng(seed)
    real = rng.normal(size=(25, 3)).astype(np.float32)
    fake = real[rng.permutation(25)[:6]]
    score = density(real=torch.from_numpy(real), fake=torch.from_numpy(fake), k=k)
    assert score == pytest.approx(density_by_definition(real.astype(float), fake.astype(float), k))


@pytest.mark.parametrize(("n", "m", "k"), [(60, 60, 5), (80, 30, 3), (40, 90, 1)])
def test_agrees_with_the_program_of_the_paper_on_continuous_data(n, m, k, numpy_rng):
    real, fake = numpy_rng.normal(size=(n, 6)), 0.7 * numpy_rng.normal(size=(m, 6))
    theirs = compute_prdc(real, fake, k)["density"]
    assert density(real=torch.from_numpy(real), fake=torch.from_numpy(fake), k=k) == pytest.approx(theirs)


@pytest.mark.parametrize("chunk", [7, 39, 40])
def test_chunking_changes_nothing(chunk, rng, monkeypatch):
    real, fake = torch.randn(50, 3, generator=rng), torch.randn(40, 3, generator=rng)
    whole = density(real=real, fake=fake)
    _neighbours._remembered.clear()
    monkeypatch.setattr(_screen, "TILE", chunk)
    assert density(real=real, fake=fake) == whole


@pytest.mark.parametrize(("n", "m", "k"), [(300, 300, 5), (300, 60, 2)])
def test_perfect_generator_scores_one(n, m, k, rng):
    # Among n - 1 real samples and one generated one, all of one law, the generated one is among the k nearest
    # with probability k / n; over n balls that is k.
    scores = [
        density(real=torch.randn(n, 4, generator=rng), fake=torch.randn(m, 4, generator=rng), k=k) for _ in range(20)
    ]
    assert np.mean(scores) == pytest.approx(1.0, abs=0.05)


def test_lost_modes_cost_nothing(ring):
    real, fake = ring(8, per_mode=100), ring(8, per_mode=100)[:100]
    assert density(real=real, fake=fake) == pytest.approx(1.0, abs=0.15)


def test_samples_far_from_all_data_score_nothing(ring):
    assert density(real=ring(8, per_mode=50), fake=100 + ring(8, per_mode=50)) == 0.0


def test_a_generator_that_shrank_to_the_mean_scores_above_one(rng):
    real = torch.randn(300, 16, generator=rng)
    assert density(real=real, fake=0.01 * torch.randn(300, 16, generator=rng)) > 3


def test_repeated_samples_lie_in_all_balls():
    same = torch.zeros(9, 2)
    assert density(real=same, fake=same, k=3) == 3.0


def test_edges_belong_to_the_ball():
    line = torch.arange(10.0)[:, None]
    assert density(real=line, fake=line[4:5], k=1) == 3.0


def test_roles_are_not_interchangeable(rng):
    wide, narrow = torch.randn(100, 8, generator=rng), 0.01 * torch.randn(50, 8, generator=rng)
    assert density(real=wide, fake=narrow) > 1 > density(real=narrow, fake=wide)
    with pytest.raises(TypeError):
        density(wide, narrow)


@pytest.mark.parametrize(
    ("real", "fake", "k", "message"),
    [
        (torch.zeros(9, 2), torch.zeros(9, 3), 5, r"share one dimension, got .*'real': 2, 'fake': 3"),
        (torch.zeros(5, 2), torch.zeros(9, 2), 5, r"k=5 needs at least 6 rows in `real`, got 5"),
        (torch.full((9, 2), torch.nan), torch.zeros(9, 2), 5, r"`real` has NaN or infinity in 9 of 9"),
        (torch.zeros(9, 2), torch.zeros(9, 2), 0, r"must be at least 1, got 0"),
        (torch.zeros(9, 2), torch.zeros(0, 2), 5, r"`fake` needs at least 1 rows, got 0"),
    ],
    ids=["dimension", "too-few", "nan", "k-zero", "empty"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(real, fake, k, message):
    with pytest.raises(ValueError, match=message):
        density(real=real, fake=fake, k=k)
