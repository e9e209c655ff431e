"""A world in which looking is quick: four blobs in a plane, known centres, 1,200 real points."""

import pytest
import torch

from collapse_metrics import Reference

CENTRES = torch.tensor([[0.0, 0.0], [10.0, 0.0], [0.0, 10.0], [10.0, 10.0]])


def blobs(n, seed, *, shares=(1, 1, 1, 1), width=1.0):
    """Points of the four blobs."""
    rng = torch.Generator().manual_seed(seed)
    modes = torch.multinomial(torch.tensor(shares, dtype=torch.float), n, replacement=True, generator=rng)
    return CENTRES[modes] + width * torch.randn(n, 2, generator=rng)


@pytest.fixture(scope="session")
def reference():
    return Reference.fit(real=blobs(1200, 100), modes=CENTRES, name="blobs")


@pytest.fixture(scope="session")
def tallied(reference):
    """Tally of points."""
    from collapse_metrics.measurements import look_at
    from collapse_metrics.tally import see, tally

    def make(points):
        return tally(see(look_at(points, reference, value_range=None), reference), reference)

    return make


@pytest.fixture(scope="session")
def good(reference):
    """Scorecard of 2,000 good points."""
    from collapse_metrics import score

    return score(fake=blobs(2000, 1), reference=reference)
