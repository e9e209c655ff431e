"""Coloured shapes: of the asked kinds and shares, told apart by what they enclose, from their own random numbers."""

import numpy as np
import pytest

from reference_gans.data.shapes import INSIDE, SHAPES, coloured_shapes


def test_pictures_are_bytes_of_three_channels_and_come_back_with_the_seed():
    first, again, other = (coloured_shapes(30, rng=np.random.default_rng(s)) for s in (0, 0, 1))
    assert first[0].shape == (30, 3, 32, 32)
    assert first[0].dtype == np.uint8
    assert np.array_equal(first[0], again[0])
    assert np.array_equal(first[1], again[1])
    assert not np.array_equal(first[0], other[0])


def test_kinds_have_the_asked_shares():
    _, kinds = coloured_shapes(4000, rng=np.random.default_rng(0), shares=(1, 1, 0, 1, 0, 2))
    shares = np.bincount(kinds, minlength=6) / 4000
    # The standard error of a share is 0.008 at most: five of that.
    assert shares == pytest.approx([0.2, 0.2, 0, 0.2, 0, 0.4], abs=0.04)
    assert shares[2] == shares[4] == 0


def test_every_shape_stands_out_and_fills_another_part_of_its_circle():
    x, y = np.meshgrid(np.linspace(-1.2, 1.2, 200), np.linspace(-1.2, 1.2, 200))
    filled = {name: float((inside(x[None], y[None]) > 0).mean() * 2.4**2) for name, inside in INSIDE.items()}
    assert filled["circle"] == pytest.approx(np.pi * 0.81, rel=0.02)
    assert filled["square"] == pytest.approx(2.0, rel=0.02)
    assert filled["triangle"] == pytest.approx(3 * np.sqrt(3) / 4, rel=0.02)
    assert filled["ring"] == pytest.approx(np.pi * (0.97**2 - 0.53**2), rel=0.02)
    assert filled["cross"] == pytest.approx(4 * 0.28 * (2 * 0.95 - 0.28), rel=0.02)
    assert len(INSIDE) == len(SHAPES)
    pictures, _ = coloured_shapes(200, rng=np.random.default_rng(0))
    brightest = pictures.max(axis=1).reshape(200, -1)
    assert (np.quantile(brightest, 0.97, axis=1) > 200).all()
    assert (np.median(brightest[:, :32], axis=1) < 120).all()
