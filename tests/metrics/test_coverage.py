"""Coverage: by hand, against brute force, against the paper's program, against theory, and in a collapse."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from prdc import compute_prdc

from collapse_metrics.metrics import _neighbours, _screen, coverage


def coverage_by_definition(real, fake, k):
    """The definition word for word, one real sample at a time, in NumPy."""
    covered = 0
    for i, centre in enumerate(real):
        to_others = np.linalg.norm(np.delete(real, i, axis=0) - centre, axis=1)
        to_fakes = np.linalg.norm(fake - centre, axis=1)
        covered += to_fakes.min() <= np.sort(to_others)[k - 1]
    return covered / len(real)


@pytest.mark.parametrize("k", [1, 3, 5])
@given(seed=st.integers(0, 10_000), n_real=st.integers(7, 30), n_fake=st.integers(1, 30))
def test_agrees_with_the_definition(k, seed, n_real, n_fake):
    rng = np.random.default_rng(seed)
    real, fake = rng.normal(size=(n_real, 3)), rng.normal(size=(n_fake, 3))
    score = coverage(real=torch.from_numpy(real), fake=torch.from_numpy(fake), k=k)
    assert score == pytest.approx(coverage_by_definition(real, fake, k))


@pytest.mark.parametrize("k", [1, 2, 4])
@given(seed=st.integers(0, 10_000), n_real=st.integers(5, 30), n_fake=st.integers(1, 30), side=st.integers(1, 4))
def test_agrees_with_the_definition_where_most_distances_tie(k, seed, n_real, n_fake, side):
    # Points of a small grid: repeats, and many equal distances, so that `<` for `<=` would show.
    rng = np.random.default_rng(seed)
    real, fake = rng.integers(0, side, size=(n_real, 2)), rng.integers(0, side, size=(n_fake, 2))
    score = coverage(real=torch.from_numpy(real).float(), fake=torch.from_numpy(fake).float(), k=k)
    assert score == pytest.approx(coverage_by_definition(real.astype(float), fake.astype(float), k))


@given(seed=st.integers(0, 10_000), k=st.integers(1, 5))
def test_copies_of_real_samples_lie_on_the_edges_of_balls(seed, k):
    # A generator that knows the data by heart: every tie is a distance of two real samples, computed twice.
    rng = np.random.default_rng(seed)
    real = rng.normal(size=(25, 3)).astype(np.float32)
    fake = real[rng.permutation(25)[:6]]
    score = coverage(real=torch.from_numpy(real), fake=torch.from_numpy(fake), k=k)
    assert score == pytest.approx(coverage_by_definition(real.astype(float), fake.astype(float), k))


@pytest.mark.parametrize(("n", "m", "k"), [(60, 60, 5), (80, 30, 3), (40, 90, 1)])
def test_agrees_with_the_program_of_the_paper_on_continuous_data(n, m, k, numpy_rng):
    real, fake = numpy_rng.normal(size=(n, 6)), 0.7 * numpy_rng.normal(size=(m, 6))
    theirs = compute_prdc(real, fake, k)["coverage"]
    assert coverage(real=torch.from_numpy(real), fake=torch.from_numpy(fake), k=k) == pytest.approx(theirs)


@pytest.mark.parametrize("chunk", [7, 49, 50])
def test_chunking_changes_nothing(chunk, rng, monkeypatch):
    real, fake = torch.randn(50, 3, generator=rng), torch.randn(40, 3, generator=rng)
    whole = coverage(real=real, fake=fake)
    _neighbours._remembered.clear()
    monkeypatch.setattr(_screen, "TILE", chunk)
    assert coverage(real=real, fake=fake) == whole


@pytest.mark.parametrize(("n", "m", "k"), [(400, 400, 5), (700, 100, 5), (200, 400, 2)])
def test_perfect_generator_scores_what_theory_predicts(n, m, k, rng):
    expected = 1 - math.prod((n - i) / (n + m - i) for i in range(1, k + 1))
    scores = [
        coverage(real=torch.randn(n, 4, generator=rng), fake=torch.randn(m, 4, generator=rng), k=k) for _ in range(20)
    ]
    assert np.mean(scores) == pytest.approx(expected, abs=0.015)


def test_the_numbers_in_the_docstring_are_those_of_the_theory():
    def perfect(n, m):
        return 1 - math.prod((n - i) / (n + m - i) for i in range(1, 6))

    assert perfect(100_000, 100_000) == pytest.approx(0.97, abs=0.005)
    assert perfect(700_000, 100_000) == pytest.approx(0.49, abs=0.005)
    assert "0.97 at ``k=5``" in coverage.__doc__
    assert "0.49 when there are" in coverage.__doc__


@pytest.mark.parametrize("alive", [1, 4, 7])
def test_each_lost_mode_costs_its_share(alive, ring):
    real, fake = ring(8, per_mode=100), ring(8, per_mode=100)[: alive * 100]
    assert coverage(real=real, fake=fake) == pytest.approx(alive / 8, abs=0.05)


def test_repeated_samples_cover_themselves():
    same = torch.zeros(9, 2)
    assert coverage(real=same, fake=same) == 1.0


def test_edges_belong_to_the_ball():
    line = torch.arange(10.0)[:, None]
    assert coverage(real=line, fake=line[4:5], k=1) == 0.3
    assert coverage(real=line, fake=line[4:5], k=2) == 0.3
    assert coverage(real=line, fake=line[:1], k=2) == 0.2


def test_neighbours_are_other_samples():
    # With its own distance counted as the first, the ball of k=1 would be a point and this score 0.
    line = torch.arange(10.0)[:, None]
    assert coverage(real=line, fake=line + 0.4, k=1) == 1.0


def test_as_many_neighbours_as_there_are():
    real = torch.tensor([[0.0], [1.0], [5.0]])
    assert coverage(real=real, fake=torch.tensor([[5.5]]), k=2) == pytest.approx(1 / 3)


def test_one_sample_is_enough_for_a_score():
    assert coverage(real=torch.arange(4.0)[:, None], fake=torch.zeros(1, 1), k=1) == 0.5


def test_roles_are_not_interchangeable(rng):
    wide, narrow = torch.randn(300, 8, generator=rng), 0.01 * torch.randn(300, 8, generator=rng)
    assert coverage(real=wide, fake=narrow) < 0.1
    with pytest.raises(TypeError):
        coverage(wide, narrow)


@pytest.mark.parametrize(
    ("real", "fake", "k", "message"),
    [
        (torch.zeros(9, 2), torch.zeros(9, 3), 5, r"share one dimension, got .*'real': 2, 'fake': 3"),
        (torch.zeros(5, 2), torch.zeros(9, 2), 5, r"k=5 needs at least 6 rows in `real`, got 5"),
        (torch.zeros(9, 2), torch.full((9, 2), torch.nan), 5, r"`fake` has NaN or infinity in 9 of 9"),
        (torch.full((9, 2), torch.inf), torch.zeros(9, 2), 5, r"`real` has NaN or infinity in 9 of 9"),
        (torch.zeros(9, 2), torch.zeros(9, 2), 0, r"must be at least 1, got 0"),
        (torch.zeros(9, 2), torch.zeros(0, 2), 5, r"`fake` needs at least 1 rows, got 0"),
        (torch.zeros(9, 2), torch.zeros(9, 1, 8, 8), 5, r"`fake` must be a \(rows, dim\) .* \(9, 1, 8, 8\)"),
    ],
    ids=["dimension", "too-few", "nan", "infinity", "k-zero", "empty", "pictures"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(real, fake, k, message):
    with pytest.raises(ValueError, match=message):
        coverage(real=real, fake=fake, k=k)
