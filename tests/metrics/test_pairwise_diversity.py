"""Pairwise diversity: by hand, against brute force, against theory, and where it is blind."""

import math
from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics._registry import METRICS
from collapse_metrics.metrics import _neighbours, mean_pairwise_distance, pairwise_diversity, spread_of

interval = METRICS["pairwise_diversity"].interval


def spread_by_definition(rows):
    """Over all pairs of different rows, one at a time."""
    return np.mean([np.linalg.norm(a - b) for a, b in combinations(rows, 2)])


@given(seed=st.integers(0, 10_000), n=st.integers(2, 20), m=st.integers(2, 20))
def test_agrees_with_the_definition(seed, n, m):
    rng = np.random.default_rng(seed)
    real, fake = rng.normal(size=(n, 3)), 0.5 * rng.normal(size=(m, 3))
    score = pairwise_diversity(real=torch.from_numpy(real), fake=torch.from_numpy(fake))
    assert score == pytest.approx(spread_by_definition(fake) / spread_by_definition(real))
    assert mean_pairwise_distance(rows=torch.from_numpy(fake)) == pytest.approx(spread_by_definition(fake))


@pytest.mark.parametrize("chunk", [1, 7, 49, 50])
def test_chunking_changes_nothing(chunk, rng, monkeypatch):
    real, fake = torch.randn(50, 3, generator=rng), torch.randn(40, 3, generator=rng)
    whole = pairwise_diversity(real=real, fake=fake)
    monkeypatch.setattr(_neighbours, "CHUNK", chunk)
    assert pairwise_diversity(real=real, fake=fake) == pytest.approx(whole, rel=1e-12)


@pytest.mark.parametrize("n", [2, 5, 300])
def test_the_mean_distance_is_unbiased_at_any_sample_size(n, rng):
    # Two standard normal numbers lie 2 / sqrt(pi) apart on average, whether two are drawn or hundreds.
    spreads = [mean_pairwise_distance(rows=torch.randn(n, 1, generator=rng)) for _ in range(6000 // n)]
    error = 2 * np.std(spreads) / math.sqrt(len(spreads))
    assert np.mean(spreads) == pytest.approx(2 / math.sqrt(math.pi), abs=2 * error + 0.005)


def test_perfect_generator_scores_one(rng):
    scores = [
        pairwise_diversity(real=torch.randn(300, 4, generator=rng), fake=torch.randn(80, 4, generator=rng))
        for _ in range(20)
    ]
    assert np.mean(scores) == pytest.approx(1.0, abs=0.02)


def test_the_same_sample_throughout_scores_nothing(ring):
    assert pairwise_diversity(real=ring(8, per_mode=20), fake=torch.full((50, 2), 3.3)) == 0.0


def test_two_far_modes_hide_six_lost_ones(ring):
    real, fake = ring(8, per_mode=50), ring(8, per_mode=50)
    kept = torch.cat([fake[:50], fake[200:250]])
    assert pairwise_diversity(real=real, fake=kept) == pytest.approx(0.8, abs=0.1)


def test_roles_are_not_interchangeable(rng):
    line = torch.arange(10.0)[:, None]
    assert pairwise_diversity(real=line, fake=4 * line) == pytest.approx(4.0)
    with pytest.raises(TypeError):
        pairwise_diversity(line, line)


class TestSpread:
    @pytest.mark.parametrize("chunk", [7, 2048])
    def test_is_the_mean_distance_and_its_jackknife_error(self, chunk, rng, monkeypatch):
        rows = torch.randn(25, 3, generator=rng, dtype=torch.double)
        without = [mean_pairwise_distance(rows=torch.cat([rows[:i], rows[i + 1 :]])) for i in range(25)]
        monkeypatch.setattr(_neighbours, "CHUNK", chunk)
        spread, error = spread_of(rows)
        assert spread == pytest.approx(mean_pairwise_distance(rows=rows))
        assert error == pytest.approx(math.sqrt(24 / 25 * np.square(without - np.mean(without)).sum()))

    def test_copies_are_known_exactly(self):
        assert spread_of(torch.full((9, 4), 0.1)) == (0.0, 0.0)


class TestInterval:
    def test_adds_the_errors_of_both_sets(self, rng):
        real, fake = torch.randn(40, 3, generator=rng), 0.5 * torch.randn(30, 3, generator=rng)
        (usual, usual_error), (spread, error) = spread_of(real), spread_of(fake)
        low, high = interval(real=real, fake=fake)
        assert math.sqrt(low * high) == pytest.approx(pairwise_diversity(real=real, fake=fake))
        half = 1.959964 * math.hypot(usual_error / usual, error / spread)
        assert math.log(high / low) / 2 == pytest.approx(half, rel=1e-6)

    def test_copies_are_known_exactly(self, rng):
        assert interval(real=torch.randn(40, 3, generator=rng), fake=torch.ones(30, 3)) == (0.0, 0.0)

    def test_covers_one_for_a_perfect_generator_as_often_as_it_says(self, rng):
        # 120 intervals at 95 %: fewer than 103 covers have a probability below 1e-4.
        covered = 0
        for _ in range(120):
            low, high = interval(real=torch.randn(60, 3, generator=rng), fake=torch.randn(40, 3, generator=rng))
            covered += low <= 1 <= high
        assert covered >= 103


@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (torch.eye(9), torch.zeros(9, 3), r"share one dimension, got .*'real': 9, 'fake': 3"),
        (torch.eye(9), torch.full((9, 9), torch.nan), r"`fake` has NaN or infinity in 9 of 9"),
        (torch.eye(9), torch.eye(9)[:1], r"`fake` needs at least 2 rows, got 1"),
        (torch.eye(9)[:1], torch.eye(9), r"`real` needs at least 2 rows, got 1"),
        (torch.full((9, 2), 0.1), torch.randn(9, 2), r"`real` must hold different samples, got the same row"),
    ],
    ids=["dimension", "nan", "one-fake", "one-real", "copies"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(real, fake, message):
    with pytest.raises(ValueError, match=message):
        pairwise_diversity(real=real, fake=fake)


@pytest.mark.bad_input
def test_one_row_has_no_distance():
    with pytest.raises(ValueError, match="`rows` needs at least 2 rows, got 1"):
        mean_pairwise_distance(rows=torch.zeros(1, 2))
