"""Labelled samples from every usual form, and one sentence for what cannot be read."""

import numpy as np
import pandas as pd
import pytest
import torch
from PIL import Image

from collapse_metrics.checkpoints.labelled import load_labelled


@pytest.fixture
def pictures(numpy_rng):
    return numpy_rng.integers(0, 255, (12, 3, 9, 8), dtype=np.uint8)


@pytest.fixture
def folder(pictures, tmp_path):
    for index, picture in enumerate(pictures):
        place = tmp_path / "of" / ("moon" if index % 3 else "sun")
        place.mkdir(parents=True, exist_ok=True)
        Image.fromarray(picture.transpose(1, 2, 0)).save(place / f"{index:02d}.png")
    return tmp_path / "of"


def test_subfolders_are_classes(folder, pictures):
    found = load_labelled(folder)
    assert found.labels.tolist() == ["moon"] * 8 + ["sun"] * 4
    order = [i for i in range(12) if i % 3] + [i for i in range(12) if not i % 3]
    assert np.array_equal(found.samples, pictures[order])


def test_a_folder_without_subfolders_has_no_labels(folder):
    found = load_labelled(folder / "sun")
    assert (found.labels, found.samples.shape) == (None, (4, 3, 9, 8))


@pytest.mark.parametrize(
    ("samples", "labels"), [("images", "labels"), ("x", "y"), ("arr_0", "arr_1"), ("rows", "target")]
)
def test_archives_are_read_by_the_usual_names(samples, labels, pictures, tmp_path):
    np.savez(tmp_path / "it.npz", **{samples: pictures, labels: np.arange(12) % 2})
    found = load_labelled(tmp_path / "it.npz")
    assert np.array_equal(found.samples, pictures)
    assert found.labels.tolist() == [0, 1] * 6


def test_channels_that_come_last_are_taken_first(pictures, tmp_path):
    np.savez(tmp_path / "it.npz", images=pictures.transpose(0, 2, 3, 1), labels=np.arange(12))
    assert np.array_equal(load_labelled(tmp_path / "it.npz").samples, pictures)


def test_an_archive_may_name_its_labels_otherwise_or_have_none(pictures, tmp_path):
    np.savez(tmp_path / "it.npz", images=pictures, kind=np.array(["a", "b"] * 6))
    assert load_labelled(tmp_path / "it.npz", labels="kind").labels.tolist() == ["a", "b"] * 6
    np.savez(tmp_path / "one.npz", pictures)
    assert load_labelled(tmp_path / "one.npz").labels is None


def test_a_column_of_a_table_is_the_class(tmp_path):
    pd.DataFrame({"a": [1.0, 2, 3], "who": ["x", "y", "x"], "b": [4, 5, 6]}).to_csv(tmp_path / "it.csv", index=False)
    found = load_labelled(tmp_path / "it.csv", labels="who")
    assert found.samples.tolist() == [[1, 4], [2, 5], [3, 6]]
    assert found.labels.tolist() == ["x", "y", "x"]


@pytest.mark.parametrize("form", ["npy", "csv"])
def test_labels_may_lie_in_a_file_of_their_own(form, pictures, tmp_path):
    np.save(tmp_path / "it.npy", pictures)
    if form == "npy":
        np.save(tmp_path / "of.npy", np.arange(12))
    else:
        pd.DataFrame({"class": np.arange(12)}).to_csv(tmp_path / "of.csv", index=False)
    found = load_labelled(tmp_path / "it.npy", labels=str(tmp_path / f"of.{form}"))
    assert found.labels.tolist() == list(range(12))


def test_fewer_rows_are_taken_evenly(pictures, tmp_path):
    np.savez(tmp_path / "it.npz", images=pictures, labels=np.arange(12))
    assert load_labelled(tmp_path / "it.npz", rows=4).labels.tolist() == [0, 4, 7, 11]
    assert len(load_labelled(tmp_path / "it.npz", rows=99).samples) == 12


