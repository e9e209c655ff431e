"""Memorisation: by definition with ties, what chance gives for any sizes, copies, and its interval."""

import importlib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics.metrics import memorisation

module = importlib.import_module("collapse_metrics.metrics.memorisation")


def memorisation_by_definition(train, fresh, fake):
    """Each generated sample on its own: one for the training data, chance for a tie."""
    chance = len(train) / (len(train) + len(fresh))
    share = 0.0
    for sample in fake:
        seen, unseen = (np.linalg.norm(rows - sample, axis=1).min() for rows in (train, fresh))
        share += chance if np.isclose(seen, unseen, rtol=1e-12, atol=0) else seen < unseen
    return (share / len(fake) - chance) / (1 - chance)


@given(
    seed=st.integers(0, 10_000),
    sizes=st.tuples(st.integers(1, 15), st.integers(1, 15), st.integers(1, 15)),
    side=st.integers(1, 6),
)
def test_agrees_with_the_definition_where_most_distances_tie(seed, sizes, side):
    rng = np.random.default_rng(seed)
    sets = [rng.integers(0, side, (n, 2)).astype(float) for n in sizes]
    data = dict(zip(("train", "fresh", "fake"), map(torch.from_numpy, sets), strict=True))
    score = memorisation(**data)
    assert score == pytest.approx(memorisation_by_definition(*sets), abs=1e-12)
    low, high = module.memorisation_interval(**data)
    assert low - 1e-12 <= score <= high + 1e-12


@pytest.mark.parametrize(("n_train", "n_fresh", "dim"), [(50, 50, 3), (200, 20, 3), (20, 200, 30)])
def test_an_innocent_generator_scores_nought_for_any_sizes(n_train, n_fresh, dim, rng):
    # Means of 60 independent scores: five standard errors.
    def draw(n):
        return torch.randn(n, dim, generator=rng)

    scores = [memorisation(train=draw(n_train), fresh=draw(n_fresh), fake=draw(40)) for _ in range(60)]
    assert abs(np.mean(scores)) < 5 * np.std(scores) / 60**0.5


@pytest.mark.parametrize("jitter", [0.0, 0.05])
def test_copies_score_one(jitter, rng):
    train, fresh = torch.randn(200, 8, generator=rng), torch.randn(50, 8, generator=rng)
    copies = train[torch.randint(200, (100,), generator=rng)]
    assert memorisation(train=train, fresh=fresh, fake=copies + jitter * torch.randn(100, 8, generator=rng)) == 1.0


def test_a_share_of_copies_scores_its_share(rng):
    # Of 600 samples, 240 are copies; the other 360 scatter by 0.05 in the score: four standard errors.
    train, fresh = torch.randn(300, 8, generator=rng), torch.randn(300, 8, generator=rng)
    fake = torch.cat([train[:240], torch.randn(360, 8, generator=rng)])
    assert memorisation(train=train, fresh=fresh, fake=fake) == pytest.approx(0.4, abs=0.2)


def test_roles_are_not_interchangeable(rng):
    train, fresh = torch.randn(60, 3, generator=rng), torch.randn(20, 3, generator=rng)
    assert memorisation(train=train, fresh=fresh, fake=fresh) == pytest.approx(-3.0)
    assert memorisation(train=fresh, fresh=train, fake=fresh) == 1.0
    with pytest.raises(TypeError):
        memorisation(train, fresh, fresh)


def test_repeats_in_the_data_accuse_nobody():
    # The same picture in both halves of the data, and generated too.
    same = torch.full((9, 2), 0.1)
    assert memorisation(train=same, fresh=same[:4], fake=same) == pytest.approx(0.0)
    low, high = module.memorisation_interval(train=same, fresh=same[:4], fake=same)
    assert low == pytest.approx(-9 / 4)
    assert high == 1.0


def test_an_invented_sample_repeated_says_little(rng):
    # What the docstring admits: all repeats share one neighbour, so the score is at one end or the other.
    data = [(torch.randn(2, 40, 3, generator=rng), torch.randn(1, 3, generator=rng)) for _ in range(20)]
    scores = {memorisation(train=train, fresh=fresh, fake=one.repeat(30, 1)) for (train, fresh), one in data}
    assert scores == {-1.0, 1.0}


@pytest.mark.parametrize("pull", [0.0, 0.5])
def test_the_interval_covers(pull, rng):
    # Data fixed, 100 generated sets. At 95 % coverage, fewer than 83 hits have probability 1e-5.
    train, fresh = torch.randn(40, 3, generator=rng), torch.randn(30, 3, generator=rng)

    def draw():
        copies = torch.rand(50, 1, generator=rng) < pull
        return torch.where(copies, train[torch.randint(40, (50,), generator=rng)], torch.randn(50, 3, generator=rng))

    sets = [{"train": train, "fresh": fresh, "fake": draw()} for _ in range(100)]
    average = np.mean([memorisation(**data) for data in sets])
    ends = np.array([module.memorisation_interval(**data) for data in sets])
    assert ((ends[:, 0] <= average) & (average <= ends[:, 1])).sum() >= 83


@pytest.mark.parametrize(
    ("train", "fresh", "fake", "message"),
    [
        (torch.zeros(9, 2), torch.zeros(9, 2), torch.zeros(9, 3), r"share one dimension"),
        (torch.zeros(9, 2), torch.zeros(0, 2), torch.zeros(9, 2), r"`fresh` needs at least 1 rows, got 0"),
        (torch.zeros(0, 2), torch.zeros(9, 2), torch.zeros(9, 2), r"`train` needs at least 1 rows, got 0"),
        (torch.zeros(9, 2), torch.zeros(9, 2), torch.zeros(0, 2), r"`fake` needs at least 1 rows, got 0"),
        (torch.zeros(9, 2), torch.zeros(9, 2), torch.full((9, 2), torch.nan), r"`fake` has NaN or infinity in 9"),
    ],
    ids=["dimension", "no-fresh", "no-train", "no-fake", "nan"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(train, fresh, fake, message):
    with pytest.raises(ValueError, match=message):
        memorisation(train=train, fresh=fresh, fake=fake)
