"""Which checkpoint comes first? Training steps, read from names and else from inside, in natural order."""

import glob
import re
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path

STEP_WORDS = (r"steps?|iterations?|iters?|its?", r"kimg|nimg|ticks?", r"epochs?|ep")
"""Words beside a number that say what it counts, finest first: of `epoch=3-step=1200` the step is taken."""


@dataclass(frozen=True)
class Source:
    """A checkpoint or a pile of samples, and the training step that it says it is of."""

    path: Path
    step: int | None = None


def find_sources(patterns: Iterable[str | Path]) -> list[Path]:
    """Every file or folder that the patterns name, once, in natural order.

    Args:
        patterns: Paths, or patterns with ``*``, ``?``, ``[...]`` and ``**``.

    Raises:
        FileNotFoundError: If a pattern names nothing.
    """
    found: dict[Path, None] = {}
    for pattern in map(str, patterns):
        names = [pattern] if Path(pattern).exists() else glob.glob(pattern, recursive=True)  # noqa: PTH207
        if not names:  # Path.glob takes no absolute patterns
            raise FileNotFoundError(f"checkpoints or samples are needed at {pattern!r}, there are none: mind the path.")
        found |= dict.fromkeys(map(Path, names))
    return sorted(found, key=_natural)


def in_order(paths: Iterable[Path], *, inside: Callable[[Path], int | None] | None = None) -> list[Source]:
    """The same files with their steps, earliest first; those that tell no step come last.

    Where names hold a word like ``step``, ``iter``, ``kimg`` or ``epoch`` beside a number, in all that hold numbers,
    that number counts. Else the last number in which the names differ. A name without a number (``latest.pt``) has no
    step, unless ``inside`` reads one in the file.

    Args:
        paths: The files.
        inside: Reads the step in a file whose name tells none.

    Example:
        >>> names = ["G_epoch_10.pth", "G_epoch_9.pth", "G_best.pth"]
        >>> [(source.path.name, source.step) for source in in_order(map(Path, names))]
        [('G_epoch_9.pth', 9), ('G_epoch_10.pth', 10), ('G_best.pth', None)]
        >>> [source.step for source in in_order([Path("epoch=1-step=500.ckpt"), Path("epoch=0-step=250.ckpt")])]
        [250, 500]
    """
    paths = list(paths)
    steps = dict(zip(paths, _steps_of([_told(path) for path in paths]), strict=True))
    if inside is not None:
        steps = {path: inside(path) if step is None else step for path, step in steps.items()}
    sources = [Source(path, step) for path, step in steps.items()]
    return sorted(sources, key=lambda source: (source.step is None, source.step or 0, _natural(source.path)))


def _told(path: Path) -> str:
    """What is read of a name: all but the ending, whose digits (`.pt2`, `.h5`) count nothing."""
    ending = path.suffix if re.fullmatch(r"\.[A-Za-z]\w*", path.suffix) else ""
    return str(path).removesuffix(ending)


def _steps_of(names: list[str]) -> list[int | None]:
    numbered = [name for name in names if re.search(r"\d", Path(name).name)] or [
        name for name in names if re.search(r"\d", name)
    ]
    for words in STEP_WORDS:
        read = {name: _beside(words, name) for name in numbered}
        if numbered and None not in read.values():
            return [read.get(name) for name in names]
    numbers = {name: [int(digits) for digits in re.findall(r"\d+", name)] for name in numbered}
    if len({len(found) for found in numbers.values()}) != 1:  # names of several makes: the last number of each
        return [numbers[name][-1] if name in numbers else None for name in names]
    columns = list(zip(*numbers.values(), strict=True))
    where = max((i for i, column in enumerate(columns) if len(set(column)) > 1), default=len(columns) - 1)
    return [numbers[name][where] if name in numbers else None for name in names]


def _beside(words: str, name: str) -> int | None:
    """The last number that one of the words stands before; else that it stands after: of `64_step_100` the 100."""
    before = re.findall(rf"(?<![a-z])(?:{words})[^0-9a-z/]{{0,2}}(\d+)", name.lower())
    after = re.findall(rf"(\d+)[^0-9a-z/]?(?:{words})(?![a-z])", name.lower())
    return int((before or after)[-1]) if before or after else None


def _natural(path: Path) -> list[tuple[int, int, str]]:
    """Digits by their value and not by their length: 9 comes before 10."""
    parts = re.split(r"(\d+)", str(path))
    return [(1, int(part), part) if part.isdigit() else (0, 0, part) for part in parts]
