"""Which records stand in a file, a JSON object a line, and which lines were cut off?"""

import contextlib
import itertools
import json
import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

BEGINNING = b'{"kind": '
"""How every record begins: where half a line and a whole one stand together, the whole one is found by it."""


class Line(NamedTuple):
    """One line of a record: where it is, and what it says; ``None`` where it was cut off."""

    number: int
    place: int
    record: Any
    last: bool


def lines_of(path: Path) -> Iterator[Line]:
    """The lines of a record, read one by one."""
    with path.open("rb") as file:
        place, ahead = 0, file.readline()
        for number in itertools.count(1):
            line, ahead = ahead, file.readline()
            if not line:
                return
            yield from parsed(line, number=number, place=place, last=not ahead)
            place += len(line)


def parsed(line: bytes, *, number: int = 0, place: int = 0, last: bool = False) -> Iterator[Line]:
    """A line, or two where a run wrote on behind half of one."""
    try:
        yield Line(number, place, json.loads(line), last)
        return
    except ValueError:
        behind = line.rfind(BEGINNING)
    half = line[:behind] if behind > 0 else line
    start = half.strip(b"\0\r\n ")  # a machine that lost its power may leave zeros
    if not (start.startswith(BEGINNING) or BEGINNING.startswith(start)):
        yield Line(number, place, line.decode(errors="replace"), last)  # nobody's half of a record
        return
    record = None
    if behind > 0:
        with contextlib.suppress(ValueError):
            record = json.loads(line[behind:])
    yield Line(number, place, None, last and record is None)
    if record is not None:
        yield Line(number, place + behind, record, last)


def ends_whole(path: Path) -> bool:
    """Whether the last line of a file is complete."""
    with path.open("rb") as file:
        if file.seek(0, os.SEEK_END) == 0:
            return True
        file.seek(-1, os.SEEK_END)
        return file.read(1) == b"\n"
