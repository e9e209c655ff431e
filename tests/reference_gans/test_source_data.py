"""Data of the sources: are the centres where they belong, the stacks spelt right, the toys within bounds?"""

import gzip

import numpy as np
import pytest
import torch

from reference_gans.data import (
    NEEDS_ROOT,
    SOURCES,
    Digits,
    Enlarged,
    Grid,
    Mixture,
    OnDevice,
    Pattern1010,
    Point,
    Ring,
    Stacks,
    TwoPeaks,
    fashion,
)


@pytest.fixture
def flat():
    """Ten pictures, each as bright as its class says."""
    return Digits(torch.arange(10.0).div(10).view(10, 1, 1, 1).expand(10, 1, 28, 28), torch.arange(10))


def test_the_grid_has_twenty_five_centres_two_apart():
    centres = Grid().centres
    assert {(x, y) for x, y in centres.tolist()} == {(2.0 * i, 2.0 * j) for i in range(-2, 3) for j in range(-2, 3)}
    assert torch.pdist(centres).min() == 2


@pytest.mark.parametrize("mixture", [Ring(), Grid(), TwoPeaks()])
def test_mixtures_draw_every_centre_alike_and_as_wide_as_they_say(mixture, rng):
    assert isinstance(mixture, Mixture)
    points, k, dim = mixture.batch(20_000, rng), len(mixture.centres), mixture.centres.shape[1]
    distance, nearest = torch.cdist(points, mixture.centres).min(dim=1)
    expected = 20_000 / k
    assert torch.bincount(nearest).float() == pytest.approx(torch.full((k,), expected), abs=5 * expected**0.5)
    assert (distance.square().mean() / dim).sqrt().item() == pytest.approx(mixture.sd, rel=0.03)
    assert torch.equal(mixture.real, mixture.real)


def test_two_peaks_lie_at_minus_five_and_five():
    assert TwoPeaks().centres.tolist() == [[-5.0], [5.0]]


def test_a_stack_spells_its_three_digits_hundreds_first(flat, rng):
    pictures, numbers = Stacks(flat).spelt(500, rng)
    assert pictures.shape == (500, 3, 28, 28)
    shown = (10 * pictures[:, :, 0, 0]).round().long()
    assert torch.equal(shown @ torch.tensor([100, 10, 1]), numbers)
    assert numbers.min() < 100
    assert numbers.max() > 900


def test_the_fixed_stacks_hold_all_thousand_numbers_and_stay_the_same(flat):
    stacks = Stacks(flat)
    pictures, numbers = stacks.fixed()
    assert len(numbers.unique()) == 1000
    assert torch.equal(pictures[:5], stacks.real[:5])


def test_the_pattern_is_high_low_high_low(rng):
    rows = Pattern1010().batch(2000, rng)
    assert rows[:, ::2].min() >= 0.8
    assert rows[:, ::2].max() <= 1
    assert rows[:, 1::2].min() >= 0
    assert rows[:, 1::2].max() <= 0.2
    assert rows.mean(dim=0).tolist() == pytest.approx([0.9, 0.1, 0.9, 0.1], abs=0.01)


def test_a_point_is_one_number(rng):
    assert Point(at=3.0).batch(4, rng).tolist() == [[3.0]] * 4


@pytest.mark.parametrize("size", [32, 64])
def test_enlarged_pictures_keep_black_white_and_brightness(flat, rng, size):
    data = Enlarged(flat, size)
    assert data.batch(4, rng).shape == (4, 1, size, size)
    assert torch.allclose(data.real.mean(dim=(1, 2, 3)), 2 * flat.real.mean(dim=(1, 2, 3)) - 1, atol=1e-5)
    edge = Digits(torch.eye(28)[None, None], torch.zeros(1, dtype=torch.long))
    assert (Enlarged(edge, size).real.min(), Enlarged(edge, size).real.max()) == (-1, pytest.approx(1, abs=0.8))


def test_fashion_is_read_from_its_own_folder(tmp_path):
    raw = tmp_path / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    images, labels = np.arange(2 * 784, dtype=np.uint8), np.array([9, 3], np.uint8)
    for name, header, content in (("images-idx3", 16, images), ("labels-idx1", 8, labels)):
        (raw / f"train-{name}-ubyte.gz").write_bytes(gzip.compress(bytes(header) + content.tobytes()))
    assert sorted(fashion(tmp_path).labels.tolist()) == [3, 9]


def test_clothes_without_a_folder_are_explained():
    for name in NEEDS_ROOT:
        with pytest.raises(FileNotFoundError, match="needs --data-root DIR with DIR/FashionMNIST/raw, got none"):
            SOURCES[name](None)


def test_a_missing_folder_of_clothes_is_named(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"DIR/FashionMNIST/raw, found none"):
        fashion(tmp_path)


def test_data_on_a_device_are_the_same_draws_moved():
    here, there = (torch.Generator().manual_seed(1) for _ in range(2))
    moved = OnDevice(Ring(), torch.device("meta"))
    assert moved.batch(3, there).device.type == "meta"
    Ring().batch(3, here)
    assert torch.equal(here.get_state(), there.get_state())
    assert moved.real.device.type == "cpu"
