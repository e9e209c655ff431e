"""Birthday support: by hand, against brute force, against generators of known support, and at both ends."""

import math
import sys
from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics._registry import METRICS
from collapse_metrics.metrics import _neighbours, birthday_support, collision_distance, duplicate_rate
from collapse_metrics.stats.u_statistics import poisson_interval

interval = METRICS["birthday_support"].interval


def twins_by_definition(rows, tolerance):
    """Pairs of different rows that near, one pair at a time."""
    return sum(np.linalg.norm(a - b) <= tolerance for a, b in combinations(rows, 2))


def drawn_from(shares, n, rng):
    """``n`` draws from a finite support, as rows."""
    return torch.from_numpy(rng.choice(len(shares), size=n, p=shares)).double()[:, None]


@pytest.mark.parametrize("tolerance", [0.0, 1.0, 2.0])
@given(seed=st.integers(0, 10_000), n=st.integers(2, 25), side=st.integers(1, 20))
def test_agrees_with_the_definition(tolerance, seed, n, side):
    # Whole numbers, so that many distances are exactly the tolerance and `<` for `<=` would show.
    rows = np.random.default_rng(seed).integers(0, side, size=(n, 2)).astype(float)
    twins = twins_by_definition(rows, tolerance)
    expected = n * (n - 1) / 2 / (twins if twins else math.log(2))
    assert birthday_support(fake=torch.from_numpy(rows), tolerance=tolerance) == pytest.approx(expected)


@pytest.mark.parametrize("support", [5, 100, 2000])
def test_finds_the_size_of_a_support(support, numpy_rng):
    shares = np.full(support, 1 / support)
    found = [1 / birthday_support(fake=drawn_from(shares, 300, numpy_rng)) for _ in range(60)]
    error = np.std(found, ddof=1) / math.sqrt(60)
    assert np.mean(found) == pytest.approx(1 / support, abs=4.5 * error)  # fails with probability below 1e-4


def test_a_frequent_sample_caps_it(numpy_rng):
    shares = np.r_[0.2, np.full(5000, 0.8 / 5000)]
    assert birthday_support(fake=drawn_from(shares, 1000, numpy_rng)) == pytest.approx(25, rel=0.3)


@pytest.mark.parametrize("split", [1, 3, 256])
def test_how_the_work_is_cut_changes_nothing(split, numpy_rng, monkeypatch):
    rows = drawn_from(np.full(40, 1 / 40), 100, numpy_rng)
    whole = birthday_support(fake=rows), interval(fake=rows), collision_distance(real=rows + 0.1 * rows.sin())
    monkeypatch.setattr(sys.modules[birthday_support.__module__], "SECOND_LOOK", split)
    cut = birthday_support(fake=rows), interval(fake=rows), collision_distance(real=rows + 0.1 * rows.sin())
    assert cut == whole


def test_one_sample_over_and_over_is_a_support_of_one(rng):
    rows = torch.randn(1, 8, generator=rng).repeat(30, 1)
    assert birthday_support(fake=rows) == 1.0
    low, high = interval(fake=rows)
    assert low == 1.0
    assert 1.0 < high < 1.2


def test_no_twins_are_read_as_a_lower_bound(rng):
    rows = torch.randn(100, 8, generator=rng)
    assert birthday_support(fake=rows) == pytest.approx(4950 / math.log(2))
    low, high = interval(fake=rows)
    assert low == pytest.approx(4950 / -math.log(0.025))  # no pair seen: the expectation is below 3.69
    assert high == math.inf


def test_copies_that_differ_in_their_last_digit_are_twins(rng):
    rows = torch.randn(40, 64, generator=rng)
    again = rows * (1 + torch.finfo(torch.float32).eps * torch.randint(-1, 2, rows.shape, generator=rng))
    assert birthday_support(fake=torch.cat([rows, again])) == pytest.approx(80 * 79 / 2 / 40)


