"""Within-mode diversity: by hand, against brute force, and in a collapse that the overall ratio does not see."""

import math
from itertools import combinations

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics._registry import METRICS
from collapse_metrics.metrics import pairwise_diversity, spread_of, within_mode_diversity

interval = METRICS["within_mode_diversity"].interval


def diversity_by_definition(real, fake, real_modes, fake_modes):
    """Ratio of mean distances mode by mode, weighted by real samples."""
    ratios, weights = [], []
    for mode in set(real_modes):
        spreads = [
            np.mean([np.linalg.norm(a - b) for a, b in combinations(rows[modes == mode], 2)] or [math.nan])
            for rows, modes in ((real, real_modes), (fake, fake_modes))
        ]
        if not np.isnan(spreads).any():
            ratios.append(spreads[1] / spreads[0])
            weights.append((real_modes == mode).sum())
    return np.average(ratios, weights=weights)


@given(seed=st.integers(0, 10_000), n=st.integers(8, 30), m=st.integers(8, 30), modes=st.integers(1, 4))
def test_agrees_with_the_definition(seed, n, m, modes):
    rng = np.random.default_rng(seed)
    real, fake = rng.normal(size=(n, 3)), 0.5 * rng.normal(size=(m, 3))
    # Mode 0 is always met twice on both sides; the others may be missing, or have a single sample.
    real_modes, fake_modes = (np.r_[0, 0, rng.integers(0, modes, size - 2)] for size in (n, m))
    data = {"real": real, "fake": fake, "real_modes": real_modes, "fake_modes": fake_modes}
    score = within_mode_diversity(**{name: torch.from_numpy(x) for name, x in data.items()})
    assert score == pytest.approx(diversity_by_definition(**data))


def modes_of(count, each):
    return torch.arange(count).repeat_interleave(each)


def test_sees_a_collapse_within_modes_where_the_overall_ratio_is_blind(ring):
    real, fake = ring(8, per_mode=50), ring(8, per_mode=50, spread=0.01)
    modes = modes_of(8, 50)
    assert pairwise_diversity(real=real, fake=fake) == pytest.approx(1.0, abs=0.02)
    score = within_mode_diversity(real=real, fake=fake, real_modes=modes, fake_modes=modes)
    assert score == pytest.approx(0.1, abs=0.02)


def test_a_lost_mode_is_left_out(ring):
    real, fake = ring(8, per_mode=200), ring(8, per_mode=200)[:600]
    score = within_mode_diversity(real=real, fake=fake, real_modes=modes_of(8, 200), fake_modes=modes_of(3, 200))
    assert score == pytest.approx(1.0, abs=0.12)  # four standard errors


def test_a_large_mode_weighs_more():
    line = torch.arange(6.0)[:, None]
    real, real_modes = torch.cat([line, line.repeat(3, 1)]), torch.tensor([0] * 6 + [1] * 18)
    fake = torch.cat([torch.zeros(6, 1), line.repeat(3, 1)])
    score = within_mode_diversity(real=real, fake=fake, real_modes=real_modes, fake_modes=real_modes)
    assert score == pytest.approx(0.75)


def test_a_mode_of_real_copies_is_no_yardstick():
    line = torch.arange(6.0)[:, None]
    real, modes = torch.cat([torch.zeros(6, 1), line]), modes_of(2, 6)
    assert within_mode_diversity(real=real, fake=real / 2, real_modes=modes, fake_modes=modes) == 0.5


def test_one_picture_per_mode_scores_nothing(ring):
    modes = modes_of(8, 20)
    data = {"real": ring(8, per_mode=20), "fake": ring(8, per_mode=20, spread=0), "real_modes": modes}
    assert within_mode_diversity(**data, fake_modes=modes) == 0.0
    assert interval(**data, fake_modes=modes) == (0.0, 0.0)


def test_names_of_modes_are_only_names(ring):
    real, fake, modes = ring(4, per_mode=20), ring(4, per_mode=20), modes_of(4, 20)
    score = within_mode_diversity(real=real, fake=fake, real_modes=modes, fake_modes=modes)
    other = torch.tensor([7, -2, 100, 3])[modes]
    assert within_mode_diversity(real=real, fake=fake, real_modes=other, fake_modes=other) == pytest.approx(score)


