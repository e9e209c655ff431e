"""Where are the looks of a long run? The newest at hand, older ones on disk or packed, the gist of all in memory."""

import json
import math
import zlib
from array import array
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any, Generic, NamedTuple, TypeVar, overload

from collapse_metrics.records import Scorecard, Verdict

NEWEST = 64
"""Looks kept at hand: a few megabytes. What a monitor asks of older ones is in their gists."""

T = TypeVar("T")


class Gist(NamedTuple):
    """What is asked of every look again and again: its step, what it said, how many samples it took for data, when."""

    step: int
    verdict: Verdict
    found: frozenset[str]
    accepted: float
    early: bool
    at: float = math.nan


class Look(NamedTuple):
    """One look: its scorecard, and what was noted about its samples."""

    card: Scorecard
    samples: dict[str, Any]


def gist_of(card: Scorecard) -> Gist:
    """The gist of a scorecard; no samples taken for data where it does not say how many."""
    accepted = max((m.value for m in card.measurements if m.name == "accepted_share"), default=0.0)
    found = frozenset(finding.name for finding in card.found)
    return Gist(int(card.provenance.get("step", -1)), card.verdict, found, accepted, "note" in card.provenance)


class Shelf:
    """All looks of a run, in order, of which a long run keeps few in memory.

    Args:
        newest: Looks kept as they are; ``None`` keeps all.
    """

    def __init__(self, newest: int | None = NEWEST) -> None:
        self.newest = newest
        self.path: Path | None = None
        self.gists: list[Gist] = []
        self._same: dict[frozenset[str], frozenset[str]] = {}
        self._at_hand: deque[tuple[Look, int]] = deque()
        self._places = array("q")
        self._packed: dict[int, bytes] = {}

    def put(self, look: Look, place: int | None = None, *, at: float = math.nan) -> None:
        """Keep a look of that time, which stands at byte ``place`` of the record on disk, if anywhere."""
        gist = gist_of(look.card)
        self.gists.append(gist._replace(at=at, found=self._same.setdefault(gist.found, gist.found)))
        self._at_hand.append((look, -1 if place is None else place))
        if self.newest is not None and len(self._at_hand) > self.newest:
            oldest, at = self._at_hand.popleft()
            if at < 0:
                content = {"card": oldest.card.to_dict(), "samples": oldest.samples}
                self._packed[len(self._places)] = zlib.compress(json.dumps(content).encode(), level=1)
            self._places.append(at)

    @property
    def all_at_hand(self) -> bool:
        """Whether no look has to be fetched."""
        return not self._places

    def __len__(self) -> int:
        return len(self.gists)

    def __getitem__(self, index: int) -> Look:
        """The look of that number."""
        if index >= len(self._places):
            return self._at_hand[index - len(self._places)][0]
        return self._fetched(index)

    def _fetched(self, index: int) -> Look:
        place = self._places[index]
        if place < 0:
            return _look(json.loads(zlib.decompress(self._packed[index])))
        if self.path is None:
            raise ValueError("the folder of a recorded run is needed, got none: read the run again.")
        with self.path.open("rb") as file:
            file.seek(place)
            line = file.readline()
        try:
            look = _look(json.loads(line))
        except (ValueError, KeyError, TypeError) as error:
            raise ValueError(self._changed(index)) from error
        if gist_of(look.card).step != self.gists[index].step:
            raise ValueError(self._changed(index))
        return look

    def _changed(self, index: int) -> str:
        return (
            f"the look at step {self.gists[index].step} is needed, {self.path} no longer has it in its place: "
            "leave the record alone while its run goes on."
        )


class View(Sequence[T], Generic[T]):
    """One side of all looks on a shelf, as a sequence: their scorecards, or the notes about their samples."""

    def __init__(self, shelf: Shelf, side: Callable[[Look], T]) -> None:
        self._shelf, self._side = shelf, side

    def __len__(self) -> int:
        return len(self._shelf)

    @overload
    def __getitem__(self, index: int) -> T: ...

    @overload
    def __getitem__(self, index: slice) -> list[T]: ...

    def __getitem__(self, index: int | slice) -> T | list[T]:
        """One of them, or a list."""
        places = range(len(self))[index]
        if isinstance(places, range):
            return [self._side(self._shelf[k]) for k in places]
        return self._side(self._shelf[places])

    def __iter__(self) -> Iterator[T]:
        return (self._side(self._shelf[k]) for k in range(len(self)))

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"<{len(self)} of a run, step {self._shelf.gists[-1].step} last>" if len(self) else "[]"


class Series(Sequence[tuple[int, float]]):
    """A number a step, 16 bytes each: ``(step, value)`` pairs as a sequence, of which a long run has millions."""

    def __init__(self, rows: "Sequence[tuple[int, float | None]]" = ()) -> None:
        self._steps, self._values = array("q"), array("d")
        self.extend(rows)

    def extend(self, rows: "Sequence[tuple[int, float | None]]") -> None:
        """Add pairs; no number stands for one that is not finite."""
        self._steps.extend(int(step) for step, _ in rows)
        self._values.extend(float("nan") if value is None else float(value) for _, value in rows)

    def __len__(self) -> int:
        return len(self._values)

    @overload
    def __getitem__(self, index: int) -> tuple[int, float]: ...

    @overload
    def __getitem__(self, index: slice) -> list[tuple[int, float]]: ...

    def __getitem__(self, index: int | slice) -> tuple[int, float] | list[tuple[int, float]]:
        """One pair, or a list of pairs."""
        if isinstance(index, slice):
            return list(zip(self._steps[index], self._values[index], strict=True))
        return self._steps[index], self._values[index]

    def __iter__(self) -> Iterator[tuple[int, float]]:
        return zip(self._steps, self._values, strict=True)

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Sequence) and list(self) == list(other)

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return repr(list(self))


def _look(record: dict[str, Any]) -> Look:
    return Look(Scorecard.from_dict(record["card"]), dict(record.get("samples") or {}))
