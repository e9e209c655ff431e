"""Neighbour distances: exact, in any chunk, far from the origin, and remembered only for what they were."""

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics.metrics import _neighbours
from collapse_metrics.metrics._neighbours import distance_blocks, kth_neighbour_distance, nearest, within


def distances(x, y):
    return np.linalg.norm(x.double().numpy()[:, None] - y.double().numpy(), axis=2)


def whole_matrix(x, y):
    return torch.cat([block for _, block in distance_blocks(x, y)])


@given(seed=st.integers(0, 10_000), n=st.integers(1, 20), m=st.integers(1, 20), offset=st.sampled_from([0, 1e4]))
def test_distances_agree_with_the_definition(seed, n, m, offset):
    rng = torch.Generator().manual_seed(seed)
    x = offset + torch.randn(n, 3, generator=rng, dtype=torch.double)
    y = offset + torch.randn(m, 3, generator=rng, dtype=torch.double)
    assert np.allclose(whole_matrix(x, y), distances(x, y), rtol=1e-7, atol=2e-6)
    far, which = nearest(x, to=y)
    assert np.array_equal(which, distances(x, y).argmin(axis=1))
    assert np.allclose(far, distances(x, y).min(axis=1), atol=2e-6)


@given(seed=st.integers(0, 10_000), n=st.integers(2, 20), k=st.integers(1, 19))
def test_kth_neighbour_agrees_with_the_definition(seed, n, k):
    x = torch.randn(n, 3, generator=torch.Generator().manual_seed(seed), dtype=torch.double)
    k = min(k, n - 1)
    between = distances(x, x)
    np.fill_diagonal(between, np.inf)
    assert np.allclose(kth_neighbour_distance(x, k), np.sort(between, axis=1)[:, k - 1])


@pytest.mark.parametrize("chunk", [1, 3, 10, 29, 30, 31])
def test_chunks_cover_every_row_once(chunk, rng, monkeypatch):
    x, y = torch.randn(30, 4, generator=rng), torch.randn(11, 4, generator=rng)
    monkeypatch.setattr(_neighbours, "CHUNK", chunk)
    starts = [start for start, _ in distance_blocks(x, y)]
    assert starts == list(range(0, 30, chunk))
    assert np.allclose(whole_matrix(x, y), distances(x, y), atol=1e-6)


@pytest.mark.parametrize("offset", [0.0, 1e3, 1e6])
def test_repeats_lie_at_zero_wherever_they_are(offset, rng):
    x = offset + torch.randn(20, 16, generator=rng)
    assert whole_matrix(x, x).diagonal().eq(0).all()
    assert kth_neighbour_distance(x.repeat(2, 1), 1).eq(0).all()


def test_what_is_near_is_not_taken_for_the_same(rng):
    x = torch.randn(20, 16, generator=rng, dtype=torch.double)
    assert kth_neighbour_distance(torch.cat([x, x + 1e-4]), 1).numpy() == pytest.approx(np.full(40, 4e-4), rel=1e-6)


def test_one_diverged_row_does_not_blur_the_distances_of_the_others(rng):
    x = torch.randn(50, 3, generator=rng, dtype=torch.double)
    x[7] = 1e8
    rest = torch.arange(50) != 7
    assert np.allclose(whole_matrix(x, x)[rest][:, rest], distances(x[rest], x[rest]), rtol=1e-9)


def test_whole_numbers_give_exact_ties(numpy_rng):
    x = torch.from_numpy(numpy_rng.integers(0, 5, size=(30, 4)))
    y = torch.from_numpy(numpy_rng.integers(0, 5, size=(17, 4)))
    assert torch.equal(whole_matrix(x, y), whole_matrix(y, x).T)
    assert np.array_equal(whole_matrix(x, y), distances(x, y))


def test_the_edge_is_within_and_rounding_does_not_decide():
    radius = torch.tensor([1.0, 1.0, 1.0, 0.0, 0.0], dtype=torch.double)
    distance = torch.tensor([1.0, 1 + 0.5e-9, 1 + 2e-9, 0.0, 1e-30], dtype=torch.double)
    assert within(distance, radius).tolist() == [True, True, False, True, False]