class TestInterval:
    def test_of_one_mode_it_is_that_of_two_means(self, rng):
        real, fake = torch.randn(2, 40, 3, generator=rng, dtype=torch.double)
        one = torch.zeros(40, dtype=torch.long)
        (usual, usual_error), (spread, error) = spread_of(real), spread_of(fake)
        low, high = interval(real=real, fake=fake, real_modes=one, fake_modes=one)
        half = math.log(high / low) / 2
        assert half == pytest.approx(1.959964 * math.hypot(usual_error / usual, error / spread), rel=1e-6)
        assert math.sqrt(low * high) == pytest.approx(spread / usual)

    def test_modes_of_any_size_share_what_they_know_of_their_scatter(self, rng):
        real, fake = torch.randn(60, 3, generator=rng), torch.randn(30, 3, generator=rng)
        real_modes, fake_modes = modes_of(2, 30), torch.tensor([0] * 6 + [1] * 24)
        pooled, shares, errors = [], [0.5, 0.5], []
        for rows, modes in ((real, real_modes), (fake, fake_modes)):
            spreads = [spread_of(rows[modes == mode]) for mode in (0, 1)]
            sizes = np.bincount(modes)
            squared = np.array([(error / spread) ** 2 for spread, error in spreads]) * sizes
            pooled.append(np.array([s for s, _ in spreads]))
            errors.append((squared * (sizes - 1)).sum() / (sizes - 1).sum() / sizes)
        ratios = pooled[1] / pooled[0]
        error = math.sqrt((np.square(shares * ratios) * (errors[0] + errors[1])).sum())
        low, high = interval(real=real, fake=fake, real_modes=real_modes, fake_modes=fake_modes)
        assert math.log(high / low) / 2 == pytest.approx(1.959964 * error / ratios.mean(), rel=1e-6)

    @pytest.mark.parametrize("each", [4, 20])
    def test_covers_the_truth_as_often_as_it_says(self, each, rng):
        # 120 intervals at 95 %: fewer than 103 covers have a probability below 1e-4.
        modes, covered = modes_of(3, each), 0
        for _ in range(120):
            real, fake = torch.randn(2, len(modes), 3, generator=rng) + modes[:, None]
            low, high = interval(real=real, fake=fake, real_modes=modes, fake_modes=modes)
            covered += low <= 1 <= high
        assert covered >= 103

    def test_two_samples_borrow_their_scatter_from_other_modes(self, rng):
        real, fake = torch.randn(40, 3, generator=rng), torch.randn(22, 3, generator=rng)
        real_modes, fake_modes = modes_of(2, 20), torch.tensor([0] * 20 + [1] * 2)
        low, high = interval(real=real, fake=fake, real_modes=real_modes, fake_modes=fake_modes)
        assert 0 < low < high < math.inf

    def test_two_samples_alone_say_nothing_of_their_spread(self, rng):
        real, fake = torch.randn(40, 3, generator=rng), torch.randn(2, 3, generator=rng)
        one = torch.zeros(40, dtype=torch.long)
        assert interval(real=real, fake=fake, real_modes=one, fake_modes=one[:2]) == (0.0, math.inf)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"fake": torch.zeros(9, 3)}, r"share one dimension, got .*'real': 2, 'fake': 3"),
        ({"fake": torch.full((9, 2), torch.nan)}, r"`fake` has NaN or infinity in 9 of 9"),
        ({"fake_modes": torch.zeros(8).long()}, r"`fake_modes` must hold one whole number for each of the 9 rows"),
        ({"real_modes": torch.zeros(9)}, r"`real_modes` must hold one whole number .* of torch.float32"),
        ({"fake_modes": torch.arange(9)}, r"no mode has two different samples in `real` and two in `fake`"),
        ({"real": torch.zeros(9, 2)}, r"no mode has two different samples in `real`"),
    ],
    ids=["dimension", "nan", "length", "float", "alone", "copies"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(change, message, rng):
    rows, modes = torch.randn(9, 2, generator=rng), torch.zeros(9, dtype=torch.long)
    data = {"real": rows, "fake": rows, "real_modes": modes, "fake_modes": modes} | change
    with pytest.raises(ValueError, match=message):
        within_mode_diversity(**data)
