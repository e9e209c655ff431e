"""What pictures are in this folder? All of one size; the folders they lie in are their labels."""

from pathlib import Path
from typing import Any

import numpy as np

from collapse_metrics.checkpoints.archives import FREE_BYTES, MOST_GROWTH, first_line

PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".webp"}
"""Endings of the pictures that a folder is searched for."""

FORMATS = ("PNG", "JPEG", "BMP", "WEBP")
"""What they may be, whatever they are called: the other decoders are not needed."""

GREY = ("L", "1", "I", "I;16", "LA")
"""Modes of pictures without colour."""


def read_pictures(folder: Path) -> tuple[np.ndarray, np.ndarray | None]:
    """Pictures as bytes (n, h, w) or (n, 3, h, w), sorted by path, and labels where each class has a folder.

    Raises:
        ValueError: If there are none, or one cannot be read, differs in size, leads out of the folder, or unpacks to
            more than the memory should hold.
    """
    home = folder.resolve()
    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in PICTURES)
    if not files:
        raise ValueError(f"pictures ({', '.join(sorted(PICTURES))}) are needed in {folder}, found none.")
    for file in files:
        _check_place(file, home)
    first = _read(files[0], None)
    size = sum(file.stat().st_size for file in files)
    if len(files) * first.nbytes > max(FREE_BYTES, MOST_GROWTH * size):
        raise ValueError(
            f"{folder} would unpack from {size:,} to {len(files) * first.nbytes:,} bytes, which looks like a trap: "
            "if it is yours, save the pictures as one array (numpy.savez)."
        )
    stacked = np.empty((len(files), *first.shape), np.uint8)
    for index, file in enumerate(files):
        stacked[index] = _read(file, first.shape)
    samples = stacked if stacked.ndim == 3 else stacked.transpose(0, 3, 1, 2)
    return samples, _labels(files, folder)


def _check_place(file: Path, home: Path) -> None:
    try:
        real = file.resolve(strict=True)
    except (OSError, RuntimeError) as error:  # a link to nothing, or to itself
        raise ValueError(f"{file} is a link to nothing: remove it.") from error
    if not real.is_relative_to(home):
        raise ValueError(f"{file} is a link out of its folder: copy the picture there.")
    if not real.is_file():
        raise ValueError(f"{file} is no readable picture (it is no regular file): remove it.")


def _opened(file: Path) -> Any:
    from PIL import Image

    try:
        return Image.open(file, formats=FORMATS)
    except Image.DecompressionBombError as error:
        raise ValueError(first_line(error)) from error


def _read(file: Path, shape: tuple[int, ...] | None) -> np.ndarray:
    try:
        with _opened(file) as picture:
            wide, high = picture.size
            grey = picture.mode in GREY
            here = (high, wide) if grey else (high, wide, 3)
            if shape is not None and here != shape:
                raise _Unlike(here)
            if wide * high > MOST_PIXELS:
                raise ValueError(f"it has {wide} x {high} pixels, at most {MOST_PIXELS:,} are read")
            return np.asarray(picture.convert("L" if grey else "RGB"))
    except _Unlike as unlike:
        raise ValueError(
            f"pictures of one size and colour are needed in {file.parent}, got {[shape, unlike.shape]}: convert them."
        ) from None
    except KNOWN as error:
        raise ValueError(f"{file} is no readable picture ({first_line(error)}): remove or replace it.") from error


class _Unlike(Exception):  # noqa: N818 - caught at once
    """A picture of another size or colour than the first."""

    def __init__(self, shape: tuple[int, ...]) -> None:
        self.shape = shape


MOST_PIXELS = 2**25
"""Pixels of one picture: 5,792 a side, more than generators draw."""


def _labels(files: list[Path], folder: Path) -> np.ndarray | None:
    """The folder of each picture, as numbers where all are; none where the pictures lie in one folder."""
    names = [file.relative_to(folder).parts[0] if file.parent != folder else "" for file in files]
    if "" in names or len(set(names)) < 2:
        return None
    return np.array([int(name) for name in names] if all(name.isdecimal() for name in names) else names)


KNOWN: tuple[type[Exception], ...] = (
    OSError,
    ValueError,
    SyntaxError,
    MemoryError,
    IndexError,
    KeyError,
    TypeError,
    Warning,
)
"""How Pillow says that a file is damaged; its warning about large pictures is an error here."""
