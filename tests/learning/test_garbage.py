"""Rubbish made of the data: of their shape and range, from its own random numbers, and unlike them."""

import pytest
import torch

from collapse_metrics.learning import garbage, looks


@pytest.fixture(scope="module")
def halves():
    """Red pictures on the left half, blue ones on the right: 12 x 10, two classes."""
    images = torch.zeros(40, 3, 12, 10)
    images[:20, 0, :, :5], images[20:, 2, :, 5:] = 0.8, 0.8
    return images, torch.arange(40) // 20


@pytest.fixture(scope="module")
def line():
    """Rows on a line through two clusters."""
    t = torch.linspace(0, 1, 60).view(-1, 1)
    return torch.cat([t, 100 + t, -t], dim=1), torch.arange(60) // 30


@pytest.mark.parametrize("kind", garbage.PICTURES.values(), ids=garbage.PICTURES.keys())
@pytest.mark.parametrize("n", [1, 2, 7])
def test_pictures_keep_their_shape_and_range(kind, n, halves, rng):
    found = kind(*halves, n, rng)
    assert found.shape == (n, 3, 12, 10)
    assert 0 <= found.min() <= found.max() <= 1


@pytest.mark.parametrize("kind", garbage.ROWS.values(), ids=garbage.ROWS.keys())
def test_rows_keep_their_shape(kind, line, rng):
    assert kind(*line, 7, rng).shape == (7, 3)


@pytest.mark.parametrize("kinds", ["PICTURES", "ROWS"])
def test_a_draw_has_every_kind_in_turn_and_comes_back_with_the_seed(kinds, halves, line):
    samples, labels = halves if kinds == "PICTURES" else line
    kinds = getattr(garbage, kinds)
    draws = [garbage.draw(kinds, samples, labels, 17, torch.Generator().manual_seed(s)) for s in (0, 0, 1)]
    assert len(draws[0]) == 17
    assert torch.equal(draws[0], draws[1])
    assert not torch.equal(draws[0], draws[2])


def test_averages_are_of_different_classes(halves, rng):
    means = garbage.average_of_several(*halves, 40, rng)
    assert (means[:, 0, 5, 2] > 0).all()
    assert (means[:, 2, 5, 7] > 0).all()


def test_shuffled_patches_keep_the_pixels_of_a_picture(halves, rng):
    shuffled = garbage.patch_shuffle(*halves, 30, rng)
    sums = shuffled.sum(dim=(2, 3))
    # A picture is red or blue throughout, wherever its patches have gone.
    assert ((sums[:, 0] > 40) ^ (sums[:, 2] > 40)).all()
    assert not torch.equal(shuffled.sort(dim=0).values, halves[0][:30].sort(dim=0).values)


def test_columns_are_mixed_and_their_values_kept(line, rng):
    rows = garbage.mixed_columns(*line, 50, rng)
    for column in range(3):
        assert set(rows[:, column].tolist()) <= set(line[0][:, column].tolist())
    assert (rows[:, 0] + rows[:, 2]).abs().max() > 0.1


def test_far_rows_leave_the_box_and_means_stay_between(line, rng):
    far = garbage.far_away(*line, 400, rng)
    low, high = line[0].amin(dim=0), line[0].amax(dim=0)
    outside = ((far < low) | (far > high)).any(dim=1).double().mean()
    # 1 - 0.4 ** 3 of the box lies outside: 0.936; 400 draws miss 0.85 with probability < 1e-8.
    assert outside > 0.85
    between = garbage.between_classes(*line, 50, rng)
    assert ((between >= low) & (between <= high)).all()


def test_blur_keeps_a_flat_picture_and_softens_an_edge(halves):
    flat = torch.full((1, 2, 9, 9), 0.3)
    torch.testing.assert_close(garbage.blurred(flat, 2.0), flat)
    edge = garbage.blurred(halves[0][:1], 1.0)[0, 0, 6]
    assert (edge[:-1] >= edge[1:]).all()
    assert 0.1 < edge[5] < 0.7


class TestLooks:
    def test_a_move_is_at_most_a_fourteenth_of_the_side(self, rng):
        images = torch.zeros(64, 1, 28, 28)
        images[:, :, 14, 14] = 1
        moved = looks.moved(images, rng, mirror=False)
        rows, columns = moved[:, 0].flatten(1).argmax(dim=1) // 28, moved[:, 0].flatten(1).argmax(dim=1) % 28
        assert moved.flatten(1).sum(dim=1).eq(1).all()
        assert (rows - 14).abs().max() == (columns - 14).abs().max() == 2

    def test_pictures_are_mirrored_only_where_allowed(self, rng):
        images = torch.zeros(64, 1, 8, 8)
        images[..., 0] = 1
        assert not looks.moved(images, rng, mirror=False)[..., -1].any()
        assert 0 < looks.moved(images, rng, mirror=True)[..., -1].mean() < 1

    def test_other_looks_stay_near_the_picture_and_in_range(self, halves, rng):
        shown = looks.restyled(halves[0], rng)
        assert 0 <= shown.min() <= shown.max() <= 1
        assert 0 < (shown - halves[0]).abs().mean() < 0.05
