"""Bounds in float32: never above the truth, the right candidates, whatever the tile, and ties decided exactly."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics.metrics import _neighbours, _screen
from collapse_metrics.metrics._neighbours import kth_neighbour_distance, nearest, neighbourhood
from collapse_metrics.metrics._screen import GROUP, SLACK, Rows, bounds, doubt, nearest_candidates, squared


def true_squares(x, y, centre):
    x, y = (rows.double().numpy() - centre.double().numpy() for rows in (x, y))
    return np.square(x[:, None] - y).sum(axis=2)


def rows_of(kind, n, dim, rng):
    x = torch.randn(n, dim, generator=rng)
    if kind == "skewed":
        return x.relu().square()
    if kind == "heavy":
        return x * torch.randn(n, 1, generator=rng).exp()
    return x + 30 * torch.randn(1, dim, generator=rng) if kind == "far" else x


@pytest.mark.parametrize("kind", ["normal", "skewed", "heavy", "far"])
@pytest.mark.parametrize("dim", [1, 2, 64, 300])
def test_a_bound_keeps_below_the_truth_by_three_times_the_rounding(kind, dim, rng):
    x = rows_of(kind, 200, dim, rng)
    rows = Rows(x)
    ((_, _, block),) = bounds(rows, rows)
    norms = (rows.norms[:, None] + rows.norms).numpy()
    gap = (true_squares(x, x, rows.centre) - block.double().numpy() / rows.unit) / norms.clip(1e-30)
    assert gap[norms > 0].min() > 0.6 * SLACK, "rounding takes less than 0.4 of what is left for it"
    assert gap[norms > 0].max() < 1.4 * SLACK


@pytest.mark.parametrize("half", [False, True])
@pytest.mark.parametrize("tile", [7, 32, 40, 100, 2048])
def test_tiles_meet_every_pair_once(tile, half, rng, monkeypatch):
    monkeypatch.setattr(_screen, "TILE", tile)
    rows = Rows(torch.randn(100, 3, generator=rng))
    met = torch.zeros(100, 100)
    for start, column, block in bounds(rows, rows, half=half):
        met[start : start + block.shape[0], column : column + block.shape[1]] += 1
    if half:
        above = torch.ones(100, 100).triu().bool()
        assert (met[above] == 1).all()
        assert met[~above].sum() == sum(
            min(tile, 100 - start) * (min(tile, 100 - start) - 1) // 2 for start in range(0, 100, tile)
        )
    else:
        assert (met == 1).all()


@pytest.mark.parametrize("tile", [13, 64, 100, 300, 2048])
@pytest.mark.parametrize("count", [1, 5, 20])
def test_candidates_are_the_nearest_rows(tile, count, rng, monkeypatch):
    monkeypatch.setattr(_screen, "TILE", tile)
    x, y = torch.randn(300, 4, generator=rng), torch.randn(170, 4, generator=rng)
    theirs = Rows(y)
    found = nearest_candidates(Rows(x, like=theirs), theirs, count)
    expected = true_squares(x, y, theirs.centre).argsort(axis=1)[:, :count]
    assert np.array_equal(np.sort(found.column.numpy(), axis=1), np.sort(expected, axis=1))
    rows = Rows(x)
    own = true_squares(x, x, rows.centre)
    np.fill_diagonal(own, np.inf)
    found = nearest_candidates(rows, rows, count)
    assert np.array_equal(np.sort(found.column.numpy(), axis=1), np.sort(own.argsort(axis=1)[:, :count], axis=1))


@pytest.mark.parametrize("width", [1, GROUP - 1, GROUP, GROUP + 1, 3 * GROUP, 5 * GROUP + 7])
@pytest.mark.parametrize("turned", [False, True])
def test_entries_below_a_limit_are_all_found_in_the_order_of_rows(width, turned, rng):
    block = torch.rand(width, 50, generator=rng).T if turned else torch.rand(50, width, generator=rng)
    limit = torch.rand(50, generator=rng) * 0.4
    row, place = _screen._below(block, limit)
    met = set(zip(row.tolist(), place.tolist(), strict=True))
    expected = {(i, j) for i in range(50) for j in range(width) if block[i, j] < limit[i]}
    assert met == expected
    assert len(row) == len(expected)
    assert row.tolist() == sorted(row.tolist())


@given(seed=st.integers(0, 10_000), spread=st.sampled_from([0.0, 1e-7, 1e-5, 1e-2]))
def test_near_copies_far_from_the_centre_are_told_apart(seed, spread):
    # In float32 the distances within a cluster drown in the norms of the clusters; they must come out all the same.
    rng = torch.Generator().manual_seed(seed)
    x = 100 * torch.randn(3, 4, generator=rng, dtype=torch.double).repeat(20, 1)
    x += spread * torch.randn(60, 4, generator=rng, dtype=torch.double)
    between = np.linalg.norm(x.numpy()[:, None] - x.numpy(), axis=2)
    np.fill_diagonal(between, np.inf)
    # Nearer than a millionth of their norms, some hundreds, two rows are one point.
    nothing = 1e-12 if spread in (0.0, 1e-2) else 1e-3
    assert np.allclose(kth_neighbour_distance(x, 2), np.sort(between, axis=1)[:, 1], rtol=1e-6, atol=nothing)


@pytest.mark.parametrize("tile", [5, 16, 2048])
def test_of_equally_near_rows_the_first_is_the_nearest(tile, numpy_rng, monkeypatch):
    monkeypatch.setattr(_screen, "TILE", tile)
    to = torch.from_numpy(numpy_rng.integers(0, 3, size=(60, 2))).float()  # nine points, each many times
    x = torch.from_numpy(numpy_rng.integers(0, 3, size=(40, 2))).float()
    far, which = nearest(x, to=to)
    between = np.linalg.norm(x.numpy()[:, None] - to.numpy(), axis=2)
    assert np.array_equal(which, between.argmin(axis=1))
    assert np.array_equal(far, between.min(axis=1))


@pytest.mark.parametrize("tile", [9, 50, 2048])
def test_radii_do_not_depend_on_the_tile(tile, rng, monkeypatch):
    x = torch.randn(120, 5, generator=rng)
    whole = neighbourhood(Rows(x), Rows(x, like=Rows(x)), 3).reach
    _neighbours._remembered.clear()
    rows = Rows(x)
    plain = neighbourhood(rows, rows, 3).reach
    monkeypatch.setattr(_screen, "TILE", tile)
    rows = Rows(x)
    assert torch.equal(neighbourhood(rows, rows, 3).reach, plain)
    assert not torch.equal(whole, plain), "with itself as a neighbour a row would have other radii"


def test_what_the_candidates_cannot_decide_is_measured_again(rng, monkeypatch):
    looked = []
    plain = _neighbours.whole_rows
    monkeypatch.setattr(_neighbours, "whole_rows", lambda x, y, rows: looked.extend(rows.tolist()) or plain(x, y, rows))
    x = torch.randn(200, 3, generator=rng)
    kth_neighbour_distance(x, 4)
    assert not looked
    copies = torch.cat([x[:20], x[:1].expand(180, 3)])
    reach = kth_neighbour_distance(copies, 4)
    assert (reach[20:] == 0).all()
    between = torch.cdist(copies.double(), copies.double(), compute_mode="donot_use_mm_for_euclid_dist")
    between.fill_diagonal_(torch.inf)
    assert torch.allclose(reach, between.kthvalue(4, dim=1).values)


def test_squares_of_pairs_are_exact_and_rounding_is_zero(rng):
    x = torch.randn(50, 8, generator=rng)
    rows = Rows(x)
    i, j = torch.randint(50, (2, 200), generator=rng)
    expected = (x[i].double() - x[j].double()).square().sum(dim=1)
    assert torch.allclose(squared(rows, rows, i, j), expected, rtol=1e-6)
    nudged = Rows(torch.cat([x, torch.nextafter(x, torch.full_like(x, torch.inf))]))
    assert squared(nudged, nudged, torch.arange(50), torch.arange(50) + 50).eq(0).all()
    assert (doubt(rows, rows, i, j) > 0).all()


@pytest.mark.bad_input  # taken although the annotations do not say so
def test_half_precision_and_whole_numbers_are_taken(rng):
    x = torch.randn(80, 6, generator=rng).half()
    plain = kth_neighbour_distance(x.double(), 2)
    assert torch.allclose(kth_neighbour_distance(x, 2), plain, rtol=2e-3)
    assert torch.allclose(
        kth_neighbour_distance((10 * x).round().long(), 2), kth_neighbour_distance((10 * x).round(), 2)
    )


@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
@pytest.mark.parametrize("scale", [1e-30, 1e-22, 1e18, 1e30])
def test_units_that_float32_has_no_squares_for_change_nothing(scale, dtype, rng):
    x, y = torch.randn(200, 5, generator=rng).to(dtype), torch.randn(90, 5, generator=rng).to(dtype)
    plain, where = nearest(x, to=y)
    far, which = nearest(scale * x, to=scale * y)
    assert torch.equal(which, where)
    assert torch.allclose(far / scale, plain, rtol=1e-5, atol=0)
    assert torch.allclose(kth_neighbour_distance(scale * x, 3) / scale, kth_neighbour_distance(x, 3), rtol=1e-5, atol=0)


@pytest.mark.parametrize("away", [1e14, 1e16, 1e25])
def test_rows_that_have_diverged_lie_where_they_lie_and_disturb_nobody(away, rng):
    x = torch.randn(100, 4, generator=rng, dtype=torch.double)
    strays = x[:3] * away
    reach = kth_neighbour_distance(torch.cat([x, strays]), 2)
    assert torch.allclose(reach[:100], kth_neighbour_distance(x, 2))
    between = np.linalg.norm(strays.numpy()[:, None] - torch.cat([strays, x]).numpy(), axis=2)
    assert reach[100:].numpy() == pytest.approx(np.sort(between, axis=1)[:, 2], rel=1e-9)
