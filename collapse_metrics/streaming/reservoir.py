"""Reservoir: which samples stand for all that have gone by?"""

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from torch import Tensor

from collapse_metrics._registry import METRICS
from collapse_metrics.streaming._base import Accumulator, Reduce, check_finite, joined

SIZE = 5000
"""Rows kept. Distances among 5,000 rows take a second; the default of ``score`` is as many samples."""


class Reservoir(Accumulator):
    """A uniform sample of fixed size, without replacement, of everything that has gone by.

    The row with number ``i`` of stream ``s`` draws the key that the generator of ``(seed, s)`` gives at ``i``; those
    with the smallest keys are kept. So the sample depends on seed, stream and number, never on how the stream was
    cut into batches; and the smallest keys of two streams together are a uniform sample of both, whatever the
    lengths of the two.

    Two parts may only be merged if no row has the same number of the same stream twice: give every source of samples
    (a rank, a worker) its own ``stream``, or, where one stream was cut into pieces of known length, the same
    ``stream`` and the number of its first row as ``start``: then the result is that of the uncut stream.

    Args:
        size: How many rows are kept.
        columns: What a row consists of, by the names that metrics use.
        seed: Chooses the sample.
        stream: Which source of samples this is.
        start: Number of the first row within its stream.
        fixed: What the metric asks for beside the sample.

    Example:
        >>> import torch
        >>> seen = Reservoir(3)
        >>> for batch in torch.arange(100.0)[:, None].split(7):
        ...     seen.update(batch)
        >>> whole = Reservoir(3)
        >>> whole.update(torch.arange(100.0)[:, None])
        >>> torch.equal(seen.sample["fake"], whole.sample["fake"]), len(seen.sample["fake"]), seen.n
        (True, 3, 100)
    """

    def __init__(
        self,
        size: int = SIZE,
        *,
        columns: tuple[str, ...] = ("fake",),
        seed: int = 0,
        stream: int = 0,
        start: int = 0,
        fixed: Mapping[str, Tensor] | None = None,
    ) -> None:
        if min(size, 1) < 1 or min(seed, stream, start) < 0 or not columns:
            raise ValueError(
                f"a reservoir needs a size and a column at least, and no negative number, got size={size}, "
                f"columns={columns}, seed={seed}, stream={stream}, start={start}."
            )
        self.size, self.columns, self.seed, self.stream, self.start = size, columns, seed, stream, start
        states: dict[str, tuple[Tensor, Reduce]] = {
            "n": (torch.zeros((), dtype=torch.long), "sum"),
            "tickets": (torch.empty(0, 3, dtype=torch.long), "cat"),
        }
        states |= {name: (torch.empty(0), "cat") for name in columns}
        super().__init__(states, fixed or {}, size=size, columns=columns, seed=seed)

    def of(self, columns: tuple[str, ...], fixed: Mapping[str, Tensor]) -> "Reservoir":
        """A blank one of the same size, seed and stream for other columns."""
        return Reservoir(self.size, columns=columns, seed=self.seed, stream=self.stream, start=self.start, fixed=fixed)

    @property
    def n(self) -> int:
        """How many samples have gone by."""
        return int(self.states["n"])

    @property
    def whole(self) -> bool:
        """Whether everything that has gone by is still here."""
        return self.n <= self.size

    @property
    def sample(self) -> dict[str, Tensor]:
        """The rows that are kept, in the order of their streams."""
        return self._lowest(self.size)

    def update(self, *rows: Any, **named: Any) -> None:
        """Take a batch: one tensor a column, in the order of the columns or by name."""
        batch = self._checked(*rows, **named)
        count = len(batch[self.columns[0]])
        tickets = self._tickets(self.start + self.n, count)
        self.states["n"] = self.states["n"] + count
        if len(self.states["tickets"]) >= self.size:
            tickets = tickets[tickets[:, 0] <= int(self.states["tickets"][:, 0].max())]
        entering = tickets[_order(tickets)[: self.size]]
        if not len(entering):
            return
        device = self.states["tickets"].device
        chosen = torch.from_numpy(entering[:, 2] - (self.start + self.n - count))
        for name, values in batch.items():
            kept = values[chosen.to(values.device)].to(device)
            self.states[name] = joined([self.states[name], kept])
        self.states["tickets"] = torch.cat([self.states["tickets"], torch.from_numpy(entering).to(device)])
        self.fold()

    def merge(self, other: "Reservoir") -> "Reservoir":
        """A uniform sample of both streams together; neither of the two changes."""
        merged = super().merge(other)
        both = torch.cat([self.states["tickets"].cpu(), other.states["tickets"].cpu()])[:, 1:]
        if len(both.unique(dim=0)) < len(both):
            raise ValueError(
                "two reservoirs must not have numbered their rows alike, got the same numbers of the same stream: "
                "give each source its own `stream=`, or the parts of one stream their `start=`."
            )
        return merged

    def following(self) -> "Reservoir":
        """A blank one for the next part of the same stream."""
        twin = self.empty()
        twin.start = self.start + self.n
        return twin

    def on_rank(self, rank: int) -> "Reservoir":
        """One for the stream of this rank, where several processes share the work."""
        twin = self.twin()
        twin.stream = self.stream + rank
        return twin

    def fold(self) -> None:
        """Keep the rows with the smallest keys."""
        tickets = self.states["tickets"]
        if len(tickets) <= self.size:
            return
        kept = torch.from_numpy(np.sort(_order(tickets.cpu().numpy())[: self.size])).to(tickets.device)
        for name in ("tickets", *self.columns):
            self.states[name] = self.states[name][kept]

    def result(self, name: str, **options: Any) -> float:
        """The metric of this name, of the sample; beside fresh real rows, of as many as there are of those."""
        self.check_seen()
        data = self.data()
        rows = self.sample
        if "fresh" in data:
            rows = self._lowest(len(data["fresh"]))
            data["fresh"] = data["fresh"][: len(rows[self.columns[0]])]
        return METRICS[name].compute(**data, **rows, **options)

    def _lowest(self, count: int) -> dict[str, Tensor]:
        tickets = self.states["tickets"].cpu().numpy()
        lowest = _order(tickets)[:count]
        ordered = lowest[np.lexsort((tickets[lowest, 2], tickets[lowest, 1]))]
        places = torch.from_numpy(ordered).to(self.states["tickets"].device)
        return {name: self.states[name][places] if len(places) else self.states[name] for name in self.columns}

    def _tickets(self, first: int, count: int) -> np.ndarray:
        """Key, stream and number of rows; the generator counts, so that any place in its stream is reached at once."""
        bits = np.random.Philox(key=np.array([self.seed, self.stream], dtype=np.uint64))
        bits.advance(first // 4)  # four numbers a count
        keys = bits.random_raw(first % 4 + count)[first % 4 :] >> np.uint64(1)
        numbers = np.arange(first, first + count)
        return np.stack([keys.astype(np.int64), np.full(count, self.stream), numbers], axis=1)

    def _checked(self, *rows: Any, **named: Any) -> dict[str, Tensor]:
        batch = self.named(self.columns, *rows, **named)
        for name, values in batch.items():
            check_finite(name, values)
            before = self.states[name]
            if len(before) and values.shape[1:] != before.shape[1:]:
                raise ValueError(
                    f"rows of `{name}` must have the shape {tuple(before.shape[1:])} of those before, got "
                    f"{tuple(values.shape[1:])}."
                )
        return batch


def _order(tickets: np.ndarray) -> np.ndarray:
    """Places by key; of equal keys, which come once in billions of rows, the earlier stream and row first."""
    found: np.ndarray = np.lexsort((tickets[:, 2], tickets[:, 1], tickets[:, 0]))
    return found