def test_inputs_are_left_alone(rng):
    x, y = torch.randn(9, 2, generator=rng), torch.randn(5, 2, generator=rng)
    before = x.clone(), y.clone()
    kth_neighbour_distance(x, 2)
    nearest(x, to=y)
    assert torch.equal(x, before[0])
    assert torch.equal(y, before[1])


class TestMemory:
    @pytest.fixture(autouse=True)
    def _nothing_remembered(self):
        _neighbours._remembered.clear()

    @pytest.fixture
    def measured(self, monkeypatch):
        """How many times distances were measured."""
        calls = []

        def counted(x, y, k, plain=_neighbours.neighbourhood):
            calls.append(len(x))
            return plain(x, y, k)

        monkeypatch.setattr(_neighbours, "neighbourhood", counted)
        return calls

    def test_the_same_set_is_measured_once_for_each_k(self, rng, measured):
        x = torch.randn(20, 3, generator=rng)
        first = kth_neighbour_distance(x, 2)
        assert torch.equal(kth_neighbour_distance(x, 2), first)
        assert torch.equal(kth_neighbour_distance(x.clone(), 2), first)
        assert len(measured) == 1
        assert not torch.equal(kth_neighbour_distance(x, 3), first)
        assert len(measured) == 2

    def test_a_set_changed_in_place_is_measured_again(self, rng, measured):
        x = torch.randn(20, 3, generator=rng)
        before = kth_neighbour_distance(x, 2)
        x *= 2
        assert torch.allclose(kth_neighbour_distance(x, 2), 2 * before)
        x.data *= 2
        assert torch.allclose(kth_neighbour_distance(x, 2), 4 * before)

    def test_a_set_changed_through_the_array_below_is_measured_again(self, numpy_rng):
        buffer = numpy_rng.standard_normal((20, 3))
        before = kth_neighbour_distance(torch.from_numpy(buffer), 2)
        x = torch.from_numpy(buffer)
        buffer *= 3
        assert torch.allclose(kth_neighbour_distance(x, 2), 3 * before)

    def test_a_new_set_in_the_place_of_a_freed_one_is_measured(self, rng):
        for _ in range(50):  # freed at once, so that addresses come back
            x = torch.randn(6, 2, generator=rng)
            between = torch.cdist(x, x).fill_diagonal_(torch.inf)
            assert torch.allclose(kth_neighbour_distance(x, 1), between.amin(dim=1).double(), atol=1e-5)

    def test_equal_bytes_of_another_shape_or_type_are_another_set(self):
        x = torch.arange(12.0)
        wide, narrow = x.reshape(4, 3), x.reshape(6, 2)
        assert len(kth_neighbour_distance(wide, 1)) == 4
        assert len(kth_neighbour_distance(narrow, 1)) == 6
        half = narrow.half()
        assert kth_neighbour_distance(half, 1)[-1] != kth_neighbour_distance(half.view(torch.bfloat16), 1)[-1]

    def test_what_is_handed_out_can_be_changed_without_harm(self, rng):
        x = torch.randn(20, 3, generator=rng)
        first = kth_neighbour_distance(x, 2)
        kept = first.clone()
        first.zero_()
        second = kth_neighbour_distance(x, 2)
        assert torch.equal(second, kept)
        second.zero_()
        assert torch.equal(kth_neighbour_distance(x, 2), kept)

    def test_it_does_not_grow_and_the_newest_stay(self, rng, measured):
        sets = [torch.randn(5, 2, generator=rng) for _ in range(_neighbours.REMEMBERED + 5)]
        for x in sets:
            kth_neighbour_distance(x, 1)
            kth_neighbour_distance(sets[0], 1)  # asked for again and again, as a reference is
        assert len(_neighbours._remembered) == _neighbours.REMEMBERED
        assert len(measured) == len(sets)

    def test_no_graph_of_gradients_is_kept(self, rng):
        x = torch.randn(20, 3, generator=rng, requires_grad=True)
        assert not kth_neighbour_distance(x, 2).requires_grad
