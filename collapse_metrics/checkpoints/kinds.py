"""What kind of file is this? Told by its first bytes and by what an archive lists, never by its ending."""

import pickletools
import stat
from enum import StrEnum
from pathlib import Path

from collapse_metrics.checkpoints.archives import opened_archive


class Kind(StrEnum):
    """All that can be told apart."""

    NPY = "npy"
    NPZ = "npz"
    HDF5 = "hdf5"
    PARQUET = "parquet"
    CSV = "csv"
    PICTURES = "folder of pictures"
    PICTURE = "one picture"
    SAFETENSORS = "safetensors"
    BUNDLE = "bundle"
    HUB = "Hugging Face folder"
    TORCH = "torch.save"
    TORCH_OLD = "torch.save of old"
    TORCHSCRIPT = "TorchScript"
    EXPORTED = "torch.export"
    ONNX = "ONNX"
    KERAS = "Keras"
    PICKLE = "pickle"
    UNKNOWN = "unknown"


HEAD = 512
"""Bytes that are looked at; the longest mark sits at 257."""

MARKS = (
    (b"\x93NUMPY", Kind.NPY),
    (b"\x89HDF\r\n\x1a\n", Kind.HDF5),
    (b"PAR1", Kind.PARQUET),
    (b"\x89PNG", Kind.PICTURE),
    (b"\xff\xd8\xff", Kind.PICTURE),
    (b"GIF8", Kind.PICTURE),
    (b"BM", Kind.PICTURE),
)
"""Beginnings of files."""

OLD_TORCH = b"\x8a\nl\xfc\x9cF\xf9 j\xa8P\x19."
"""The number that torch.save wrote first before 2020, as pickles of any protocol spell it."""

OLD_PICKLE = frozenset(b"(]}c")
"""First opcodes of pickles of protocol 0 and 1, which have no mark: a mark, a list, a dict, a name."""

WEIGHT_FILES = ("model.safetensors", "diffusion_pytorch_model.safetensors", "pytorch_model.bin")
"""Names under which a Hugging Face folder keeps its weights, the safe ones first."""


def kind_of(path: Path) -> Kind:
    """The kind of a file or a folder.

    Raises:
        FileNotFoundError: If there is nothing at ``path``, or a link to nothing.
        ValueError: If it is a device, a pipe or a socket, or an archive that is damaged or set as a trap.
    """
    try:
        mode = path.stat().st_mode
    except FileNotFoundError:
        raise FileNotFoundError(f"samples or a checkpoint are needed at {path}, no such file or folder.") from None
    except OSError as error:
        raise ValueError(f"{path} cannot be looked at ({error.strerror}): give a file or a folder.") from error
    if stat.S_ISDIR(mode):
        return _folder(path)
    if not stat.S_ISREG(mode):
        raise ValueError(f"a file or a folder is needed at {path}, got a device, pipe or socket: copy it to a file.")
    with path.open("rb") as file:
        head = file.read(HEAD)
    if not head:
        raise ValueError(f"{path} is empty and cannot be read: write it again.")
    if head.startswith(b"PK"):
        return _archive(path)
    return _by_mark(head, path)


def _folder(path: Path) -> Kind:
    there = {entry.name for entry in path.iterdir()}
    weights = there & set(WEIGHT_FILES)
    if not weights or "config.json" not in there:
        return Kind.PICTURES
    from collapse_metrics.checkpoints.bundles import is_bundle

    return Kind.BUNDLE if is_bundle(path) else Kind.HUB


def _by_mark(head: bytes, path: Path) -> Kind:
    for mark, kind in MARKS:
        if head.startswith(mark):
            return kind
    if len(head) > 8 and head[8:9] == b"{" and int.from_bytes(head[:8], "little") < 2**32:
        from collapse_metrics.checkpoints.bundles import is_bundle

        return Kind.BUNDLE if is_bundle(path) else Kind.SAFETENSORS
    if head[:1] == b"\x80" and head[1:2] in (b"\x02", b"\x03", b"\x04", b"\x05"):
        return Kind.TORCH_OLD if OLD_TORCH in head[:32] else Kind.PICKLE
    if head[:1] == b"\x08" and head[1] < 0x20 and head[2:3] in (b"\x12", b"\x3a", b"\x1a", b"\x42"):
        return Kind.ONNX  # a protobuf whose first field is a small version
    columns = _columns(head)
    if columns < 2 and head[0] in OLD_PICKLE and _begins_a_pickle(head):
        return Kind.PICKLE
    return Kind.CSV if columns else Kind.UNKNOWN


def _begins_a_pickle(head: bytes) -> bool:
    """Whether the first opcodes of a pickle without a mark can be read: eight in a row are no accident."""
    seen = 0
    try:
        for opcode, _, _ in pickletools.genops(head):
            seen += 1
            if opcode.name == "STOP" or seen == 8:
                return seen > 1
    except (ValueError, UnicodeError, IndexError):
        return False
    return False


def _columns(head: bytes) -> int:
    """Columns of a table by its first line, separated by commas, tabs or semicolons; 0 for what is no text."""
    try:
        text = head[:-4].decode("utf-8-sig") if len(head) == HEAD else head.decode("utf-8-sig")
    except UnicodeDecodeError:
        return 0
    first = text.partition("\n")[0].strip()
    if "\0" in text:
        return 0
    columns = 1 + max(first.count(mark) for mark in ",;\t")
    return columns if columns > 1 or first.replace("_", "a").isalnum() else 0


def _archive(path: Path) -> Kind:
    with opened_archive(path) as archive:
        names = archive.namelist()
    return kind_of_archive(names)


def kind_of_archive(names: list[str]) -> Kind:
    """What an archive is, by the names in it."""
    inner = {name.partition("/")[2] for name in names}
    if any(name.startswith("models/") and name.endswith(".json") for name in inner) or "archive_format" in inner:
        return Kind.EXPORTED
    if "data.pkl" in inner:
        scripted = "constants.pkl" in inner or any(name.startswith("code/") for name in inner)
        return Kind.TORCHSCRIPT if scripted else Kind.TORCH
    if {"config.json", "model.weights.h5"} <= set(names):
        return Kind.KERAS
    if all(name.endswith(".npy") for name in names):  # of none at all too: an empty npz
        return Kind.NPZ
    return Kind.UNKNOWN
