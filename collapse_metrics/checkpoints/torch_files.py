"""What did torch.save write here? Names and shapes at once; numbers only when they are asked for, nothing is run."""

import io
import struct
import zipfile
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from collapse_metrics.checkpoints.archives import opened_archive, read_member
from collapse_metrics.checkpoints.builders import WIDTHS, Storage, StoredTensor, Stranger, TooMuch
from collapse_metrics.checkpoints.kinds import Kind, kind_of
from collapse_metrics.checkpoints.pickles import Pickle

STORAGES = {
    "FloatStorage": "float32", "DoubleStorage": "float64", "HalfStorage": "float16", "BFloat16Storage": "bfloat16",
    "LongStorage": "int64", "IntStorage": "int32", "ShortStorage": "int16", "CharStorage": "int8",
    "ByteStorage": "uint8", "BoolStorage": "bool", "ComplexFloatStorage": "complex64",
    "ComplexDoubleStorage": "complex128", "UntypedStorage": "uint8",
}  # fmt: skip
"""Types of numbers by the names of their storages."""

OLD_SIZE = 8
"""Bytes before each storage in a file of old, which say how many numbers it has."""


@dataclass(frozen=True)
class Contents:
    """What a pickle or a torch file says, and every name that it mentions."""

    value: Any
    names: tuple[str, ...]


def read_torch(path: Path) -> Contents:
    """What a file of torch.save says.

    Raises:
        ValueError: If it is damaged or set as a trap.
    """
    with opened_archive(path) as archive:
        return _archive(archive, path)


def read_old_torch(path: Path) -> Contents:
    """What a file of torch.save before 2020 says: pickles one after the other, then the numbers."""
    return _old(path.read_bytes(), path)


def read_pickle(path: Path) -> Contents:
    """What a plain pickle says."""
    pickle = _pickle(path.read_bytes(), path)
    return Contents(pickle.value, tuple(pickle.names))


def storage_within(data: bytes) -> tuple[Any, list[str]]:
    """A storage that was pickled as a torch file of its own, as plain pickles of tensors hold them."""
    where = Path("the tensor")
    try:
        if data[:2] == b"PK":
            with zipfile.ZipFile(io.BytesIO(data)) as archive:
                if sum(member.file_size for member in archive.infolist()) > 2 * len(data):
                    raise TooMuch("a tensor in its pickle is packed, which looks like a trap")
                contents = _archive(archive, where)
        else:
            contents = _old(data, where)
    except (ValueError, zipfile.BadZipFile) as error:
        raise TooMuch(f"a tensor in its pickle is damaged ({error})") from error
    return contents.value, list(contents.names)


