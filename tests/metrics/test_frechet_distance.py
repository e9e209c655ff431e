"""Frechet distance: by definition, against the peers and theory, far from the origin, with few rows, collapsed."""

import importlib

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy.linalg import sqrtm
from torch_fidelity.metric_fid import fid_features_to_statistics, fid_statistics_to_metric
from torchmetrics.image.fid import _compute_fid

from collapse_metrics.metrics import frechet_distance, frechet_floor, frechet_from_moments

module = importlib.import_module("collapse_metrics.metrics.frechet_distance")


def cloud(n, dim, rng, *, decay=0.0, shift=0.0):
    """Correlated rows; with ``decay``, standard deviations fall by that many powers of ten."""
    mix = torch.randn(dim, dim, generator=rng, dtype=torch.double) / dim**0.5
    rows = torch.randn(n, dim, generator=rng, dtype=torch.double)
    return (rows + rows @ mix) * torch.logspace(0, -decay, dim, dtype=torch.double) + shift


def moments(rows):
    rows = rows.double()
    return rows.mean(dim=0), torch.cov(rows.T).reshape(rows.shape[1], -1)


def by_singular_values(x, y):
    """The trace of the root is the sum of singular values of one factor times the other; right for any rank."""
    x, y = x.double().numpy(), y.double().numpy()
    a, b = (x - x.mean(axis=0)) / np.sqrt(len(x) - 1), (y - y.mean(axis=0)) / np.sqrt(len(y) - 1)
    root = np.linalg.svd(a @ b.T, compute_uv=False).sum()
    return np.square(x.mean(axis=0) - y.mean(axis=0)).sum() + (a**2).sum() + (b**2).sum() - 2 * root


@given(seed=st.integers(0, 10_000), n_real=st.integers(8, 30), n_fake=st.integers(8, 30), dim=st.integers(1, 5))
def test_agrees_with_the_definition(seed, n_real, n_fake, dim):
    rng = torch.Generator().manual_seed(seed)
    real, fake = cloud(n_real, dim, rng), cloud(n_fake, dim, rng, shift=0.3)
    (mean1, cov1), (mean2, cov2) = moments(real), moments(fake)
    root = sqrtm((cov1 @ cov2).numpy()).real
    expected = (mean1 - mean2).square().sum() + cov1.trace() + cov2.trace() - 2 * np.trace(root)
    assert frechet_distance(real=real, fake=fake) == pytest.approx(float(expected), rel=1e-9, abs=1e-9)


@pytest.mark.parametrize(("n_real", "n_fake", "dim"), [(200, 150, 12), (60, 90, 40), (300, 70, 30)])
def test_agrees_with_published_programs(n_real, n_fake, dim, rng):
    # torch-fidelity 0.4.0 and torchmetrics 1.9.0, from features in float64.
    real, fake = cloud(n_real, dim, rng), cloud(n_fake, dim, rng, shift=0.1)
    ours = frechet_distance(real=real, fake=fake)
    first, second = fid_features_to_statistics(real), fid_features_to_statistics(fake)
    assert ours == pytest.approx(fid_statistics_to_metric(first, second, verbose=False)["frechet_inception_distance"])
    assert ours == pytest.approx(_compute_fid(*moments(real), *moments(fake)).item())


@pytest.mark.parametrize(
    ("n_real", "n_fake", "dim"),
    [(20, 20, 50), (20, 300, 50), (300, 20, 50), (51, 50, 50), (2, 2, 9), (2, 40, 3), (50, 50, 1)],
)
@pytest.mark.parametrize("decay", [0.0, 2.0])
def test_fewer_rows_than_features_are_no_trouble(n_real, n_fake, dim, decay, rng):
    real, fake = cloud(n_real, dim, rng, decay=decay), cloud(n_fake, dim, rng, decay=decay, shift=0.2)
    expected = pytest.approx(by_singular_values(real, fake), rel=1e-7)
    assert frechet_distance(real=real, fake=fake) == expected
    assert frechet_from_moments(*moments(real), *moments(fake)) == expected
    assert module._frechet_from_rows(real, fake) == expected


