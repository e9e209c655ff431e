"""Clipped coverage: its scale by exact theory and by its authors' sum, straight under loss, and blind where it says."""

import numpy as np
import pytest
import torch
from scipy import stats

from collapse_metrics.metrics import clipped_coverage, coverage, distinct_neighbours
from collapse_metrics.metrics.clipped_coverage import expected_fill


@pytest.mark.parametrize(("n_real", "n_fake", "k"), [(20, 15, 5), (50, 60, 3), (6, 8, 5)])
def test_the_scale_is_the_mean_of_a_cut_beta_binomial(n_real, n_fake, k):
    table = expected_fill(n_real=n_real, n_fake=n_fake, k=k)
    for m in range(n_fake + 1):
        law = stats.betabinom(m, k, n_real - k)
        assert table[m] == pytest.approx(sum(law.pmf(j) * min(j, k) for j in range(m + 1)) / k, abs=1e-12)


def test_the_scale_is_exact_for_large_samples_too():
    table = expected_fill(n_real=10_000, n_fake=50_000, k=5)
    assert table[0] == 0
    assert (np.diff(table) > 0).all()
    for m in (1, 1000, 50_000):
        law = stats.betabinom(m, 5, 9995)
        assert table[m] == pytest.approx(1 - sum((5 - j) * law.pmf(j) for j in range(5)) / 5, rel=1e-8)


def test_a_perfect_generator_scores_one_on_average(rng):
    # Thirty draws, mean within 4.5 standard errors: a right program fails with probability 1e-5.
    scores = np.array(
        [
            clipped_coverage(real=torch.randn(400, 3, generator=rng), fake=torch.randn(300, 3, generator=rng))
            for _ in range(30)
        ]
    )
    # Cut at one, so the mean lies below; what is above one is worth about 0.4 standard deviations.
    assert 0.93 < scores.mean() <= 1.0
    assert scores.std() < 0.1


def test_bad_samples_cost_their_share(rng):
    real, good = torch.randn(2000, 3, generator=rng), torch.randn(2000, 3, generator=rng)
    for bad in (400, 1000, 1600):
        fake = torch.cat([good[bad:], good[:bad] + 1000])
        assert clipped_coverage(real=real, fake=fake) == pytest.approx(1 - bad / 2000, abs=0.05)


def test_each_lost_mode_costs_its_share_at_equal_size(ring):
    real = ring(8, 60)
    for kept in (6, 4, 2, 1):
        fake = ring(8, 60 * 8 // kept)[: 60 * 8]
        assert clipped_coverage(real=real, fake=fake) == pytest.approx(kept / 8, abs=0.06)


def test_agrees_with_its_authors_scale_to_one_sample(rng):
    # Their table: the first whole m whose expectation reaches the fill, over n_fake + 1; none below k samples.
    real, fake = torch.randn(200, 3, generator=rng), torch.randn(150, 3, generator=rng)[:100]
    radius = torch.cdist(real, real).fill_diagonal_(torch.inf).kthvalue(5, dim=1).values
    nearest = torch.cdist(real, fake).topk(5, dim=1, largest=False).values
    fill = (nearest < radius[:, None]).double().mean().item()
    table = expected_fill(n_real=200, n_fake=100, k=5)
    table[:5] = 0
    theirs = np.searchsorted(table, fill) / 101
    assert clipped_coverage(real=real, fake=fake) == pytest.approx(theirs, abs=1 / 100)


def test_cannot_tell_noise_from_collapse_where_distinct_neighbours_can(rng):
    real = torch.randn(1000, 16, generator=rng)
    noisy = torch.randn(1000, 16, generator=rng) * 1.4
    few = torch.randn(40, 16, generator=rng).repeat(25, 1)
    assert clipped_coverage(real=real, fake=noisy) < 0.7
    assert clipped_coverage(real=real, fake=few) < 0.7
    assert distinct_neighbours(real=real, fake=noisy) > 5 * distinct_neighbours(real=real, fake=few)


def test_one_sample_repeated_fills_only_the_balls_around_it(rng):
    real = torch.randn(50, 2, generator=rng)
    balls_around = coverage(real=real, fake=real[:1])
    assert coverage(real=real, fake=real[:1].expand(30, 2)) == balls_around
    table = expected_fill(n_real=50, n_fake=30, k=5)
    expected = np.interp(balls_around, table, np.arange(31)) / 30
    assert clipped_coverage(real=real, fake=real[:1].expand(30, 2)) == pytest.approx(expected)


@pytest.mark.bad_input
def test_needs_more_rows_than_neighbours():
    with pytest.raises(ValueError, match="k=5 needs at least 6 real rows, got 5"):
        expected_fill(n_real=5, n_fake=5, k=5)
