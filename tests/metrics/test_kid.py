"""Kernel distance: by hand, against the peers and theory, without bias, far from the origin, and its interval."""

import importlib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch_fidelity.metric_kid import kernel_poly, mmd2
from torchmetrics.image.kid import poly_mmd

from collapse_metrics.metrics import kid

module = importlib.import_module("collapse_metrics.metrics.kid")


def kid_by_definition(real, fake, degree):
    """Pair by pair, in the longest floats there are."""

    def kernel(x, y):
        return (np.dot(x, y) / np.longdouble(len(x)) + 1) ** degree

    real, fake = np.asarray(real, dtype=np.longdouble), np.asarray(fake, dtype=np.longdouble)
    same = [np.mean([kernel(x, y) for i, x in enumerate(s) for j, y in enumerate(s) if i != j]) for s in (real, fake)]
    return float(sum(same) - 2 * np.mean([kernel(x, y) for x in real for y in fake]))


@pytest.mark.parametrize("degree", [1, 2, 3, 4])
@given(seed=st.integers(0, 10_000), n_real=st.integers(2, 9), n_fake=st.integers(2, 9), dim=st.integers(1, 4))
def test_agrees_with_the_definition(degree, seed, n_real, n_fake, dim):
    rng = np.random.default_rng(seed)
    real, fake = rng.normal(size=(n_real, dim)), 1 + rng.normal(size=(n_fake, dim))
    score = kid(real=torch.from_numpy(real), fake=torch.from_numpy(fake), degree=degree)
    assert score == pytest.approx(kid_by_definition(real, fake, degree), rel=1e-9, abs=1e-9)


def test_agrees_with_published_programs_on_one_subset_of_all_rows(numpy_rng):
    # torch-fidelity 0.4.0 and torchmetrics 1.9.0; both take sets of one size only.
    real, fake = numpy_rng.normal(size=(80, 12)), 0.8 * numpy_rng.normal(size=(80, 12)) + 0.2
    options = {"kid_kernel_poly_degree": 3, "kid_kernel_poly_gamma": None, "kid_kernel_poly_coef0": 1.0}
    kernels = [kernel_poly(x, y, **options) for x, y in ((real, real), (real, fake), (fake, fake))]
    ours = kid(real=torch.from_numpy(real), fake=torch.from_numpy(fake))
    assert ours == pytest.approx(mmd2(*kernels, mmd_est="unbiased"))
    assert ours == pytest.approx(poly_mmd(torch.from_numpy(real), torch.from_numpy(fake)).item())


def test_the_straight_kernel_compares_means_and_takes_their_noise_off(numpy_rng):
    real, fake = numpy_rng.normal(size=(30, 5)), numpy_rng.normal(size=(20, 5)) + 0.5
    noise = real.var(axis=0, ddof=1).sum() / 30 + fake.var(axis=0, ddof=1).sum() / 20
    expected = (np.square(real.mean(axis=0) - fake.mean(axis=0)).sum() - noise) / 5
    got = kid(real=torch.from_numpy(real), fake=torch.from_numpy(fake), degree=1)
    assert got == pytest.approx(expected)


@pytest.mark.parametrize("n", [3, 30])
def test_a_perfect_generator_scores_nought_on_average_at_every_size(n, rng):
    # Means of 100 independent scores: five standard errors.
    scores = [kid(real=torch.randn(n, 4, generator=rng), fake=torch.randn(n, 4, generator=rng)) for _ in range(100)]
    assert abs(np.mean(scores)) < 5 * np.std(scores) / 100**0.5
    assert min(scores) < 0 < max(scores)


def test_far_from_the_origin_digits_remain(numpy_rng):
    # At 1,000 a kernel value is 1e18, and float64 sums of raw values would be off by a hundred.
    real, fake = 1000 + numpy_rng.normal(size=(9, 3)), 1000 + numpy_rng.normal(size=(8, 3))
    score = kid(real=torch.from_numpy(real), fake=torch.from_numpy(fake))
    # The oracle itself has 19 digits.
    assert score == pytest.approx(kid_by_definition(real, fake, 3), rel=1e-6)
    turned = kid(real=torch.from_numpy(real[:, ::-1].copy()), fake=torch.from_numpy(fake[:, ::-1].copy()))
    assert score == pytest.approx(turned, rel=1e-11)