def test_the_cheaper_of_two_ways_is_taken(rng, monkeypatch):
    taken = []
    for way in ("frechet_from_moments", "_frechet_from_rows"):
        plain = getattr(module, way)
        monkeypatch.setattr(module, way, lambda *sets, way=way, plain=plain: taken.append(way) or plain(*sets))
    frechet_distance(real=cloud(10, 40, rng), fake=cloud(90, 40, rng))
    frechet_distance(real=cloud(100, 5, rng), fake=cloud(90, 5, rng))
    assert taken == ["_frechet_from_rows", "frechet_from_moments"]


def test_independent_features_have_a_closed_form():
    # Rows on the axes: covariances are diagonal, so standard deviations subtract feature by feature.
    axes = torch.cat([torch.eye(4), -torch.eye(4)]).double()
    real, fake = axes * torch.tensor([1.0, 2.0, 3.0, 4.0]), axes * torch.tensor([2.0, 2.0, 1.0, 0.0]) + 5
    deviation = (2 / 7) ** 0.5
    expected = 4 * 25 + deviation**2 * (1 + 0 + 4 + 16)
    assert frechet_distance(real=real, fake=fake) == pytest.approx(expected)


@pytest.mark.parametrize("shape", [(40, 6), (10, 30)])
def test_units_are_squared_and_a_move_of_one_set_counts_squared(shape, rng):
    real, fake = cloud(*shape, rng), cloud(*shape, rng)
    plain = frechet_distance(real=real, fake=fake)
    assert frechet_distance(real=10 * real, fake=10 * fake) == pytest.approx(100 * plain)
    to = fake - fake.mean(dim=0) + real.mean(dim=0)
    assert frechet_distance(real=real, fake=to + 2) == pytest.approx(
        frechet_distance(real=real, fake=to) + 4 * shape[1], rel=1e-9
    )


@pytest.mark.parametrize(("n", "dim"), [(40, 6), (10, 30), (33, 32)])
def test_a_set_is_at_no_distance_from_itself(n, dim, rng):
    rows = cloud(n, dim, rng, decay=3)
    variance = moments(rows)[1].trace().item()
    assert 0 <= frechet_distance(real=rows, fake=rows.flip(0)) <= 1e-6 * variance
    assert 0 <= frechet_from_moments(*moments(rows), *moments(rows)) <= 1e-6 * variance


def test_both_sides_count_alike(rng):
    real, fake = cloud(50, 8, rng), cloud(20, 8, rng, decay=1)
    assert frechet_distance(real=real, fake=fake) == pytest.approx(frechet_distance(real=fake, fake=real), rel=1e-10)


@pytest.mark.parametrize("shape", [(60, 5), (8, 30)])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_far_from_the_origin_nothing_is_lost(shape, dtype, rng):
    # Quarters are exact in float32 also at 1,000: whatever differs was lost in the sums.
    real, fake = ((4 * cloud(*shape, rng)).round().to(dtype) / 4 for _ in range(2))
    plain = frechet_distance(real=real, fake=fake)
    assert frechet_distance(real=real + 1000, fake=fake + 1000) == pytest.approx(plain, rel=1e-9)


@pytest.mark.parametrize("dim", [3, 40])
def test_copies_of_one_sample_leave_the_real_variance_and_the_way_to_it(dim, rng):
    real, fake = cloud(30, dim, rng), torch.full((20, dim), 0.1, dtype=torch.double)
    mean, cov = moments(real)
    expected = cov.trace() + (mean - 0.1).square().sum()
    assert frechet_distance(real=real, fake=fake) == pytest.approx(expected.item())
    assert frechet_distance(real=fake, fake=fake[:7]) == 0.0
    assert frechet_distance(real=fake, fake=fake + 2) == pytest.approx(4 * dim)


def test_repeats_do_not_break_it(rng):
    real = cloud(200, 10, rng)
    fake = real[:4].repeat(50, 1)
    assert frechet_distance(real=real, fake=fake) == pytest.approx(by_singular_values(real, fake), rel=1e-7)


def test_the_more_modes_are_lost_the_farther(ring):
    real, fake = ring(8, per_mode=50), ring(8, per_mode=50)
    healthy, *lost = (frechet_distance(real=real, fake=fake[: alive * 50]) for alive in (8, 7, 4, 1))
    assert healthy < 0.1
    assert healthy + 2 < lost[0] < lost[1] < lost[2]


