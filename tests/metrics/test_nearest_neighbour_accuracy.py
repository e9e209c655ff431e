"""Nearest-neighbour accuracy: by definition with ties, against scikit-learn and theory, and what its halves say."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from sklearn.neighbors import KNeighborsClassifier

from collapse_metrics.metrics import nearest_neighbour_accuracies, nearest_neighbour_accuracy


def half_by_definition(rows, among):
    """Each row on its own: one for the right call, one half for a tie."""
    right = 0.0
    for i, row in enumerate(rows):
        own = np.linalg.norm(np.delete(rows, i, axis=0) - row, axis=1).min()
        other = np.linalg.norm(among - row, axis=1).min()
        right += 0.5 if np.isclose(own, other, rtol=1e-12, atol=0) else own < other
    return right / len(rows)


@given(seed=st.integers(0, 10_000), n=st.integers(2, 20), side=st.integers(1, 5))
def test_agrees_with_the_definition_where_most_distances_tie(seed, n, side):
    rng = np.random.default_rng(seed)
    real, fake = rng.integers(0, side, (n, 2)).astype(float), rng.integers(0, side, (n, 2)).astype(float)
    halves = half_by_definition(real, fake), half_by_definition(fake, real)
    data = {"real": torch.from_numpy(real), "fake": torch.from_numpy(fake)}
    assert nearest_neighbour_accuracies(**data) == pytest.approx(halves)
    assert nearest_neighbour_accuracy(**data) == pytest.approx(sum(halves) / 2)


def test_agrees_with_scikit_learn_on_continuous_data(numpy_rng):
    real, fake = numpy_rng.normal(size=(40, 3)), 0.7 * numpy_rng.normal(size=(40, 3))
    rows, kind = np.concatenate([real, fake]), np.repeat([0, 1], 40)
    model = KNeighborsClassifier(n_neighbors=1).fit(rows, kind)
    _, neighbour = model.kneighbors()  # without an argument, a row is no neighbour of itself
    theirs = (kind[neighbour[:, 0]] == kind).mean()
    got = nearest_neighbour_accuracy(real=torch.from_numpy(real), fake=torch.from_numpy(fake))
    assert got == pytest.approx(theirs)


@pytest.mark.parametrize("n", [5, 50])
def test_perfect_generator_scores_what_theory_predicts(n, rng):
    # Of 2n - 1 other samples, n - 1 are of one's own kind. Means of 36 scores, five standard errors.
    draws = [torch.randn(2, n, 3, generator=rng) for _ in range(36)]
    scores = [nearest_neighbour_accuracy(real=real, fake=fake) for real, fake in draws]
    assert abs(np.mean(scores) - (n - 1) / (2 * n - 1)) < 5 * np.std(scores) / 6


def test_the_ends_of_the_scale(rng):
    real = torch.randn(50, 3, generator=rng)
    assert nearest_neighbour_accuracy(real=real, fake=real + 100) == 1.0
    assert nearest_neighbour_accuracy(real=real, fake=real.flip(0)) == 0.0, "copies of the data"
    assert nearest_neighbour_accuracy(real=torch.ones(9, 2), fake=torch.ones(9, 2)) == 0.5


def test_crowding_shows_in_the_generated_half(ring):
    real, few = ring(8, per_mode=40), ring(8, per_mode=4)
    of_real, of_fake = nearest_neighbour_accuracies(real=real, fake=few.repeat(10, 1))
    assert of_fake == 1.0
    assert of_real > 0.7


def test_lost_modes_show_in_the_real_half(ring):
    real, fake = ring(8, per_mode=40), ring(2, per_mode=160)
    of_real, of_fake = nearest_neighbour_accuracies(real=real, fake=fake)
    assert of_real > 0.8
    assert of_fake > 0.7


def test_noise_lowers_one_half_and_raises_the_other(rng):
    real = torch.randn(200, 32, generator=rng)
    noisy = 1.4 * torch.randn(200, 32, generator=rng)
    of_real, of_fake = nearest_neighbour_accuracies(real=real, fake=noisy)
    assert of_real > 0.6
    assert of_fake < 0.4


def test_the_halves_are_named_by_their_order(rng):
    real, fake = torch.randn(40, 3, generator=rng), 0.3 * torch.randn(40, 3, generator=rng)
    first, second = nearest_neighbour_accuracies(real=real, fake=fake)
    assert nearest_neighbour_accuracies(real=fake, fake=real) == (second, first)
    assert first != second


@pytest.mark.parametrize(("n_real", "n_fake"), [(400, 40), (40, 400)])
def test_the_larger_set_is_cut_so_that_numbers_do_not_decide(n_real, n_fake, rng):
    # Uncut, nine neighbours of ten would be of the larger set. Means of 25 halves: five standard errors.
    halves = np.array(
        [
            nearest_neighbour_accuracies(
                real=torch.randn(n_real, 3, generator=rng), fake=torch.randn(n_fake, 3, generator=rng)
            )
            for _ in range(25)
        ]
    )
    assert (np.abs(halves.mean(axis=0) - 39 / 79) < halves.std(axis=0)).all()


def test_the_cut_is_a_random_choice_by_the_seed(rng):
    # Sorted modes: the first rows would all be of one.
    real = torch.cat([torch.randn(50, 2, generator=rng) + 20 * mode for mode in range(4)])
    fake = torch.cat([torch.randn(20, 2, generator=rng) + 20 * mode for mode in range(4)])
    scores = [nearest_neighbour_accuracy(real=real, fake=fake, seed=seed) for seed in range(5)]
    assert len(set(scores)) > 1
    assert max(scores) < 0.75
    assert scores[0] == nearest_neighbour_accuracy(real=real, fake=fake)


@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (torch.zeros(9, 2), torch.zeros(9, 3), r"share one dimension"),
        (torch.zeros(9, 2), torch.zeros(1, 2), r"`fake` needs at least 2 rows, got 1"),
        (torch.zeros(9, 2), torch.full((9, 2), torch.nan), r"`fake` has NaN or infinity in 9 of 9"),
    ],
    ids=["dimension", "one-fake", "nan"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(real, fake, message):
    with pytest.raises(ValueError, match=message):
        nearest_neighbour_accuracy(real=real, fake=fake)
