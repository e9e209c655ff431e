"""What samples are in this file or folder? Arrays, tensors, tables, pictures; no code in them is ever run."""

import io
import math
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import numpy as np

from collapse_metrics.checkpoints.archives import FREE_BYTES, MOST_GROWTH, first_line, opened_archive, read_member
from collapse_metrics.checkpoints.kinds import Kind, kind_of

SAMPLES = ("arr_0", "samples", "images", "imgs", "fake", "fakes", "generated", "x", "data")
"""Names of the array of samples among several, the likeliest first: ``arr_0`` is NumPy's, ``imgs`` StudioGAN's."""

LABELS = ("arr_1", "labels", "label", "y", "targets", "classes")
"""Names of the labels beside them."""


@dataclass(frozen=True)
class Dump:
    """Samples as they lay in a file: pictures as (n, h, w) or (n, channels, h, w), everything else one a row."""

    samples: Any
    labels: np.ndarray | None = None
    value_range: tuple[float, float] | None = None
    notes: tuple[str, ...] = ()


def load_samples(path: str | Path) -> Any:
    """Samples from a file or a folder, one a row.

    Args:
        path: ``.npy``; ``.npz`` (its only array, or ``arr_0``); a tensor in a torch file; HDF5; a table (CSV with a
            header, Parquet); or a folder of pictures of one size. What it is is told by its content.

    Returns:
        An array or tensor; pictures as bytes ``(n, h, w)`` or ``(n, 3, h, w)``.

    Raises:
        FileNotFoundError: If there is nothing at ``path``.
        ValueError: If what is there is empty, damaged, or no array of numbers.
    """
    return load_dump(Path(path)).samples


def load_dump(path: Path, kind: Kind | None = None) -> Dump:
    """Samples, with labels where the file has them."""
    kind = kind or kind_of(path)
    loader = LOADERS.get(kind)
    if loader is None:
        raise ValueError(
            f"samples (.npz, .npy, a tensor, HDF5, a table, a folder of pictures) or a checkpoint are needed, got "
            f"{path.name}, which is {kind}: save samples with numpy.savez."
        )
    return arranged(loader(path), path)


def arranged(dump: Dump, path: Path) -> Dump:
    """The same samples, channels first, with the range of values where whole numbers tell it."""
    samples, notes = dump.samples, list(dump.notes)
    shape = tuple(samples.shape)
    if len(shape) < 2 or 0 in shape:
        raise ValueError(f"{path} must hold samples one a row, got shape {shape}.")
    if len(shape) == 4 and shape[3] in (1, 3) and shape[1] not in (1, 3):
        samples = samples.transpose(0, 3, 1, 2) if isinstance(samples, np.ndarray) else samples.permute(0, 3, 1, 2)
        notes.append("channels were last and are taken first")
    labels = dump.labels
    if labels is not None and labels.ndim == 2 and labels.shape[1] > 1:
        labels = labels.argmax(axis=1)  # one-hot
    labels = None if labels is None or labels.size != shape[0] else labels.reshape(-1)
    return Dump(samples, labels, dump.value_range or _bytes_as_floats(samples), tuple(notes))


def _bytes_as_floats(samples: Any) -> tuple[float, float] | None:
    """(0, 255) for pictures whose floats are bytes: whole numbers, and more of them than two."""
    if samples.ndim not in (3, 4) or "float" not in str(samples.dtype):
        return None
    some = np.asarray(samples[:64], dtype=np.float64)
    whole = np.isfinite(some).all() and (some == np.round(some)).all()
    return (0.0, 255.0) if whole and some.min() >= 0 and 1 < some.max() <= 255 else None


def _npy(path: Path) -> Dump:
    with path.open("rb") as file:
        return Dump(_numbers(_array(file, path.stat().st_size, path), path))


def _npz(path: Path) -> Dump:
    with opened_archive(path) as archive:
        names = [name.removesuffix(".npy") for name in archive.namelist() if name.endswith(".npy")]
        name = chosen(names)
        if name is None:
            if {"mu", "sigma"} <= set(names):
                raise ValueError(f"{path} holds statistics (mu, sigma) and no samples: give the samples behind them.")
            raise ValueError(f"{path} must hold one array or `arr_0`, got {names[:9] or 'nothing'}: save one array.")
        label = next((label for label in LABELS if label in names and label != name), None)
        samples = _numbers(_member(archive, name, path), path)
        return Dump(samples, None if label is None else _member(archive, label, path))


def _member(archive: zipfile.ZipFile, name: str, path: Path) -> np.ndarray:
    data = read_member(archive, f"{name}.npy", path)
    return _array(io.BytesIO(data), len(data), path)


def chosen(names: list[str]) -> str | None:
    """Which of several arrays holds the samples: the only one, or the one with the likeliest name."""
    if len(names) == 1:
        return names[0]
    return next((name for name in SAMPLES if name in names), None)


