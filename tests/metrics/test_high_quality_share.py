"""High-quality share: by definition, against its ceiling, and above it where modes are too narrow."""

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from collapse_metrics.metrics import high_quality_ceiling, high_quality_share
from collapse_metrics.metrics.high_quality_share import distances_to_centres, high_quality_interval

RING = torch.tensor([[math.cos(a), math.sin(a)] for a in np.arange(8) * math.pi / 4]) * 2
WIDTH = 0.02


def perfect(n, rng, spread=1.0):
    """The ring of Gaussians of the field: radius 2, standard deviation 0.02."""
    modes = torch.randint(8, (n,), generator=rng)
    return RING[modes] + spread * WIDTH * torch.randn(n, 2, generator=rng)


@given(seed=st.integers(0, 10_000), n=st.integers(1, 30), modes=st.integers(1, 5), dim=st.integers(1, 4))
def test_agrees_with_the_definition(seed, n, modes, dim):
    rng = np.random.default_rng(seed)
    # A grid of halves, so that many points lie exactly on the edge of three standard deviations.
    fake, centres = rng.integers(-8, 9, size=(n, dim)) / 2, rng.integers(-3, 4, size=(modes, dim)).astype(float)
    scales = rng.choice([0.5, 1.0], size=modes)
    good = sum(any(math.dist(x, c) <= 3 * s for c, s in zip(centres, scales, strict=True)) for x in fake)
    share = high_quality_share(
        fake=torch.from_numpy(fake), centres=torch.from_numpy(centres), scales=torch.from_numpy(scales)
    )
    assert share == pytest.approx(good / n)


@pytest.mark.parametrize(
    ("dim", "ceiling"),
    [
        (1, math.erf(3 / math.sqrt(2))),
        (2, 1 - math.exp(-4.5)),
        (3, math.erf(3 / math.sqrt(2)) - 3 * math.sqrt(2 / math.pi) * math.exp(-4.5)),
        (5, 0.8909),
        (8, 0.6577),
    ],
)
def test_the_ceiling_is_that_of_the_theory(dim, ceiling):
    assert high_quality_ceiling(dim) == pytest.approx(ceiling, abs=5e-5)


def test_the_numbers_in_the_docstring_are_those_of_the_theory():
    for dim, printed in ((1, "0.99730"), (2, "0.98889"), (3, "0.97071"), (5, "0.8909")):
        assert printed in high_quality_share.__doc__
        assert high_quality_ceiling(dim) == pytest.approx(float(printed), abs=5e-5)
    box = (stats.norm.cdf(3) - stats.norm.cdf(-3)) ** 2
    assert box == pytest.approx(0.9946, abs=5e-5)


def test_perfect_sampler_scores_the_ceiling_and_not_one(rng):
    # Binomial: outside of 4.5 standard deviations with probability below 1e-5.
    n, ceiling = 40_000, high_quality_ceiling(2)
    share = high_quality_share(fake=perfect(n, rng), centres=RING, scales=torch.full((8,), WIDTH))
    assert share == pytest.approx(ceiling, abs=4.5 * math.sqrt(ceiling * (1 - ceiling) / n))
    assert share < 1


def test_modes_too_narrow_score_above_the_ceiling(rng):
    share = high_quality_share(fake=perfect(5000, rng, spread=0.5), centres=RING, scales=torch.full((8,), WIDTH))
    assert share > high_quality_ceiling(2) + 0.005


def test_the_interval_holds_the_ceiling_for_a_perfect_sampler_only(rng):
    scales, ceiling = torch.full((8,), WIDTH), high_quality_ceiling(2)
    low, high = high_quality_interval(fake=perfect(5000, rng), centres=RING, scales=scales, level=0.9999)
    assert low < ceiling < high
    low, _ = high_quality_interval(fake=RING.repeat(625, 1), centres=RING, scales=scales, level=0.9999)
    assert low > ceiling


def test_the_nearest_centre_is_the_one_of_fewest_deviations():
    fake, centres = torch.tensor([[4.0, 0.0]]), torch.tensor([[3.0, 0.0], [10.0, 0.0]])
    distance, mode = distances_to_centres(fake=fake, centres=centres, scales=torch.tensor([0.1, 3.0]))
    assert (distance.item(), mode.item()) == (pytest.approx(2.0), 1)


def test_samples_between_modes_are_of_none():
    fake = torch.tensor([[0.0, 0.0], [2.0, 0.0]])
    assert high_quality_share(fake=fake, centres=RING, scales=torch.full((8,), WIDTH)) == 0.5


@pytest.mark.parametrize(
    ("fake", "scales", "message"),
    [
        (torch.zeros(3, 3), torch.ones(8), r"share one dimension, got .*'fake': 3, 'centres': 2"),
        (torch.zeros(0, 2), torch.ones(8), "`fake` needs at least 1 rows, got 0"),
        (torch.full((3, 2), torch.nan), torch.ones(8), "`fake` has NaN or infinity in 3 of 3"),
        (torch.zeros(3, 2), torch.ones(7), "one standard deviation above 0 for each of the 8 centres"),
        (torch.zeros(3, 2), torch.zeros(8), "one standard deviation above 0"),
        (torch.zeros(3, 2), torch.full((8,), torch.nan), "one standard deviation above 0"),
    ],
    ids=["dimension", "empty", "nan", "scales", "zero", "nan-scale"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(fake, scales, message):
    with pytest.raises(ValueError, match=message):
        high_quality_share(fake=fake, centres=RING, scales=scales)
