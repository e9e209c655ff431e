"""All six at once: each by its naive definition, against published programs, at the edge, and fitted beforehand."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from prdc import compute_prdc

from collapse_metrics import metrics
from collapse_metrics.metrics import Balls, _screen, neighbour_metrics
from collapse_metrics.metrics._balls import count
from collapse_metrics.metrics.clipped_coverage import expected_fill

NAMES = ("precision", "recall", "density", "coverage", "clipped_density", "clipped_coverage")


def between(x, y):
    return np.linalg.norm(x[:, None].astype(float) - y.astype(float), axis=2)


def by_definition(real, fake, k):
    """The definitions, word for word, with whole matrices."""

    def radii(x):
        own = between(x, x)
        np.fill_diagonal(own, np.inf)
        return np.sort(own, axis=1)[:, k - 1]

    radius, fake_radius = radii(real), radii(fake)
    apart = between(fake, real)
    inside = apart <= radius
    clipped = np.minimum(radius, np.median(radius))
    own = between(real, real)
    np.fill_diagonal(own, np.inf)
    usual = np.minimum((own <= clipped).sum(axis=1) / k, 1).mean()
    fill = np.minimum(inside.sum(axis=0), k).mean() / k
    table = expected_fill(n_real=len(real), n_fake=len(fake), k=k)
    scores = {
        "precision": inside.any(axis=1).mean(),
        "recall": (apart <= fake_radius[:, None]).any(axis=0).mean(),
        "density": inside.sum() / (k * len(fake)),
        "coverage": inside.any(axis=0).mean(),
        "clipped_coverage": np.interp(fill, table, np.arange(len(fake) + 1)) / len(fake),
    }
    if usual > 0:
        scores["clipped_density"] = min(1.0, np.minimum((apart <= clipped).sum(axis=1) / k, 1).mean() / usual)
    return scores


def ours(real, fake, k):
    return neighbour_metrics(real=torch.from_numpy(real), fake=torch.from_numpy(fake), k=k)


@pytest.mark.parametrize("k", [1, 3, 5])
@given(seed=st.integers(0, 10_000), n_real=st.integers(8, 40), n_fake=st.integers(6, 40))
def test_each_agrees_with_its_definition(k, seed, n_real, n_fake):
    rng = np.random.default_rng(seed)
    real, fake = rng.normal(size=(n_real, 3)), 0.8 * rng.normal(size=(n_fake, 3))
    expected = by_definition(real, fake, k)
    if "clipped_density" in expected:
        assert ours(real, fake, k) == pytest.approx(expected)


@pytest.mark.parametrize("k", [1, 2, 4])
@given(seed=st.integers(0, 10_000), n=st.integers(6, 40), side=st.integers(1, 4))
def test_each_agrees_with_its_definition_where_most_distances_tie(k, seed, n, side):
    rng = np.random.default_rng(seed)
    real = rng.integers(0, side, size=(n, 2)).astype(np.float32)
    fake = rng.integers(0, side, size=(n + 2, 2)).astype(np.float32)
    expected = by_definition(real, fake, k)
    if "clipped_density" in expected:
        assert ours(real, fake, k) == pytest.approx(expected)


@pytest.mark.parametrize("name", NAMES)
@given(seed=st.integers(0, 10_000), k=st.integers(1, 5))
def test_each_function_gives_what_the_pass_over_all_gives(name, seed, k):
    rng = torch.Generator().manual_seed(seed)
    real, fake = torch.randn(30, 3, generator=rng), torch.randn(25, 3, generator=rng)
    assert getattr(metrics, name)(real=real, fake=fake, k=k) == neighbour_metrics(real=real, fake=fake, k=k)[name]


@pytest.mark.parametrize(
    ("tile", "at_once", "many"), [(17, 1 << 19, 1 << 16), (64, 30, 0), (33, 1 << 19, 0), (2048, 30, 1 << 16)]
)
def test_neither_tiles_nor_the_second_look_change_a_number(tile, at_once, many, rng, monkeypatch):
    real = torch.randn(90, 4, generator=rng)
    fake = torch.cat([torch.randn(50, 4, generator=rng), real[:20], real[:1].expand(15, 4)])
    whole = neighbour_metrics(real=real, fake=fake)
    monkeypatch.setattr(_screen, "TILE", tile)
    monkeypatch.setattr("collapse_metrics.metrics._balls.AT_ONCE", at_once)
    monkeypatch.setattr("collapse_metrics.metrics._balls.MANY", many)
    assert neighbour_metrics(real=real, fake=fake) == whole
    assert whole == pytest.approx(by_definition(real.numpy(), fake.numpy(), 5))


@pytest.mark.parametrize(("n", "m", "dim", "k"), [(300, 300, 64, 5), (200, 350, 8, 3), (150, 100, 2, 1)])
def test_four_of_them_agree_with_prdc_on_continuous_data(n, m, dim, k, numpy_rng):
    real, fake = numpy_rng.normal(size=(n, dim)), 0.9 * numpy_rng.normal(size=(m, dim))
    theirs = compute_prdc(real, fake, k)
    assert {name: ours(real, fake, k)[name] for name in theirs} == pytest.approx(theirs)


def test_identical_constants_are_perfect_where_prdc_gives_nothing():
    # prdc 0.2 asks `<`: precision = recall = density = coverage = 0.
    ones = np.ones((50, 4))
    assert set(compute_prdc(ones, ones, 5).values()) == {0.0}
    scores = ours(ones, ones, 5)
    assert scores.pop("density") == 10.0, "every sample lies in all 50 balls, over k"
    assert set(scores.values()) == {1.0}


def test_copies_of_one_central_point(rng):
    # The failure that made density famous: prdc 0.2 scores density 15.8 for 500 copies of one central point.
    real = torch.randn(500, 16, generator=rng)
    fake = 0.0 * real
    scores = neighbour_metrics(real=real, fake=fake)
    assert scores["density"] > 10
    assert scores["precision"] == scores["clipped_density"] == 1.0, "all of them good, and one is enough"
    assert scores["recall"] == 0.0
    assert scores["coverage"] == pytest.approx(scores["density"] * 5 / 500), "the balls that hold the centre"
    assert scores["clipped_coverage"] < 0.2


def test_balls_fitted_beforehand_change_nothing(rng):
    real, fake = torch.randn(80, 4, generator=rng), torch.randn(60, 4, generator=rng)
    balls = Balls.fit(real=real, k=3)
    assert neighbour_metrics(real=balls, fake=fake, k=3) == neighbour_metrics(real=real, fake=fake, k=3)
    assert metrics.coverage(real=balls, fake=fake, k=3) == metrics.coverage(real=real, fake=fake, k=3)
    assert len(balls) == 80
    assert torch.equal(balls.radius, metrics._neighbours.kth_neighbour_distance(real, 3))


@pytest.mark.parametrize("scale", [1e-25, 1e25])
def test_the_unit_of_the_features_is_all_one(scale, rng):
    # Squares of these have no place in float32; one diverged sample is no neighbour of anybody.
    real, fake = torch.randn(80, 4, generator=rng), torch.randn(60, 4, generator=rng)
    plain = neighbour_metrics(real=real, fake=fake)
    assert neighbour_metrics(real=scale * real, fake=scale * fake) == pytest.approx(plain, abs=0.02)
    stray = torch.cat([fake, torch.full((1, 4), 1e20)])
    assert metrics.coverage(real=real, fake=stray) == plain["coverage"]
    assert metrics.precision(real=real, fake=stray) == pytest.approx(plain["precision"] * 60 / 61)


def test_balls_keep_the_rows_that_they_were_fitted_to(rng):
    real, fake = torch.randn(80, 4, generator=rng), torch.randn(60, 4, generator=rng)
    balls = Balls.fit(real=real)
    before = neighbour_metrics(real=balls, fake=fake)
    real += 100
    assert neighbour_metrics(real=balls, fake=fake) == before
    assert neighbour_metrics(real=real, fake=fake) != before


def test_only_recall_asks_for_balls_of_samples(rng):
    real = torch.randn(30, 4, generator=rng)
    assert not count(Balls.fit(real=real), real[:2]).recalled.any(), "two samples are too few for balls of five"


def test_memory_stays_far_below_the_matrix(rng):
    import tracemalloc  # NumPy's arrays only; torch's are bounded by construction

    real = torch.randn(3000, 4, generator=rng)
    tracemalloc.start()
    neighbour_metrics(real=real, fake=real[:2500])
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3000 * 2500


@pytest.mark.bad_input
class TestBadInput:
    def test_other_k_than_the_balls(self, rng):
        real = torch.randn(30, 4, generator=rng)
        with pytest.raises(ValueError, match="fitted with k=3, got k=5"):
            neighbour_metrics(real=Balls.fit(real=real, k=3), fake=real)

    @pytest.mark.parametrize("fitted", [False, True])
    def test_other_dimension(self, fitted, rng):
        real = torch.randn(30, 4, generator=rng)
        with pytest.raises(ValueError, match="must share one dimension"):
            neighbour_metrics(real=Balls.fit(real=real) if fitted else real, fake=real[:, :3])

    def test_too_few_rows(self, rng):
        real = torch.randn(30, 4, generator=rng)
        with pytest.raises(ValueError, match="k=5 needs at least 6 rows in `fake`, got 5"):
            neighbour_metrics(real=real, fake=real[:5])
        with pytest.raises(ValueError, match="k=5 needs at least 6 rows in `real`, got 5"):
            neighbour_metrics(real=real[:5], fake=real)

    @pytest.mark.parametrize("name", ["precision", "density", "coverage", "clipped_density", "clipped_coverage"])
    def test_no_samples_or_nan(self, name, rng):
        real = torch.randn(30, 4, generator=rng)
        with pytest.raises(ValueError, match="`fake` needs at least 1 rows, got 0"):
            getattr(metrics, name)(real=real, fake=real[:0])
        with pytest.raises(ValueError, match="`fake` has NaN or infinity in 1 of 30 rows"):
            getattr(metrics, name)(real=real, fake=torch.where(torch.arange(30)[:, None] == 3, torch.nan, real))
