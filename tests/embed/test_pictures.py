"""Ranges of pixel values: taken at their word, told apart by looking, or refused."""

import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from collapse_metrics.embed.pictures import SLACK, to_unit_range


def pictures(low, high, shape=(2, 1, 3, 3)):
    """Pictures whose darkest and brightest pixels are exactly these."""
    steps = torch.linspace(0, 1, torch.Size(shape).numel()).reshape(shape)
    return low + (high - low) * steps


UNIT = pictures(0.0, 1.0)


@pytest.mark.parametrize("given_range", [True, False])
@pytest.mark.parametrize(("low", "high"), [(0.0, 1.0), (-1.0, 1.0)])
def test_the_usual_ranges_are_known(low, high, given_range):
    images, used = to_unit_range(pictures(low, high), (low, high) if given_range else None)
    assert used == (low, high)
    assert torch.allclose(images, UNIT, atol=1e-6)


@given(low=st.floats(-300, 300), width=st.floats(1, 1000))
def test_any_range_is_taken_at_its_word(low, width):
    images, used = to_unit_range(pictures(low, low + width).double(), (low, low + width))
    assert used == (low, low + width)
    assert torch.allclose(images, UNIT, atol=1e-3)
    assert images.min() >= 0
    assert images.max() <= 1


def test_bytes_are_0_to_255_unless_told():
    grey = torch.tensor([[[0, 51, 255]]], dtype=torch.uint8)
    images, used = to_unit_range(grey, None)
    assert used == (0.0, 255.0)
    assert images.flatten().tolist() == pytest.approx([0, 0.2, 1])
    assert to_unit_range(grey // 51, (0, 5))[0].flatten().tolist() == pytest.approx([0, 0.2, 1])


def test_black_bytes_are_black():
    assert to_unit_range(torch.zeros(1, 2, 2, dtype=torch.uint8), None)[0].eq(0).all()


@pytest.mark.parametrize(
    ("least", "most", "used"),
    [
        (0.0, 0.3, (0.0, 1.0)),
        (0.0, 1.0 + SLACK, (0.0, 1.0)),
        (-0.5, 0.2, (-1.0, 1.0)),
        (-1.0 - SLACK, 0.0, (-1.0, 1.0)),
        (-0.5, -0.2, (-1.0, 1.0)),
    ],
)
def test_floats_are_told_apart_by_looking(least, most, used):
    assert to_unit_range(pictures(least, most).double(), None)[1] == used


@pytest.mark.parametrize(("least", "most"), [(0.0, 255.0), (0.0, 1.02), (-1.02, 1.0), (-0.5, 1.02), (-3.0, 3.0)])
@pytest.mark.bad_input
def test_ranges_that_cannot_be_told_are_refused(least, most):
    with pytest.raises(ValueError, match=rf"values from {least:.3g} to {most:.3g}: pass value_range"):
        to_unit_range(pictures(least, most), None)


@pytest.mark.parametrize(("least", "most", "fits"), [(-0.009, 1.009, True), (-0.011, 1.0, False), (0.0, 1.011, False)])
def test_rounding_beyond_the_range_is_cut_off_and_more_is_refused(least, most, fits):
    # Of a range twice as wide, the slack is twice as wide.
    images = pictures(2 * least + 5, 2 * most + 5)
    if fits:
        unit, _ = to_unit_range(images, (5, 7))
        assert (unit.min().item(), unit.max().item()) == (0.0, 1.0)
    else:
        with pytest.raises(ValueError, match=r"must lie in value_range=\(5, 7\), got .* pass the range"):
            to_unit_range(images, (5, 7))


@pytest.mark.parametrize(
    ("shape", "out"), [((4, 5, 6), (4, 1, 5, 6)), ((4, 1, 5, 6), (4, 1, 5, 6)), ((4, 3, 5, 6), (4, 3, 5, 6))]
)
def test_pictures_get_an_axis_of_channels(shape, out):
    assert to_unit_range(torch.zeros(shape), None)[0].shape == out


@pytest.mark.parametrize("dtype", [torch.float16, torch.bfloat16, torch.float32, torch.float64])
def test_every_precision_comes_out_as_float32(dtype):
    images, _ = to_unit_range(pictures(-1, 1).to(dtype), None)
    assert images.dtype == torch.float32
    assert torch.allclose(images, UNIT, atol=5e-3)


@pytest.mark.parametrize("value_range", [None, (0.0, 1.0)])
def test_pictures_are_left_alone(value_range):
    images = pictures(0.0, 1.005)
    kept = images.clone()
    to_unit_range(images, value_range)[0].zero_()
    assert torch.equal(images, kept)


@pytest.mark.parametrize(
    ("images", "value_range", "message"),
    [
        (torch.zeros(4, 5), None, r"got shape \(4, 5\): reshape them, or pass embedder='raw'"),
        (torch.zeros(1, 4, 3, 5, 5), None, r"got shape \(1, 4, 3, 5, 5\)"),
        (torch.zeros(4, 5, 5, dtype=torch.int64), None, "must be uint8 or floats, got torch.int64"),
        (torch.zeros(4, 5, 5, dtype=torch.bool), None, "must be uint8 or floats, got torch.bool"),
        (torch.zeros(0, 5, 5), None, "at least one picture is needed, got none"),
        (torch.zeros(4, 5, 5), (1, 0), r"white above black, got \(1, 0\)"),
        (torch.zeros(4, 5, 5), (1, 1), r"white above black, got \(1, 1\)"),
    ],
    ids=["rows", "video", "whole numbers", "bool", "empty", "reversed", "no range"],
)
@pytest.mark.bad_input
def test_bad_input_is_explained(images, value_range, message):
    with pytest.raises(ValueError, match=message):
        to_unit_range(images, value_range)