@pytest.mark.parametrize(("rows", "columns"), [(1, 1), (7, 3), (100, 5)])
def test_how_the_work_is_cut_changes_nothing(rows, columns, rng, monkeypatch):
    tall, wide = (cloud(50, 5, rng), cloud(40, 5, rng)), (cloud(9, 30, rng), cloud(12, 30, rng))
    whole = [frechet_distance(real=real, fake=fake) for real, fake in (tall, wide)]
    monkeypatch.setattr(module, "ROWS", rows)
    monkeypatch.setattr(module, "COLUMNS", columns)
    assert [frechet_distance(real=real, fake=fake) for real, fake in (tall, wide)] == pytest.approx(whole, rel=1e-10)


class TestFloor:
    def test_the_numbers_in_the_docstring_are_those_of_the_theory(self):
        first_order = {n: 64 * (64 + 5) / (2 * n) for n in (500, 1000)}
        assert first_order == {500: pytest.approx(4.4, abs=0.05), 1000: pytest.approx(2.2, abs=0.05)}
        for said in ("dim * (dim + 5) / (2 * n)", "4.4 for 500 samples, 2.2 for 1,000"):
            assert said in frechet_distance.__doc__

    @pytest.mark.parametrize(("n_real", "n_fake"), [(300, 300), (400, 100)])
    def test_is_what_a_perfect_generator_scores(self, n_real, n_fake, rng):
        # Ten scores scatter by 4 % each, the floors by 2 %: eight standard errors of the two means.
        def draw(n):
            return torch.randn(n, 20, generator=rng)

        scores = [frechet_distance(real=draw(n_real), fake=draw(n_fake)) for _ in range(10)]
        floors = [frechet_floor(real=draw(n_real), n_fake=n_fake) for _ in range(10)]
        assert np.mean(floors) == pytest.approx(np.mean(scores), rel=0.12)

    def test_few_samples_on_either_side_raise_it(self, rng):
        # One feature: its variance times 1.5 * (1 / n_real + 1 / n_fake). Means of 20, known to 8 %.
        for n_real, n_fake in ((1000, 10), (30, 1000)):
            floors = [frechet_floor(real=torch.randn(n_real, 1, generator=rng), n_fake=n_fake) for _ in range(20)]
            assert np.mean(floors) == pytest.approx(1.5 * (1 / n_real + 1 / n_fake), rel=0.33)

    def test_sees_the_shape_of_the_data(self, rng):
        # With every sample twenty times or nought times as long, covariances scatter far more than a Gaussian's.
        wild = torch.randn(600, 10, generator=rng) * (torch.rand(600, 1, generator=rng) < 0.05) * 20
        tame = torch.randn(600, 10, generator=rng) * wild.std()
        assert frechet_floor(real=wild, n_fake=600) > 2 * frechet_floor(real=tame, n_fake=600)

    def test_falls_with_the_number_of_samples(self, rng):
        real = cloud(200, 6, rng)
        floors = [frechet_floor(real=real, n_fake=n) for n in (50, 200, 10_000)]
        assert floors == sorted(floors, reverse=True)
        assert frechet_floor(real=real, n_fake=50) == floors[0]

    @pytest.mark.bad_input
    def test_bad_input_is_explained(self):
        with pytest.raises(ValueError, match="`real` needs at least 4 rows, got 3"):
            frechet_floor(real=torch.zeros(3, 2), n_fake=5)
        with pytest.raises(ValueError, match="`n_fake` must be 2 or more and `splits` 1 or more, got 1 and 4"):
            frechet_floor(real=torch.zeros(9, 2), n_fake=1)


@pytest.mark.parametrize(
    ("real", "fake", "message"),
    [
        (torch.zeros(9, 2), torch.zeros(9, 3), r"share one dimension"),
        (torch.zeros(9, 2), torch.zeros(1, 2), r"`fake` needs at least 2 rows, got 1"),
        (torch.zeros(1, 2), torch.zeros(9, 2), r"`real` needs at least 2 rows, got 1"),
        (torch.zeros(9, 2), torch.full((9, 2), torch.nan), r"`fake` has NaN or infinity in 9 of 9"),
    ],
    ids=["dimension", "one-fake", "one-real", "nan"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(real, fake, message):
    with pytest.raises(ValueError, match=message):
        frechet_distance(real=real, fake=fake)
