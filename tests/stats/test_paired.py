import itertools

import numpy as np
import pytest
import torch
from scipy import stats

from collapse_metrics.stats.paired import mcnemar, paired_jackknife, sign_flip, t_p_value


def test_of_two_means_it_is_the_paired_t_test_of_the_block_means(numpy_rng):
    first, second = numpy_rng.normal(size=400), numpy_rng.normal(0.1, 1, size=400)
    both = [torch.from_numpy(x) for x in (first, second)]
    found = paired_jackknife(
        lambda rows: both[0][rows].mean().item(), lambda rows: both[1][rows].mean().item(), 400, seed=3
    )
    order = torch.randperm(400, generator=torch.Generator().manual_seed(3)).numpy().reshape(20, 20)
    blocks = (second - first)[order].mean(axis=1)
    assert found.value == pytest.approx((second - first).mean())
    assert found.p_value == pytest.approx(stats.ttest_1samp(blocks, 0).pvalue)


def test_what_both_share_drops_out(numpy_rng):
    shared = torch.from_numpy(numpy_rng.normal(size=400))
    found = paired_jackknife(
        lambda rows: shared[rows].mean().item(), lambda rows: shared[rows].mean().item() + 0.25, 400
    )
    assert found.value == pytest.approx(0.25)
    assert found.error == pytest.approx(0, abs=1e-12)


def test_a_difference_without_error_is_certain_and_none_at_all_is_none():
    assert t_p_value(0.1, 0.0, 9) == 0.0
    assert t_p_value(0.0, 0.0, 9) == 1.0


def test_pairs_that_differ_are_coins():
    first = np.array([True] * 10 + [False] * 90)
    second = np.array([False] * 9 + [True] + [True] * 1 + [False] * 89)
    found = mcnemar(first, second)
    assert found.value == pytest.approx(-0.08)
    assert found.p_value == pytest.approx(2 * stats.binom.cdf(1, 10, 0.5))


def test_without_coins_the_smallest_difference_is_that_which_would_throw_enough():
    same = np.ones(1000, dtype=bool)
    found = mcnemar(same, same)
    seen = found.detectable(alpha=0.05, power=0.95)
    assert found.p_value == 1.0
    # six heads of six are the fewest that surprise: 2 / 64 is below 0.05
    assert stats.poisson.sf(5, 1000 * seen) == pytest.approx(0.95)


def test_turning_signs_gives_the_exact_p_value(numpy_rng):
    differences = np.array([0.9, 0.4, 0.7, -0.1, 0.5, 0.3, 0.8])
    every = [abs(np.dot(signs, differences)) for signs in itertools.product((-1, 1), repeat=7)]
    exact = np.mean(np.array(every) >= abs(differences.sum()) - 1e-12)
    found = sign_flip(differences, rng=numpy_rng)
    assert found.p_value == pytest.approx(exact, abs=5 * np.sqrt(exact / 9999))  # five standard errors: p < 1e-6


def test_pairs_that_never_differ_are_no_evidence(numpy_rng):
    assert sign_flip(np.zeros(50), rng=numpy_rng).p_value == 1.0


def test_the_level_is_kept(numpy_rng):
    """2,000 sets without a difference; more than 7 % below 0.05 would be four standard errors: probability < 1e-4."""
    found = [sign_flip(numpy_rng.laplace(size=40), flips=199, rng=numpy_rng).p_value for _ in range(2000)]
    assert np.mean(np.array(found) <= 0.05) < 0.07


def test_so_large_a_difference_is_shown_that_often(numpy_rng):
    """Of 1,000 sets with the detectable difference 95 % must show it; under 91 % would be six standard errors."""
    detectable = sign_flip(numpy_rng.normal(size=400), flips=9, rng=numpy_rng).detectable(alpha=0.05, power=0.95)
    samples = numpy_rng.normal(detectable, 1, size=(1000, 400))
    shown = stats.ttest_1samp(samples, 0, axis=1).pvalue < 0.05
    assert 0.91 < shown.mean() < 0.985


def test_an_interval_holds_the_value_in_its_middle(numpy_rng):
    found = sign_flip(numpy_rng.normal(size=100), flips=9, rng=numpy_rng)
    low, high = found.interval()
    assert (low + high) / 2 == pytest.approx(found.value)
    assert high - low == pytest.approx(2 * stats.t.ppf(0.975, 99) * found.error)
