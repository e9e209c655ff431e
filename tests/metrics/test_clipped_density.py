"""Clipped density: straight scale, not fooled by outliers or by gathering, against its authors' way of counting."""

import numpy as np
import pytest
import torch
from sklearn.neighbors import NearestNeighbors

from collapse_metrics.metrics import clipped_density, density


def authors_way(real, fake, k):
    """The published steps: clip the radii at their median, count, cut at one, divide by the same of real data."""
    far, who = NearestNeighbors(n_neighbors=k + 1).fit(real).kneighbors(real)
    radius = np.clip(far[:, -1], 0, np.median(far[:, -1]))
    apart = np.linalg.norm(real[:, None] - fake, axis=2)
    score = np.clip((apart <= radius[:, None]).sum(axis=0) / k, 0, 1).mean()
    own = np.bincount(who[:, 1:][far[:, 1:] <= radius[:, None]], minlength=len(real))
    return min(1.0, score / np.clip(own / k, 0, 1).mean())


@pytest.mark.parametrize(("n", "m", "dim", "k"), [(200, 200, 8, 5), (150, 300, 2, 3), (301, 100, 16, 10)])
def test_agrees_with_its_authors_steps(n, m, dim, k, numpy_rng):
    real, fake = numpy_rng.normal(size=(n, dim)), 1.1 * numpy_rng.normal(size=(m, dim))
    score = clipped_density(real=torch.from_numpy(real), fake=torch.from_numpy(fake), k=k)
    assert score == pytest.approx(authors_way(real, fake, k))


def test_bad_samples_cost_their_share(rng):
    real, good = torch.randn(1000, 4, generator=rng), torch.randn(1000, 4, generator=rng)
    whole = clipped_density(real=real, fake=good)
    assert whole > 0.9
    for bad in (100, 500, 900):
        fake = torch.cat([good[bad:], good[:bad] + 1000])
        assert clipped_density(real=real, fake=fake) == pytest.approx(whole * (1 - bad / 1000), abs=0.04)


def test_gathering_at_the_centre_pays_nothing(rng):
    real = torch.randn(500, 8, generator=rng)
    assert density(real=real, fake=0.3 * real) > 2
    assert clipped_density(real=real, fake=0.3 * real) == 1.0, "never more than one"


def test_outliers_among_the_real_samples_admit_nothing(rng):
    real = torch.randn(300, 4, generator=rng)
    junk = 20 * torch.randn(300, 4, generator=rng)
    with_outliers = torch.cat([real, 100 * torch.randn(6, 4, generator=rng)])
    assert density(real=with_outliers, fake=junk) > 0.4
    assert clipped_density(real=with_outliers, fake=junk) < 0.02


def test_nothing_is_divided_by_nothing():
    # Each row's nearest neighbour is within the median ball or not, but somebody's always is.
    real = torch.tensor([[0.0], [1.0], [3.0], [7.0], [15.0], [31.0]])
    assert clipped_density(real=real, fake=real, k=1) == 1.0
    copies = torch.zeros(4, 2)
    assert clipped_density(real=copies, fake=copies, k=1) == 1.0
