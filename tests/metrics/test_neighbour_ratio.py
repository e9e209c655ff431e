"""Neighbour ratio: by hand, against brute force, against theory, and in a collapse."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics.metrics import _neighbours, _screen, neighbour_ratio


def ratio_by_definition(fresh, fake):
    """The nearest sibling of every sample, one by one; torch's median is the lower of two middle values."""

    def usual(rows):
        nearest = [np.linalg.norm(np.delete(rows, i, axis=0) - x, axis=1).min() for i, x in enumerate(rows)]
        return np.sort(nearest)[(len(nearest) - 1) // 2]

    return usual(fake) / usual(fresh)


@given(seed=st.integers(0, 10_000), n=st.integers(2, 30))
def test_agrees_with_the_definition(seed, n):
    rng = np.random.default_rng(seed)
    fresh, fake = rng.normal(size=(n, 3)), 0.5 * rng.normal(size=(n, 3))
    score = neighbour_ratio(fresh=torch.from_numpy(fresh), fake=torch.from_numpy(fake))
    assert score == pytest.approx(ratio_by_definition(fresh, fake))


@pytest.mark.parametrize("chunk", [7, 39, 40])
def test_chunking_changes_nothing(chunk, rng, monkeypatch):
    fresh, fake = torch.randn(40, 3, generator=rng), torch.randn(40, 3, generator=rng)
    whole = neighbour_ratio(fresh=fresh, fake=fake)
    _neighbours._remembered.clear()
    monkeypatch.setattr(_screen, "TILE", chunk)
    assert neighbour_ratio(fresh=fresh, fake=fake) == pytest.approx(whole, rel=1e-12)


def test_perfect_generator_scores_one(rng):
    scores = [
        neighbour_ratio(fresh=torch.randn(300, 4, generator=rng), fake=torch.randn(300, 4, generator=rng))
        for _ in range(20)
    ]
    assert np.mean(scores) == pytest.approx(1.0, abs=0.03)
    assert np.abs(np.array(scores) - 1).max() < 0.15


@pytest.mark.parametrize("shrunk", [0.5, 0.1])
def test_near_copies_score_how_near_they_are(shrunk, rng):
    rows = torch.randn(200, 4, generator=rng, dtype=torch.double)
    assert neighbour_ratio(fresh=rows, fake=shrunk * rows) == pytest.approx(shrunk)


def test_copies_score_nothing_and_a_minority_of_them_is_not_seen(rng):
    fresh = torch.randn(200, 4, generator=rng)
    fake = torch.randn(200, 4, generator=rng)
    assert neighbour_ratio(fresh=fresh, fake=fake[:5].repeat(40, 1)) == 0.0
    few = torch.cat([fake[:140], fake[:1].repeat(60, 1)])
    assert neighbour_ratio(fresh=fresh, fake=few) > 0.6


def test_a_dropped_mode_is_not_seen_while_the_make_up_is_matched(ring):
    assert neighbour_ratio(fresh=ring(8, per_mode=80)[:320], fake=ring(8, per_mode=80)[320:]) == pytest.approx(
        1, abs=0.2
    )


def test_copies_in_float32_far_from_the_origin_are_still_copies(rng):
    fresh = 1000 + torch.randn(100, 16, generator=rng)
    fake = fresh[:4].repeat(25, 1)
    assert neighbour_ratio(fresh=fresh, fake=fake) == 0.0


def test_one_diverged_sample_does_not_blur_the_others(rng):
    rows = torch.randn(200, 4, generator=rng)
    fake = 0.001 * rows
    fake[0] = 1e6
    assert neighbour_ratio(fresh=rows, fake=fake) == pytest.approx(0.001, rel=0.1)


def test_roles_are_not_interchangeable():
    line = torch.arange(10.0)[:, None]
    assert neighbour_ratio(fresh=line, fake=3 * line) == 3.0
    assert neighbour_ratio(fresh=3 * line, fake=line) == pytest.approx(1 / 3)
    with pytest.raises(TypeError):
        neighbour_ratio(line, line)


@pytest.mark.parametrize(
    ("fresh", "fake", "message"),
    [
        (torch.eye(9), torch.zeros(9, 3), r"share one dimension, got .*'fresh': 9, 'fake': 3"),
        (torch.eye(9), torch.full((9, 9), torch.nan), r"`fake` has NaN or infinity in 9 of 9"),
        (torch.eye(9), torch.eye(9)[:5], r"of one size, got 9 and 5 rows"),
        (torch.eye(9)[:1], torch.eye(9)[:1], r"`fresh` needs at least 2 rows, got 1"),
        (torch.zeros(9, 2), torch.randn(9, 2), r"`fresh` must hold different samples, got copies"),
    ],
    ids=["dimension", "nan", "sizes", "one-row", "copies"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(fresh, fake, message):
    with pytest.raises(ValueError, match=message):
        neighbour_ratio(fresh=fresh, fake=fake)
