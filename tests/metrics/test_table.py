"""The table of neighbours gives what the metrics give, for any choice of rows."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics import metrics
from collapse_metrics.metrics._neighbours import kth_neighbour_distance
from collapse_metrics.metrics._table import NeighbourTable


def sets(kind, seed):
    """Continuous samples, samples full of ties, and copies of the real ones."""
    rng = torch.Generator().manual_seed(seed)
    if kind == "continuous":
        return torch.randn(40, 3, generator=rng), torch.randn(30, 3, generator=rng)
    if kind == "grid":
        return (torch.randint(0, 3, (rows, 2), generator=rng).float() for rows in (40, 30))
    real = torch.randn(40, 3, generator=rng)
    return real, real[torch.randint(0, 40, (30,), generator=rng)]


@pytest.mark.parametrize("kind", ["continuous", "grid", "copies"])
@pytest.mark.parametrize("k", [1, 5])
@given(seed=st.integers(0, 10_000), rows=st.lists(st.integers(0, 29), min_size=1, max_size=30, unique=True))
def test_agrees_with_the_metrics(kind, k, seed, rows):
    real, fake = sets(kind, seed)
    table, rows = NeighbourTable(real=real, fake=fake, k=k), torch.tensor(rows)
    chosen = fake[rows]
    assert table.coverage(rows) == pytest.approx(metrics.coverage(real=real, fake=chosen, k=k))
    assert table.density(rows) == pytest.approx(metrics.density(real=real, fake=chosen, k=k))
    if kind != "grid":  # of several equally near real samples, either may be named
        assert table.distinct_neighbours(rows) == pytest.approx(metrics.distinct_neighbours(real=real, fake=chosen))
    if len(rows) > 1:
        siblings = kth_neighbour_distance(chosen, 1).median().item()
        assert table.sibling_distance(rows) == pytest.approx(siblings, rel=1e-5)


def test_measures_go_by_the_names_of_the_metrics(rng):
    real, fake = torch.randn(40, 3, generator=rng), torch.randn(30, 3, generator=rng)
    table, everything = NeighbourTable(real=real, fake=fake), torch.arange(30)
    for name in ("coverage", "density", "distinct_neighbours"):
        plain = getattr(metrics, name)(real=real, fake=fake)
        assert table.measure(name)(everything) == pytest.approx(plain)


def test_asking_for_some_rows_does_not_change_the_others(rng):
    real, fake = torch.randn(40, 3, generator=rng), torch.randn(30, 3, generator=rng)
    table, everything = NeighbourTable(real=real, fake=fake), torch.arange(30)
    names = ("coverage", "density", "distinct_neighbours", "sibling_distance")
    before = [table.measure(name)(everything) for name in names]
    for name in names:
        table.measure(name)(everything[:7])
    assert [table.measure(name)(everything) for name in names] == before


def test_copies_have_no_distance_between_them():
    same = torch.full((10, 4), 0.1)
    table = NeighbourTable(real=torch.randn(20, 4, generator=torch.Generator().manual_seed(0)), fake=same)
    assert table.sibling_distance(torch.arange(10)) == 0.0
    assert table.distinct_neighbours(torch.arange(10)) == 0.1
