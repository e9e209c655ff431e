"""What is measured on? Seeded features and real digits, written once and read from disk by every process."""

import re
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

Arrays = dict[str, NDArray[np.float32]]

TINY_ROWS, TINY_DIM = 64, 8
"""What a library is warmed up on: enough rows for every metric, and no work to speak of."""


@dataclass(frozen=True)
class Features:
    """Real and generated features of one embedder.

    The variance along the j-th axis falls like 1/j, as it does in trained networks, and the axes are turned, so that
    nobody profits from looking at the first columns. The generator has lost half of the data: it never draws what lies
    on the far side of the first axis. So no score is 0 or 1, and all can be compared.
    """

    n: int
    dim: int

    def __str__(self) -> str:
        return f"{self.n:,} × {self.dim:,}"

    def arrays(self) -> Arrays:
        """``real`` and ``fake``, (n, dim) in float32."""
        rng = np.random.default_rng(0)
        turn = np.linalg.qr(rng.standard_normal((self.dim, self.dim)))[0].astype(np.float32)
        spread = np.arange(1, self.dim + 1, dtype=np.float32) ** -0.5
        real, fake = (rng.standard_normal((self.n, self.dim), dtype=np.float32) * spread for _ in range(2))
        np.abs(fake[:, 0], out=fake[:, 0])
        return {"real": real @ turn, "fake": fake @ turn}


@dataclass(frozen=True)
class Pictures:
    """Real digits in [0, 1], (n, 28, 28), or seeded scribbles where ``scribbled``."""

    n: int
    scribbled: bool = False

    def __str__(self) -> str:
        return f"{self.n:,} {'scribbles' if self.scribbled else 'digits'}, 28 × 28"

    def arrays(self) -> Arrays:
        """``pictures``, in float32."""
        if self.scribbled:
            return {"pictures": np.random.default_rng(0).random((self.n, 28, 28), dtype=np.float32)}
        from reference_gans.data import digits

        return {"pictures": digits().real[: self.n, 0].numpy()}


def write(data: Features | Pictures, folder: Path) -> Path:
    """The arrays as .npy files in a folder of their own; what is there already is left."""
    place = folder / re.sub(r"\W+", "_", str(data).replace(",", ""), flags=re.ASCII)
    if not place.exists():
        place.mkdir(parents=True)
        for name, array in data.arrays().items():
            np.save(place / f"{name}.npy", np.ascontiguousarray(array))
    return place


def read(place: Path) -> Arrays:
    """What ``write`` has written."""
    return {file.stem: np.load(file) for file in sorted(place.glob("*.npy"))}


def tiny(arrays: Arrays) -> Arrays:
    """A corner of each array. Pictures keep their size."""
    return {
        name: np.ascontiguousarray(x[:TINY_ROWS, :TINY_DIM] if x.ndim == 2 else x[:4]) for name, x in arrays.items()
    }
