"""Moments: beside NumPy's, far from the origin, and against what a peer loses there."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics._registry import METRICS
from collapse_metrics.streaming import Moments
from tests.streaming.conftest import cut, feed


@given(seed=st.integers(0, 10_000), n=st.integers(2, 60), far=st.sampled_from([0.0, 1e3, 1e7]))
def test_agrees_with_numpy_wherever_the_features_lie(seed, n, far):
    rng = np.random.default_rng(seed)
    near = rng.normal(size=(n, 3)) * [1.0, 0.1, 3.0]
    near = np.round(near, 6)  # so that adding a million loses nothing that is compared
    seen = feed(Moments(), cut(torch.from_numpy(near + far), rng))
    assert seen.n == n
    np.testing.assert_allclose(seen.mean.numpy() - far, near.mean(axis=0), atol=1e-15 * far + 1e-12)
    np.testing.assert_allclose(seen.covariance.numpy(), np.cov(near.T), rtol=1e-9, atol=1e-7 if far == 1e7 else 1e-10)


def test_single_precision_rows_far_away_lose_nothing_more(rng):
    # Sums of squares in float32, as some programs keep them, give a variance of 2.5 here instead of 1.
    rows = (1000 + torch.randn(4000, 2, generator=rng)).float()
    seen = feed(Moments(), rows.split(64))
    np.testing.assert_allclose(seen.covariance.numpy(), np.cov(rows.double().numpy().T), rtol=1e-11)


def test_many_small_batches_do_not_drift(rng):
    rows = 1e6 + torch.randn(600, 2, generator=rng, dtype=torch.float64)
    one_by_one = feed(Moments(), rows.split(1))
    np.testing.assert_allclose(one_by_one.covariance.numpy(), np.cov(rows.numpy().T), atol=1e-9)


def test_the_second_moment_is_about_zero(rng):
    rows = 5 + torch.randn(50, 4, generator=rng, dtype=torch.float64)
    seen = feed(Moments(), rows.split(7))
    torch.testing.assert_close(seen.second_moment, rows.T @ rows / 50, rtol=1e-12, atol=1e-12)


def test_unit_rows_have_the_eigenvalues_of_the_cosines(rng):
    rows = torch.randn(30, 4, generator=rng, dtype=torch.float64) + 1
    unit = rows / rows.norm(dim=1, keepdim=True)
    small = torch.linalg.eigvalsh(feed(Moments(unit=True), rows.split(11)).second_moment)
    large = torch.linalg.eigvalsh(unit @ unit.T / 30)[-4:]
    torch.testing.assert_close(small, large, rtol=1e-10, atol=1e-12)
    assert small.sum().item() == pytest.approx(1.0)


@pytest.mark.parametrize("q", [0.0, 0.5, 1.0, 2.0, math.inf])
@pytest.mark.parametrize("name", ["vendi_score", "rke"])
def test_numbers_of_the_cosine_are_those_of_all_samples(name, q, rng):
    options = {"q": q} if name == "vendi_score" else {}
    for rows in (torch.randn(50, 6, generator=rng), torch.eye(4).repeat(20, 1), torch.ones(9, 3)):
        seen = feed(Moments(unit=True), rows.split(7))
        assert seen.result(name, **options) == pytest.approx(METRICS[name].compute(fake=rows, **options), rel=1e-12)


@pytest.mark.parametrize("n", [4, 9, 200])
@pytest.mark.parametrize("far", [0.0, 1000.0])
@pytest.mark.parametrize(
    ("name", "options"),
    [("effective_rank", {}), ("participation_ratio", {}), ("participation_ratio", {"unbiased": False})],
)
def test_numbers_of_the_spread_are_those_of_all_samples(name, options, far, n, rng):
    scales = torch.tensor([5.0, 2.0, 1.0, 0.5, 0.1, 0.0])
    for rows in (far + scales * torch.randn(n, 6, generator=rng, dtype=torch.float64) ** 3, torch.full((n, 3), 0.1)):
        seen = feed(Moments(), rows.split(3))
        assert seen.result(name, **options) == pytest.approx(METRICS[name].compute(fake=rows, **options), rel=1e-9)


@pytest.mark.parametrize("name", ["effective_rank", "participation_ratio"])
def test_what_differs_by_rounding_only_is_one_sample(name, rng):
    rows = 1000 + 1e-4 * torch.randn(30, 4, generator=rng, dtype=torch.float64)
    assert METRICS[name].compute(fake=rows) == feed(Moments(), rows.split(7)).result(name) == 0.0


def test_rows_at_right_angles_have_nothing_in_common(rng):
    rows, _ = torch.linalg.qr(torch.randn(40, 40, generator=rng, dtype=torch.float64))
    assert METRICS["rke"].compute(fake=rows) == feed(Moments(unit=True), rows.split(7)).result("rke") == math.inf


@pytest.mark.parametrize("n", [3, 50])
def test_the_frechet_distance_is_that_of_all_samples(n, rng):
    real, fake = torch.randn(40, 6, generator=rng) + 1000, 2 * torch.randn(n, 6, generator=rng) + 1001
    seen = feed(Moments(real=Moments.of(real).table), fake.split(7))
    assert seen.result("frechet_distance") == pytest.approx(METRICS["frechet_distance"].compute(real=real, fake=fake))


def test_fourth_powers_are_those_of_all_rows(rng):
    rows = 7 + torch.randn(30, 3, generator=rng, dtype=torch.float64) ** 3
    powers = (rows - rows.mean(dim=0)).square().sum(dim=1).square().sum().item()
    assert feed(Moments(), rows.split(4)).fourth_powers == pytest.approx(powers, rel=1e-11)


@pytest.mark.bad_input
def test_unit_rows_have_no_mean():
    seen = feed(Moments(unit=True), [torch.ones(3, 2)])
    for read in (lambda: seen.mean, lambda: seen.covariance, lambda: seen.mean_squared_distance):
        with pytest.raises(ValueError, match="taken about zero, there is no mean"):
            read()


def test_the_mean_squared_distance_is_that_of_all_pairs(rng):
    rows = torch.randn(20, 3, generator=rng, dtype=torch.float64)
    apart = [(rows[i] - rows[j]).square().sum().item() for i in range(20) for j in range(20) if i != j]
    assert feed(Moments(), rows.split(6)).mean_squared_distance == pytest.approx(np.mean(apart))


def test_copies_have_no_spread():
    seen = feed(Moments(), torch.full((40, 3), 1234.5).split(9))
    assert seen.covariance.abs().max() == 0
    assert seen.mean.tolist() == [1234.5] * 3


@pytest.mark.bad_input
def test_too_few_rows_are_explained():
    seen = Moments()
    with pytest.raises(ValueError, match="`fake` needs at least 1 rows, got 0"):
        _ = seen.mean
    seen.update(torch.ones(1, 2))
    assert seen.mean.tolist() == [1.0, 1.0]
    with pytest.raises(ValueError, match="`fake` needs at least 2 rows, got 1"):
        _ = seen.covariance


@pytest.mark.bad_input
def test_rows_that_point_nowhere_have_no_cosine():
    with pytest.raises(ValueError, match="rows of zeros, which point nowhere"):
        Moments(unit=True).update(torch.tensor([[1.0, 0.0], [0.0, 0.0]]))


@pytest.mark.parametrize(
    ("name", "options", "message"),
    [
        ("participation_ratio", {}, "`fake` needs at least 4 rows, got 3"),
        ("vendi_score", {"q": -1.0}, "`q` is an order and must be 0 or more, got -1"),
        ("vendi_score", {"bandwidth": 2.0}, "`bandwidth`"),
        ("rke", {"bandwidth": 2.0}, "`bandwidth`"),
    ],
)
@pytest.mark.bad_input
def test_what_a_metric_refuses_is_refused(name, options, message):
    seen = feed(Moments(unit=name in ("vendi_score", "rke")), [torch.eye(3)])
    with pytest.raises(ValueError, match=message):
        seen.result(name, **options)


@pytest.mark.bad_input
def test_rows_of_another_embedder_than_the_real_ones_are_refused():
    seen = Moments(real=Moments.of(torch.eye(3)).table)
    with pytest.raises(ValueError, match="must have the 3 features of those before, got 2"):
        seen.update(torch.eye(2))


@pytest.mark.bad_input
def test_a_metric_that_moments_do_not_give_is_refused():
    with pytest.raises(ValueError, match="is needed, got 'coverage'"):
        Moments().result("coverage")