def tensor(stored: StoredTensor) -> Tensor:
    """The numbers of a tensor, read now.

    Raises:
        ValueError: If the file holds fewer numbers than it says.
    """
    if not stored.shape or all(stored.shape):
        data = stored.storage.read()
        needed = stored.storage.numel * WIDTHS[stored.storage.kind]
        if len(data) < needed:
            raise ValueError(f"a tensor of {needed} bytes is cut off at {len(data)}: write the file again.")
        numbers = torch.frombuffer(data, dtype=getattr(torch, stored.kind), count=needed // WIDTHS[stored.kind])
        return numbers.as_strided(stored.shape, stored.stride, stored.offset).clone()
    return torch.empty(stored.shape, dtype=getattr(torch, stored.kind))


def _archive(archive: zipfile.ZipFile, path: Path) -> Contents:
    root = next(name for name in archive.namelist() if name.endswith("data.pkl")).removesuffix("data.pkl")
    names = set(archive.namelist())
    if f"{root}byteorder" in names and read_member(archive, f"{root}byteorder", path) != b"little":
        raise ValueError(f"{path} was written on a machine of the other byte order: save it on this kind of machine.")

    def fetch(key: str, size: int) -> bytearray:
        with opened_archive(path) if archive.filename else archive_again(archive) as again:
            return read_member(again, f"{root}data/{key}", path)

    def held(key: str) -> int:
        if f"{root}data/{key}" not in names:
            raise TooMuch(f"its tensor {key[:40]} is missing")
        return archive.getinfo(f"{root}data/{key}").file_size

    pickle = _pickle(bytes(read_member(archive, f"{root}data.pkl", path)), path, _stored(fetch, held))
    return Contents(pickle.value, tuple(pickle.names))


def archive_again(archive: zipfile.ZipFile) -> zipfile.ZipFile:
    """An archive that lies in memory, opened once more."""
    assert isinstance(archive.fp, io.BytesIO), "`storage_within` passes one"
    return zipfile.ZipFile(io.BytesIO(archive.fp.getvalue()))


def _old(data: bytes, path: Path) -> Contents:
    at = 0
    for _ in range(3):  # a number that marks the format, its version, and the machine
        at += _pickle(data[at : at + 4096], path).end
    places: dict[str, tuple[int, int]] = {}

    def fetch(key: str, size: int) -> bytearray:
        if key not in places:
            raise ValueError(f"{path} lacks the numbers of its tensor {key[:40]}: write it again.")
        start, stop = places[key]
        return bytearray(data[start:stop])

    sizes: dict[str, int] = {}
    main = _pickle(data[at:], path, _stored(fetch, None, sizes))
    at += main.end
    keys = _pickle(data[at:], path)
    at += keys.end
    for key in keys.value if isinstance(keys.value, list) else ():
        (numel,) = struct.unpack("<q", data[at : at + OLD_SIZE].ljust(OLD_SIZE, b"\xff"))
        length = sizes.get(str(key), 0)
        if numel < 0 or at + OLD_SIZE + length > len(data):
            raise ValueError(f"{path} cannot be read (its numbers are cut off): write it again.")
        places[str(key)] = (at + OLD_SIZE, at + OLD_SIZE + length)
        at += OLD_SIZE + length
    return Contents(main.value, tuple(main.names))


def _stored(
    fetch: Callable[[str, int], bytearray],
    held: Callable[[str], int] | None,
    sizes: dict[str, int] | None = None,
) -> Callable[[Any], Storage]:
    """What a persistent id stands for: ``("storage", type, key, device, numel)``."""

    def storage(pid: Any) -> Storage:
        word, kind, key, _, numel = pid[:5]
        name = kind.name.rpartition(".")[2] if isinstance(kind, Stranger) else ""
        if word not in ("storage", b"storage") or name not in STORAGES or type(numel) is not int or numel < 0:
            raise TooMuch("its pickle points at something that is no tensor")
        if len(pid) > 5 and pid[5] is not None:
            raise TooMuch("it was written by a torch of before 2018: load and save it again with a newer one")
        size = numel * WIDTHS[STORAGES[name]]
        if held is not None and size > held(str(key)):
            raise TooMuch(f"its tensor {str(key)[:40]} is said to have {numel} numbers and has fewer")
        if sizes is not None:
            sizes[str(key)] = size
        return Storage(str(key), STORAGES[name], numel, lambda: fetch(str(key), size))

    return storage


def _pickle(data: bytes, path: Path, stored: Callable[[Any], Any] | None = None) -> Pickle:
    try:
        return Pickle(data, stored=stored)
    except ValueError as error:
        raise ValueError(f"{path} cannot be read ({error}): write it again.") from error


def read_torch_kind(path: Path) -> Contents:
    """What a torch file or a plain pickle says, whichever of the three it is."""
    kind = kind_of(path)
    return {Kind.TORCH: read_torch, Kind.TORCH_OLD: read_old_torch}.get(kind, read_pickle)(path)


def as_numbers(value: Any, *, read: bool = True) -> Tensor | np.ndarray | None:
    """A stored tensor or an array of numbers; ``None`` for everything else. ``read=False`` leaves a tensor unread."""
    if isinstance(value, Stranger) and value.name.startswith("torch.nn.parameter.") and value.called:
        value = value.args[0]
    if isinstance(value, StoredTensor):
        return tensor(value) if read else torch.empty(0)
    if isinstance(value, Tensor):
        return value.detach().cpu()
    return value if isinstance(value, np.ndarray) else None