def _array(file: BinaryIO, size: int, path: Path) -> np.ndarray:
    """A NumPy array whose header was found to say what the file holds, before any of it is read."""
    try:
        version = np.lib.format.read_magic(file)
        read_header = np.lib.format.read_array_header_1_0 if version == (1, 0) else np.lib.format.read_array_header_2_0
        shape, _, dtype = read_header(file)
        held = size - file.tell()
        if dtype.hasobject:
            raise ValueError("it holds Python objects, which are not loaded")
        if math.prod(shape) * dtype.itemsize > held or any(length < 0 for length in shape):
            raise ValueError(f"it says shape {shape}, and has {held} bytes")
        file.seek(0)
        return np.asarray(np.lib.format.read_array(file, allow_pickle=False))
    except (ValueError, OSError, EOFError, SyntaxError, TypeError, OverflowError, MemoryError, RecursionError) as error:
        raise ValueError(f"{path} cannot be read as an array ({first_line(error)}): write it again.") from error


def _hdf5(path: Path) -> Dump:
    from collapse_metrics.checkpoints.hdf5 import read_hdf5

    samples, labels = read_hdf5(path)
    return Dump(_numbers(samples, path), labels)


def _parquet(path: Path) -> Dump:
    try:
        import pyarrow.parquet as pq
    except ModuleNotFoundError as error:
        raise ValueError(f"{path} is a Parquet table: pip install pyarrow, or write it as CSV.") from error
    try:
        with pq.ParquetFile(path) as file:
            cells = file.metadata.num_rows * file.metadata.num_columns
            check_growth(8 * cells, path.stat().st_size, path)
            table = file.read(use_threads=False).to_pandas()
    except (OSError, ValueError, RuntimeError, MemoryError, KeyError, NotImplementedError) as error:
        raise ValueError(f"{path} cannot be read as a table ({first_line(error)}): write it again.") from error
    return Dump(_cells(table, path))


def check_growth(unpacked: int, size: int, path: Path) -> None:
    """Refuse what would fill the memory: far more than the file that it comes from."""
    if unpacked > max(FREE_BYTES, MOST_GROWTH * size):
        raise ValueError(f"it would unpack from {size:,} to {unpacked:,} bytes, which looks like a trap")


def _csv(path: Path) -> Dump:
    import pandas as pd

    try:
        table = pd.read_csv(path, sep=_separator(path))
    except (ValueError, OSError, OverflowError, MemoryError) as error:  # pandas' own are ValueErrors
        raise ValueError(f"{path} cannot be read as a table ({first_line(error)}): write it again.") from error
    return Dump(_cells(table, path))


def _separator(path: Path) -> str:
    with path.open("rb") as file:
        first = file.readline(2**16)
    return max((b",", b"\t", b";"), key=first.count).decode()


def _cells(table: Any, path: Path) -> np.ndarray:
    import pandas as pd

    words = [str(name) for name, kind in table.dtypes.items() if not pd.api.types.is_numeric_dtype(kind)]
    if words:
        raise ValueError(f"{path} must hold numbers alone, got text in {', '.join(words[:5])}: encode or drop them.")
    cells: np.ndarray = table.to_numpy(dtype=np.float64, na_value=np.nan)
    return cells


def _pictures(folder: Path) -> Dump:
    from collapse_metrics.checkpoints.pictures import read_pictures

    samples, labels = read_pictures(folder)
    return Dump(samples, labels)


def _torch(path: Path) -> Dump:
    from collapse_metrics.checkpoints.torch_files import read_torch_kind
    from collapse_metrics.checkpoints.trust import checked

    contents = checked(read_torch_kind(path), path)
    dump = samples_in(contents.value)
    if dump is None:
        raise ValueError(
            f"{path} must hold one tensor of samples, got a {type(contents.value).__name__}: draw samples from the "
            "generator and torch.save them, or name the network with --model and score the checkpoint."
        )
    return dump


def samples_in(value: Any) -> Dump | None:
    """The samples in what a torch file or a pickle says: a tensor, with its labels, or one of a telling name."""
    from collapse_metrics.checkpoints.torch_files import as_numbers

    if isinstance(value, dict):
        name = next((name for name in SAMPLES if as_numbers(value.get(name), read=False) is not None), None)
        labels = next((value[label] for label in LABELS if label in value), None)
        pair = (None if name is None else value[name], labels)
    elif isinstance(value, tuple) and len(value) == 2:
        pair = value
    else:
        pair = (value, None)
    samples = as_numbers(pair[0])
    if samples is None:
        return None
    labels = as_numbers(pair[1])
    return Dump(samples, None if labels is None else np.asarray(labels))


def _numbers(array: np.ndarray, path: Path) -> np.ndarray:
    if array.dtype.kind not in "uifb":
        raise ValueError(f"{path} must hold numbers, got {array.dtype}: save an array of floats or bytes.")
    array = array.astype(array.dtype.newbyteorder("="), copy=False)
    if array.dtype == np.uint8 or array.dtype.kind == "f":
        return array
    if array.min(initial=0) >= 0 and array.max(initial=0) <= 255:
        return array.astype(np.uint8)
    return array.astype(np.float64)


LOADERS: dict[Kind, Callable[[Path], Dump]] = {
    Kind.NPY: _npy,
    Kind.NPZ: _npz,
    Kind.TORCH: _torch,
    Kind.TORCH_OLD: _torch,
    Kind.PICKLE: _torch,
    Kind.CSV: _csv,
    Kind.PARQUET: _parquet,
    Kind.HDF5: _hdf5,
    Kind.PICTURES: _pictures,
}
"""Which loader reads which kind."""