def idx_files(root, images, labels):
    """Fashion-MNIST's layout, as torchvision reads it."""
    raw = root / "FashionMNIST" / "raw"
    raw.mkdir(parents=True)
    for part, count in (("train", len(images)), ("t10k", len(images))):
        head = np.array([2051, count, 28, 28], ">i4").tobytes()
        (raw / f"{part}-images-idx3-ubyte").write_bytes(head + images.tobytes())
        (raw / f"{part}-labels-idx1-ubyte").write_bytes(np.array([2049, count], ">i4").tobytes() + labels.tobytes())


def test_a_data_set_of_torchvision_brings_its_names(tmp_path, numpy_rng):
    images = numpy_rng.integers(0, 255, (30, 28, 28), dtype=np.uint8)
    idx_files(tmp_path, images, (np.arange(30) % 10).astype(np.uint8))
    found = load_labelled("torchvision:FashionMNIST", data_root=tmp_path)
    assert np.array_equal(found.samples, images)
    assert found.labels.tolist() == [k % 10 for k in range(30)]
    assert found.names[0] == "T-shirt/top"
    some = load_labelled("torchvision:FashionMNIST/test", data_root=tmp_path, rows=3)
    assert some.labels.tolist() == [0, 4, 9]


@pytest.mark.bad_input
def test_what_cannot_be_read_is_explained(folder, pictures, tmp_path):
    Image.new("RGB", (5, 5)).save(folder / "sun" / "odd.png")
    np.savez(tmp_path / "many.npz", a=pictures, b=pictures)
    np.savez(tmp_path / "short.npz", images=pictures, labels=np.arange(5))
    np.savez(tmp_path / "objects.npz", images=np.array([{}], dtype=object), labels=np.arange(1))
    np.savez(tmp_path / "good.npz", images=pictures, labels=np.arange(12))
    (tmp_path / "cut.npz").write_bytes(b"PK\x03\x04 and no more")
    (tmp_path / "words.csv").write_text("a,who\nx,y\n")
    (tmp_path / "cut.npy").write_bytes(b"\x93NUMPY\x01\x00v")
    torch.save(torch.zeros(2, 2), tmp_path / "it.pt")
    wrong = {
        (folder, None): "one size",
        (tmp_path / "many.npz", None): "samples under one of",
        (tmp_path / "short.npz", None): "5 labels of 12 samples",
        (tmp_path / "objects.npz", None): "cannot be read",
        (tmp_path / "good.npz", "kind"): r"'kind' are needed .* got \['images', 'labels'\]",
        (tmp_path / "cut.npz", None): "cannot be read",
        (tmp_path / "nowhere.npz", None): "no such file",
        (tmp_path / "words.csv", "who"): r"got text in \['a'\]",
        (tmp_path / "words.csv", "whom"): "a column 'whom' is needed",
        (tmp_path / "nowhere.csv", "who"): "no such file",
        (tmp_path / "it.pt", str(tmp_path / "cut.npy")): "cannot be read as labels",
        ("torchvision:FashionMNIST", None): "needs --data-root",
        ("torchvision:FashonMNIST", None): "Did you mean FashionMNIST",
        ("torchvision:os", None): "a data set of torchvision is needed",
    }
    (tmp_path / "deep" / "sun").mkdir(parents=True)
    Image.new("RGB", (9, 8)).save(tmp_path / "deep" / "loose.png")
    wrong[tmp_path / "deep", None] = r"in a folder of their class, got \['loose.png'\] beside sun"
    for (source, labels), message in wrong.items():
        with pytest.raises((ValueError, FileNotFoundError), match=message):
            load_labelled(source, labels=labels)
    with pytest.raises(ValueError, match=r"cannot be read in .*download=True"):
        load_labelled("torchvision:CIFAR10", data_root=tmp_path)


def test_an_archive_that_would_unpack_to_far_more_than_its_size_is_refused(tmp_path):
    np.savez_compressed(tmp_path / "bomb.npz", arr_0=np.zeros((300, 1_000_000), np.uint8), y=np.zeros(300, np.uint8))
    with pytest.raises(ValueError, match=r"bomb\.npz"):
        load_labelled(tmp_path / "bomb.npz")
