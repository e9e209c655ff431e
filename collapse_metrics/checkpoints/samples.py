"""What samples are in this file or folder? Arrays, tensors, tables, pictures; no code in them is ever run."""

import pickle
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import torch

PICTURES = {".png", ".jpg", ".jpeg", ".bmp", ".webp"}
"""Endings of the pictures that a folder is searched for."""


def load_samples(path: str | Path) -> Any:
    """Samples from a file or a folder, one a row.

    Args:
        path: ``.npy``; ``.npz`` (its only array, or ``arr_0``); ``.pt`` or ``.pth`` holding one tensor; ``.csv``
            with a header; or a folder of pictures of one size.

    Returns:
        An array or tensor; pictures as bytes ``(n, h, w)`` or ``(n, 3, h, w)``.

    Raises:
        FileNotFoundError: If there is nothing at ``path``.
        ValueError: If what is there is empty, damaged, or no array of numbers.
    """
    path = Path(path)
    if path.is_dir():
        return _pictures(path)
    if not path.is_file():
        raise FileNotFoundError(f"samples are needed at {path}, there is no such file or folder.")
    loader = LOADERS.get(path.suffix.lower())
    if loader is None:
        raise ValueError(f"samples in {', '.join(LOADERS)} or a folder of pictures are needed, got {path.name}.")
    try:
        samples = loader(path)
    except (OSError, EOFError, RuntimeError, zipfile.BadZipFile, pickle.UnpicklingError, UnicodeDecodeError) as error:
        raise ValueError(f"{path} cannot be read as {path.suffix} ({_first_line(error)}): write it again.") from error
    shape = tuple(samples.shape)
    if len(shape) < 2 or shape[0] == 0:
        raise ValueError(f"{path} must hold samples one a row, got shape {shape}.")
    return samples


def _npy(path: Path) -> np.ndarray:
    try:
        array = np.load(path, allow_pickle=False)
    except ValueError as error:  # NumPy's word for a cut header and for pickled objects alike
        raise OSError(_first_line(error)) from error
    return _numbers(array, path)


def _npz(path: Path) -> np.ndarray:
    # Opened here: NumPy leaves the file open when the archive turns out to be damaged.
    with path.open("rb") as opened, np.load(opened, allow_pickle=False) as file:
        if isinstance(file, np.ndarray):
            raise ValueError(f"{path} holds a bare array, not an archive: name it .npy.")
        names = list(file.files)
        name = "arr_0" if "arr_0" in names else names[0] if len(names) == 1 else None
        if name is None:
            raise ValueError(f"{path} must hold one array or `arr_0`, got {names or 'nothing'}: save one array.")
        return _numbers(file[name], path)


def _tensor(path: Path) -> torch.Tensor:
    loaded = torch.load(path, map_location="cpu", weights_only=True)
    if not isinstance(loaded, torch.Tensor):
        raise ValueError(
            f"{path} must hold one tensor of samples, got a {type(loaded).__name__}: "
            "draw samples from the generator and torch.save them, or score the generator from Python."
        )
    return loaded.detach()


def _csv(path: Path) -> np.ndarray:
    import pandas as pd

    try:
        table = pd.read_csv(path)
    except (pd.errors.ParserError, pd.errors.EmptyDataError) as error:
        raise ValueError(f"{path} cannot be read as a table ({_first_line(error)}): write it again.") from error
    words = [str(name) for name, kind in table.dtypes.items() if not pd.api.types.is_numeric_dtype(kind)]
    if words:
        raise ValueError(f"{path} must hold numbers alone, got text in {', '.join(words[:5])}: encode or drop them.")
    return table.to_numpy(dtype=np.float64)


def _pictures(folder: Path) -> np.ndarray:
    from PIL import Image, UnidentifiedImageError

    files = sorted(p for p in folder.rglob("*") if p.suffix.lower() in PICTURES)
    if not files:
        raise ValueError(f"pictures ({', '.join(sorted(PICTURES))}) are needed in {folder}, found none.")
    pictures = []
    for file in files:
        try:
            with Image.open(file) as picture:
                grey = picture.mode in ("L", "1", "I", "LA")
                pictures.append(np.asarray(picture.convert("L" if grey else "RGB")))
        except (OSError, UnidentifiedImageError, Image.DecompressionBombError, SyntaxError) as error:
            raise ValueError(f"{file} is no readable picture ({_first_line(error)}): remove or replace it.") from error
    shapes = {picture.shape for picture in pictures}
    if len(shapes) > 1:
        raise ValueError(
            f"pictures of one size and colour are needed in {folder}, got {sorted(shapes)[:3]}: convert them."
        )
    stacked = np.stack(pictures)
    return stacked if stacked.ndim == 3 else stacked.transpose(0, 3, 1, 2)


def _numbers(array: np.ndarray, path: Path) -> np.ndarray:
    if array.dtype.kind not in "uifb":
        raise ValueError(f"{path} must hold numbers, got {array.dtype}: save an array of floats or bytes.")
    if array.dtype == np.uint8 or array.dtype.kind == "f":
        return array
    if array.min(initial=0) >= 0 and array.max(initial=0) <= 255:
        return array.astype(np.uint8)
    return array.astype(np.float64)


def _first_line(error: Exception) -> str:
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:160]


LOADERS: dict[str, Callable[[Path], Any]] = {".npy": _npy, ".npz": _npz, ".pt": _tensor, ".pth": _tensor, ".csv": _csv}
"""Which loader reads which ending."""