def test_both_sides_count_alike(rng):
    real, fake = torch.randn(20, 3, generator=rng), 2 * torch.randn(30, 3, generator=rng)
    assert kid(real=real, fake=fake) == pytest.approx(kid(real=fake, fake=real), rel=1e-6)


def test_constants_score_nought_and_surely():
    same = torch.full((9, 3), 0.1)
    assert kid(real=same, fake=same[:5]) == 0.0
    assert module.kid_interval(real=same, fake=same[:5]) == (0.0, 0.0)


def test_a_collapsed_generator_leaves_no_doubt_but_the_real_data(ring):
    real = ring(8, per_mode=20)
    fake = real[:1].repeat(50, 1)
    score = kid(real=real, fake=fake)
    assert score > 10
    assert module.kid_interval(real=real, fake=fake) == pytest.approx((score, score), rel=1e-6)


@pytest.mark.parametrize("alive", [1, 4, 7])
def test_lost_modes_show(alive, ring):
    real, fake = ring(8, per_mode=50), ring(8, per_mode=50)
    low, _ = module.kid_interval(real=real, fake=fake[: alive * 50])
    assert low > 0
    low, high = module.kid_interval(real=real, fake=fake)
    assert low < 0 < high


@pytest.mark.parametrize("chunk", [1, 7, 39, 40])
def test_chunking_changes_nothing(chunk, rng, monkeypatch):
    real, fake = torch.randn(50, 3, generator=rng), torch.randn(40, 3, generator=rng) + 0.2
    whole, interval = kid(real=real, fake=fake), module.kid_interval(real=real, fake=fake)
    monkeypatch.setattr(module, "ROWS", chunk)
    assert kid(real=real, fake=fake) == pytest.approx(whole, rel=1e-10)
    assert module.kid_interval(real=real, fake=fake) == pytest.approx(interval, rel=1e-10)


@pytest.mark.parametrize(("degree", "offset"), [(1, 0.0), (3, 0.15), (3, 1.0)])
def test_the_interval_covers(degree, offset, rng):
    # Real samples fixed, 200 generated sets. At 95 % coverage, fewer than 173 hits have probability 1e-5.
    real = torch.randn(60, 3, generator=rng)
    sets = [torch.randn(60, 3, generator=rng) + offset for _ in range(200)]
    average = np.mean([kid(real=real, fake=fake, degree=degree) for fake in sets])
    ends = np.array([module.kid_interval(real=real, fake=fake, degree=degree) for fake in sets])
    assert 173 <= ((ends[:, 0] <= average) & (average <= ends[:, 1])).sum() <= 199


def test_the_interval_of_a_perfect_generator_is_as_wide_as_theory_says(rng):
    # Straight kernel, real samples whose mean is the true one: the score scatters by sqrt(2 / dim) / m. The interval is
    # a little wider, because a small distance could hide there; means of 20 widths, known to 1 %.
    dim, m = 40, 50
    real = torch.randn(1000, dim, generator=rng)
    real -= real.mean(dim=0)
    ends = [module.kid_interval(real=real, fake=torch.randn(m, dim, generator=rng), degree=1) for _ in range(20)]
    width = np.mean([high - low for low, high in ends]) / (2 * 1.96 * (2 / dim) ** 0.5 / m)
    assert 1.0 < width < 1.3


def test_a_surer_interval_is_wider(rng):
    real, fake = torch.randn(30, 3, generator=rng), torch.randn(30, 3, generator=rng)
    low, high = module.kid_interval(real=real, fake=fake)
    lower, higher = module.kid_interval(real=real, fake=fake, level=0.99)
    assert lower < low < kid(real=real, fake=fake) < high < higher


@pytest.mark.parametrize(
    ("real", "fake", "degree", "message"),
    [
        (torch.zeros(9, 2), torch.zeros(9, 3), 3, r"share one dimension"),
        (torch.zeros(9, 2), torch.zeros(1, 2), 3, r"`fake` needs at least 2 rows, got 1"),
        (torch.zeros(9, 2), torch.full((9, 2), torch.nan), 3, r"`fake` has NaN or infinity in 9 of 9"),
        (torch.zeros(9, 2), torch.zeros(9, 2), 0, r"`degree` of the kernel must be at least 1, got 0"),
    ],
    ids=["dimension", "one-fake", "nan", "degree"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(real, fake, degree, message):
    with pytest.raises(ValueError, match=message):
        kid(real=real, fake=fake, degree=degree)
    with pytest.raises(ValueError, match=message):
        module.kid_interval(real=real, fake=fake, degree=degree)
