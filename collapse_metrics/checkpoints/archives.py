"""Is this archive what it says? Members are counted and weighed before any is unpacked, and none is ever written."""

import struct
import zipfile
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path, PurePosixPath

FREE_BYTES = 256 * 2**20
"""Unpacked bytes that any archive may hold: 300,000 digits, and less than a training takes."""

MOST_GROWTH = 60
"""Beyond those, unpacked bytes for each byte of the file. Sparse digits shrink tenfold; a bomb thousandfold."""

MOST_MEMBERS = 100_000
"""Members of an archive: a checkpoint has one for every tensor."""

COMPRESSIONS = (zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED)
"""What torch and NumPy write."""


@contextmanager
def opened_archive(path: Path) -> Iterator[zipfile.ZipFile]:
    """A zip archive whose list of members was found to be honest.

    Raises:
        ValueError: If it is damaged, has a member twice, points outside of itself, is encrypted, or would unpack
            to far more than its own size.
    """
    try:
        archive = zipfile.ZipFile(path)
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError, struct.error) as error:
        raise ValueError(f"{path} cannot be read as an archive ({first_line(error)}): write it again.") from error
    with archive:
        _check(archive, path)
        yield archive


def read_member(archive: zipfile.ZipFile, name: str, path: Path) -> bytearray:
    """The bytes of one member, as many as the archive's list says."""
    try:
        info = archive.getinfo(name)
        whole = bytearray(info.file_size)
        with archive.open(info) as member:
            got = 0
            while got < len(whole):
                piece = member.read(min(2**22, len(whole) - got))
                if not piece:
                    break
                whole[got : got + len(piece)] = piece
                got += len(piece)
    except (zipfile.BadZipFile, EOFError, OSError, KeyError, RuntimeError, NotImplementedError, zlib.error) as error:
        raise ValueError(f"{path} cannot be read ({first_line(error)}): write it again.") from error
    if got < len(whole):
        raise ValueError(f"{path} cannot be read (its member {name[:80]} is cut off): write it again.")
    return whole


def _check(archive: zipfile.ZipFile, path: Path) -> None:
    members = archive.infolist()
    if len(members) > MOST_MEMBERS:
        raise ValueError(f"{path} has {len(members)} members, at most {MOST_MEMBERS} are opened: it is no checkpoint.")
    names = [member.filename for member in members]
    if len(set(names)) < len(names):
        raise ValueError(f"{path} has a member twice, so that readers would differ about it: write it again.")
    outside = [name for name in names if _leads_outside(name)]
    if outside:
        raise ValueError(f"{path} has a member that leads out of it ({outside[0][:80]!r}): it is not opened.")
    if any(member.flag_bits & 1 for member in members):
        raise ValueError(f"{path} is encrypted: unpack it first.")
    if any(member.compress_type not in COMPRESSIONS for member in members):
        raise ValueError(f"{path} is packed in a way that torch and NumPy do not write: unpack it and save it again.")
    total, size = sum(member.file_size for member in members), path.stat().st_size
    if total > max(FREE_BYTES, MOST_GROWTH * size):
        raise ValueError(
            f"{path} of {size:,} bytes would unpack to {total:,}, which looks like a trap: "
            "if it is yours, save it without compression (numpy.savez, torch.save)."
        )


def _leads_outside(name: str) -> bool:
    return "\\" in name or "\0" in name or name.startswith("/") or ".." in PurePosixPath(name).parts


def first_line(error: BaseException) -> str:
    """What went wrong, in at most one line."""
    text = str(error).strip() or type(error).__name__
    return text.splitlines()[0][:160]
