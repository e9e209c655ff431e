"""Intrinsic dimension: against brute force, against a published program, against theory, with copies and ties."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics._registry import METRICS
from collapse_metrics.metrics import intrinsic_dimension, intrinsic_dimension_ratio

interval = METRICS["intrinsic_dimension_ratio"].interval


def dimension_by_definition(rows):
    """The rate of an exponential law seen up to its nine-tenths point, from two distances a row."""
    logs = []
    for i, row in enumerate(rows):
        first, second = np.sort(np.linalg.norm(np.delete(rows, i, axis=0) - row, axis=1))[:2]
        logs.append(np.log(second / first))
    logs, kept = np.sort(logs), max(2, int(0.9 * len(rows)))
    return (kept - 1) / (logs[:kept].sum() + (len(rows) - kept) * logs[kept - 1])


@given(seed=st.integers(0, 10_000), n=st.integers(4, 30), dim=st.integers(1, 8))
def test_agrees_with_the_definition(seed, n, dim):
    rows = np.random.default_rng(seed).normal(size=(n, dim))
    assert intrinsic_dimension(rows=torch.from_numpy(rows)) == pytest.approx(dimension_by_definition(rows), rel=1e-6)


def test_agrees_with_a_published_program():
    # scikit-dimension 0.5.0, skdim.id.TwoNN(method="mle").fit(rows).dimension_; its default, the fitted line of the
    # paper, gives 2.926.
    rows = np.random.default_rng(0).normal(size=(200, 4))
    rows[:, 3] = rows[:, 0] ** 2
    assert intrinsic_dimension(rows=torch.from_numpy(rows)) == pytest.approx(2.8991524125228443)


@pytest.mark.parametrize("dim", [1, 2, 5])
def test_finds_the_dimension_of_a_sheet_in_many_dimensions(dim, rng):
    turn, _ = torch.linalg.qr(torch.randn(40, 40, generator=rng, dtype=torch.double))
    sheet = torch.rand(1000, dim, generator=rng, dtype=torch.double) @ turn[:dim]
    # The standard error is 1.2 / sqrt(900) of it, 4 %; the edges of the square pull it down a little.
    assert intrinsic_dimension(rows=3 + sheet) == pytest.approx(dim, rel=0.17)


def test_perfect_generator_scores_one(rng):
    scores = [
        intrinsic_dimension_ratio(fresh=torch.randn(200, 4, generator=rng), fake=torch.randn(200, 4, generator=rng))
        for _ in range(30)
    ]
    # One ratio scatters by 0.12, their mean by 0.022.
    assert np.mean(scores) == pytest.approx(1.0, abs=0.09)


def test_one_direction_left_of_four(rng):
    line = torch.randn(300, 1, generator=rng) * torch.randn(1, 4, generator=rng)
    assert intrinsic_dimension_ratio(fresh=torch.randn(300, 4, generator=rng), fake=line) == pytest.approx(
        0.25, abs=0.1
    )


def test_does_not_see_scale(rng):
    rows = torch.randn(100, 3, generator=rng, dtype=torch.double)
    assert intrinsic_dimension(rows=7 + 1e-3 * rows) == pytest.approx(intrinsic_dimension(rows=rows), rel=1e-6)


class TestCopies:
    @pytest.mark.parametrize("different", [1, 2, 3, 20])
    def test_a_set_of_copies_has_no_dimension(self, different, rng):
        rows = torch.randn(different, 3, generator=rng).repeat(10, 1)
        assert intrinsic_dimension(rows=rows) == 0.0
        fresh = torch.randn(len(rows), 3, generator=rng)
        assert intrinsic_dimension_ratio(fresh=fresh, fake=rows) == 0.0
        assert interval(fresh=fresh, fake=rows) == (0.0, 0.0)

    @pytest.mark.parametrize("alone", [1, 2])
    def test_two_samples_without_a_copy_make_no_dimension(self, alone, rng):
        rows = torch.randn(20, 3, generator=rng)
        assert intrinsic_dimension(rows=torch.cat([rows, rows[alone:]])) == 0.0
        again = rows[alone:] * (1 + torch.finfo(torch.float32).eps)
        assert intrinsic_dimension(rows=torch.cat([rows, again])) == 0.0

    def test_that_share_has_an_error_of_its_own(self, rng):
        # Copies far away leave the neighbours of the others alone: 150 of 250 samples without a copy.
        fresh, alone = torch.randn(250, 2, generator=rng), torch.randn(150, 2, generator=rng)
        fake = torch.cat([alone, (1000 + torch.randn(50, 2, generator=rng)).repeat(2, 1)])

        def squared_width(fresh, fake):
            low, high = interval(fresh=fresh, fake=fake)
            return (math.log(high / low) / (2 * 1.959964)) ** 2

        more = squared_width(fresh, fake) - squared_width(fresh, fresh) / 2 - squared_width(alone, alone) / 2
        assert more == pytest.approx(2 * 0.4 / (0.6 * 250), rel=1e-6)

    def test_copies_lower_it_by_their_share(self, rng):
        rows = torch.randn(80, 3, generator=rng)
        some = torch.cat([rows, rows[:20]])
        assert intrinsic_dimension(rows=some) == pytest.approx(0.6 * dimension_of(rows, rows[20:]), rel=1e-6)

    def test_copies_that_differ_in_their_last_digit_are_copies(self, rng):
        rows = torch.randn(40, 64, generator=rng)
        again = rows * (1 + torch.finfo(torch.float32).eps * torch.randint(-1, 2, rows.shape, generator=rng))
        assert intrinsic_dimension(rows=torch.cat([rows, again])) == 0.0

    @pytest.mark.bad_input
    def test_real_copies_are_no_yardstick(self, rng):
        with pytest.raises(ValueError, match=r"`fresh` must hold different samples, got copies for the most part"):
            intrinsic_dimension_ratio(fresh=torch.zeros(20, 3), fake=torch.randn(20, 3, generator=rng))


def dimension_of(rows, asked):
    """By definition, of the asked rows among all."""
    logs = []
    for row in asked.double().numpy():
        first, second = np.sort(np.linalg.norm(rows.double().numpy() - row, axis=1))[1:3]
        logs.append(np.log(second / first))
    logs, kept = np.sort(logs), int(0.9 * len(asked))
    return (kept - 1) / (logs[:kept].sum() + (len(asked) - kept) * logs[kept - 1])


class TestInterval:
    def test_covers_the_truth_as_often_as_it_says(self, rng):
        # 120 intervals at 95 %: fewer than 103 covers have a probability below 1e-4.
        covered = 0
        for _ in range(120):
            fresh, fake = torch.randn(2, 80, 2, generator=rng)
            low, high = interval(fresh=fresh, fake=fake)
            covered += low <= 1 <= high
        assert covered >= 103

    @pytest.mark.parametrize("dim", [1, 2, 6])
    def test_samples_that_are_each_other_s_nearest_count_as_one(self, dim, rng):
        fresh, fake = torch.randn(2, 60, dim, generator=rng, dtype=torch.double)
        low, high = interval(fresh=fresh, fake=fake)
        error = math.hypot(*(relative_error(rows.numpy()) for rows in (fresh, fake)))
        assert math.log(high / low) == pytest.approx(2 * 1.959964 * error, rel=1e-6)
        assert math.sqrt(low * high) == pytest.approx(intrinsic_dimension_ratio(fresh=fresh, fake=fake))


def relative_error(rows):
    """Root of the summed squares of the score, summed first over samples that are each other's nearest."""
    distance = np.linalg.norm(rows[:, None] - rows, axis=2)
    np.fill_diagonal(distance, np.inf)
    nearest, ordered = distance.argmin(axis=1), np.sort(distance, axis=1)
    logs, kept = np.log(ordered[:, 1] / ordered[:, 0]), int(0.9 * len(rows))
    last = np.sort(logs)[kept - 1]
    pull = (logs <= last) - dimension_by_definition(rows) * np.minimum(logs, last)
    groups = {min(i, j) if nearest[j] == i else i: 0.0 for i, j in enumerate(nearest)}
    for i, j in enumerate(nearest):
        groups[min(i, j) if nearest[j] == i else i] += pull[i]
    return np.linalg.norm(list(groups.values())) / kept


@pytest.mark.parametrize(
    ("fresh", "fake", "message"),
    [
        (torch.eye(9), torch.zeros(9, 3), r"share one dimension, got .*'fresh': 9, 'fake': 3"),
        (torch.eye(9), torch.full((9, 9), torch.nan), r"`fake` has NaN or infinity in 9 of 9"),
        (torch.eye(2), torch.eye(2), r"`fresh` needs at least 3 rows, got 2"),
        (torch.eye(9), torch.eye(9)[:8], r"must be of one size, got 9 and 8 rows"),
        (torch.eye(9), torch.eye(9), r"the first and second neighbour of 8 of 9 rows are equally far"),
    ],
    ids=["dimension", "nan", "two", "sizes", "ties"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(fresh, fake, message):
    with pytest.raises(ValueError, match=message):
        intrinsic_dimension_ratio(fresh=fresh, fake=fake)