class TestInterval:
    def test_is_poisson_where_twins_are_rare(self):
        rows = torch.cat([torch.arange(100.0), torch.tensor([3.0, 50.0])])[:, None]
        low, high = poisson_interval(2.0)
        pairs = 102 * 101 / 2
        assert interval(fake=rows) == pytest.approx((pairs / high, pairs / low))

    @pytest.mark.parametrize("shares", ["equal", "one over rank"])
    def test_covers_the_truth_as_often_as_it_says(self, shares, numpy_rng):
        # 150 intervals at 95 %: fewer than 129 covers have a probability below 1e-4. Without the widening, 150
        # samples of the second law would be covered 50 times.
        p = np.ones(200) if shares == "equal" else 1 / np.arange(1, 201)
        p /= p.sum()
        truth, covered = 1 / np.square(p).sum(), 0
        for _ in range(150):
            low, high = interval(fake=drawn_from(p, 150, numpy_rng))
            covered += low <= truth <= high
        assert covered >= 129

    @pytest.mark.parametrize("n", [2, 3])
    def test_a_handful_with_twins_says_nothing(self, n):
        assert interval(fake=torch.zeros(n, 2)) == (1.0, math.inf)


class TestCollisionDistance:
    @given(seed=st.integers(0, 1000), n=st.integers(2, 20), pairs=st.integers(1, 12), side=st.integers(2, 50))
    def test_is_the_distance_of_a_pair_counted_from_the_nearest(self, seed, n, pairs, side):
        rows = np.random.default_rng(seed).integers(0, side, size=(n, 2)).astype(float)
        distances = sorted(np.linalg.norm(a - b) for a, b in combinations(rows, 2))
        pairs = min(pairs, len(distances))
        assert collision_distance(real=torch.from_numpy(rows), pairs=pairs) == pytest.approx(distances[pairs - 1])

    def test_real_samples_themselves_show_so_many_pairs(self, rng):
        real = torch.randn(200, 6, generator=rng)
        support = birthday_support(fake=real, tolerance=collision_distance(real=real, pairs=10))
        assert support == pytest.approx(200 * 199 / 2 / 10)

    def test_a_perfect_generator_shows_about_as_many(self, rng):
        twins = [
            200
            * 199
            / 2
            / birthday_support(
                fake=torch.randn(200, 6, generator=rng),
                tolerance=collision_distance(real=torch.randn(200, 6, generator=rng)),
            )
            for _ in range(40)
        ]
        # Ten on average; one count scatters by 4.6 (its own and that of the distance), the mean of 40 by 0.75.
        assert np.mean(twins) == pytest.approx(10, abs=3)

    def test_near_copies_are_found_where_exact_ones_are_not(self, rng):
        kept = torch.randn(50, 6, generator=rng)[torch.randint(50, (200,), generator=rng)]
        fake = kept + 0.01 * torch.randn(200, 6, generator=rng)
        tolerance = collision_distance(real=torch.randn(200, 6, generator=rng))
        assert duplicate_rate(fake=fake) == 0.0
        assert birthday_support(fake=fake, tolerance=tolerance) == pytest.approx(50, rel=0.2)

    @pytest.mark.parametrize("pairs", [0, 7])
    @pytest.mark.bad_input
    def test_pairs_that_are_not_there_are_explained(self, pairs):
        with pytest.raises(ValueError, match=f"`pairs` must be from 1 to 6, the pairs of 4 real rows, got {pairs}"):
            collision_distance(real=torch.arange(4.0)[:, None], pairs=pairs)


@pytest.mark.parametrize(
    ("fake", "tolerance", "message"),
    [
        (torch.full((9, 2), torch.nan), 0.0, r"`fake` has NaN or infinity in 9 of 9"),
        (torch.zeros(1, 2), 0.0, r"`fake` needs at least 2 rows, got 1"),
        (torch.zeros(9, 2), -1.0, r"`tolerance` is a distance and must be 0 or more, got -1.0"),
    ],
    ids=["nan", "one", "negative"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(fake, tolerance, message):
    with pytest.raises(ValueError, match=message):
        birthday_support(fake=fake, tolerance=tolerance)


def test_the_radii_of_a_fake_set_are_asked_for_once(rng, monkeypatch):
    rows = torch.randn(50, 3, generator=rng)
    duplicate_rate(fake=rows)
    plain, asked = _neighbours.neighbourhood, []
    monkeypatch.setattr(_neighbours, "neighbourhood", lambda *sets: asked.append(sets) or plain(*sets))
    birthday_support(fake=rows)
    assert not asked, "remembered since the duplicate rate"
    birthday_support(fake=rows + 1)
    assert len(asked) == 1
