"""Distinct neighbours: by hand, against brute force, against theory, and in a collapse."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from collapse_metrics.metrics import _screen, distinct_neighbours


def distinct_by_definition(real, fake):
    """The nearest real sample of every generated one, one at a time."""
    return len({int(np.linalg.norm(real - x, axis=1).argmin()) for x in fake}) / len(fake)


@given(seed=st.integers(0, 10_000), n_real=st.integers(1, 30), n_fake=st.integers(1, 30))
def test_agrees_with_the_definition(seed, n_real, n_fake):
    rng = np.random.default_rng(seed)
    real, fake = rng.normal(size=(n_real, 3)), rng.normal(size=(n_fake, 3))
    score = distinct_neighbours(real=torch.from_numpy(real), fake=torch.from_numpy(fake))
    assert score == pytest.approx(distinct_by_definition(real, fake))


@pytest.mark.parametrize("chunk", [7, 39, 40])
def test_chunking_changes_nothing(chunk, rng, monkeypatch):
    real, fake = torch.randn(50, 3, generator=rng), torch.randn(40, 3, generator=rng)
    whole = distinct_neighbours(real=real, fake=fake)
    monkeypatch.setattr(_screen, "TILE", chunk)
    assert distinct_neighbours(real=real, fake=fake) == whole


@pytest.mark.parametrize(("n", "m"), [(300, 300), (600, 150), (100, 300)])
def test_perfect_generator_on_a_circle_scores_what_theory_predicts(n, m, rng):
    # A real sample is retrieved from half of the two gaps beside it; their sum is Beta(2, n - 2).
    gaps = stats.beta(2, n - 2)
    missed, _ = integrate.quad(lambda s: gaps.pdf(s) * (1 - s / 2) ** m, 0, 1, points=[2 / n, 10 / n])
    expected = n / m * (1 - missed)

    def circle(rows):
        angle = 2 * math.pi * torch.rand(rows, generator=rng, dtype=torch.double)
        return torch.stack([angle.cos(), angle.sin()], dim=1)

    scores = [distinct_neighbours(real=circle(n), fake=circle(m)) for _ in range(40)]
    assert np.mean(scores) == pytest.approx(expected, abs=0.015)


def test_equal_chances_of_all_real_samples_give_the_formula_of_the_docstring(rng):
    # Real samples so far apart that a generated one is a real one with a little noise.
    n, m = 400, 200
    real = 100 * torch.eye(n)
    scores = [distinct_neighbours(real=real, fake=real[torch.randint(n, (m,), generator=rng)] + 0.1) for _ in range(30)]
    assert np.mean(scores) == pytest.approx(n / m * (1 - math.exp(-m / n)), abs=0.01)


@pytest.mark.parametrize("prototypes", [1, 5, 20])
def test_counts_the_pictures_behind_a_collapsed_set(prototypes, rng):
    real = torch.randn(400, 8, generator=rng)
    known = real[:prototypes].repeat(200 // prototypes, 1)
    fake = known + 1e-3 * torch.randn(known.shape, generator=rng)
    assert distinct_neighbours(real=real, fake=fake) == prototypes / 200


def test_copies_among_the_real_samples_do_not_split_one_picture(rng):
    real = torch.randn(57, 10, generator=rng).repeat(2, 1)
    fake = (real[3] + 0.3 * torch.randn(10, generator=rng)).repeat(101, 1)
    assert distinct_neighbours(real=real, fake=fake) == 1 / 101


def test_noise_hides_nothing(rng):
    real = torch.randn(500, 16, generator=rng)
    collapsed = real[:5].repeat(40, 1)
    noisy = collapsed + 0.3 * torch.randn(200, 16, generator=rng)
    assert distinct_neighbours(real=real, fake=noisy) < 0.1


def test_roles_are_not_interchangeable():
    line = torch.arange(10.0)[:, None]
    assert distinct_neighbours(real=line, fake=line[:2].repeat(4, 1)) == 2 / 8
    assert distinct_neighbours(real=line[:2].repeat(4, 1), fake=line) == 2 / 10
    with pytest.raises(TypeError):
        distinct_neighbours(line, line)


def test_one_sample_of_each_is_enough():
    assert distinct_neighbours(real=torch.zeros(1, 2), fake=torch.ones(1, 2)) == 1.0


@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (torch.zeros(9, 2), torch.zeros(9, 3), r"share one dimension, got .*'real': 2, 'fake': 3"),
        (torch.zeros(9, 2), torch.full((9, 2), torch.inf), r"`fake` has NaN or infinity in 9 of 9"),
        (torch.zeros(9, 2), torch.zeros(0, 2), r"`fake` needs at least 1 rows, got 0"),
        (torch.zeros(0, 2), torch.zeros(9, 2), r"`real` needs at least 1 rows, got 0"),
    ],
    ids=["dimension", "infinity", "no-fake", "no-real"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(real, fake, message):
    with pytest.raises(ValueError, match=message):
        distinct_neighbours(real=real, fake=fake)
