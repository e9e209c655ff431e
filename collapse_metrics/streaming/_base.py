"""What do all accumulators share? States that add up in any order, and so can be merged, saved and resumed."""

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from typing import Any, Literal, TypeVar

import torch
from torch import Tensor

Reduce = Literal["sum", "cat"]
"""How two states become one: added, or laid end to end (what is too much is then folded)."""

Same = TypeVar("Same", bound="Accumulator")
"""Of the same class: not ``typing.Self``, which beartype reads in decorated classes only."""

ARRAYS = frozenset({"counts", "real_counts", "shares", "confusion"})
"""Data that metrics take as NumPy arrays; everything else comes as tensors."""


class Accumulator(ABC):
    """What is kept of samples that have gone by.

    Every accumulator has a few *states*, tensors that start blank and only ever add up, and *fixed* tensors that it
    compares with. ``merge`` of two gives what one would hold that had seen both streams; a blank one changes nothing.

    Args:
        states: Blank state and way of adding up, by name.
        fixed: Tensors that stay as they are: a reference, and what was measured of it.
        settings: Whatever else two accumulators must agree on before they may be merged.
    """

    def __init__(
        self, states: Mapping[str, tuple[Tensor, Reduce]], fixed: Mapping[str, Tensor], **settings: object
    ) -> None:
        self.blank = {name: start for name, (start, _) in states.items()}
        self.reduce: dict[str, Reduce] = {name: how for name, (_, how) in states.items()}
        self.states = dict(self.blank)
        self.fixed = {name: value.detach() for name, value in fixed.items()}
        self.fingerprint = _fingerprint(type(self).__name__, settings, self.fixed)

    @property
    @abstractmethod
    def n(self) -> int:
        """How many samples have gone by."""

    @abstractmethod
    def update(self, *args: Any, **kwargs: Any) -> None:
        """Take a batch; its size never matters, and it is left as it is."""

    @abstractmethod
    def result(self, name: str, **options: Any) -> float:
        """The metric of this name, of everything that has gone by."""

    def merge(self: Same, other: Same) -> Same:
        """A new accumulator that has seen what both have seen; neither of the two changes."""
        if type(self) is not type(other) or not torch.equal(self.fingerprint, other.fingerprint):
            raise ValueError(
                "accumulators must have one kind, one reference and one set of options to be merged, got two: "
                "make the second with `empty()` of the first, or with the same arguments."
            )
        merged = self.empty()
        for name, how in self.reduce.items():
            mine = self.states[name]
            theirs = other.states[name].to(mine.device)
            merged.states[name] = mine + theirs if how == "sum" else joined([mine, theirs])
        merged.fold()
        return merged

    def empty(self: Same) -> Same:
        """One with the same reference and options that has seen nothing."""
        twin = self.twin()
        twin.states = dict(self.blank)
        return twin

    def twin(self: Same) -> Same:
        """Another one that holds the very same tensors; states are replaced, never written into."""
        twin = object.__new__(type(self))
        twin.__dict__ |= self.__dict__ | {"states": dict(self.states)}
        return twin

    def following(self: Same) -> Same:
        """A blank one for the next part of the same stream."""
        return self.empty()

    def on_rank(self: Same, rank: int) -> Same:
        """One for the stream of this rank, where several processes share the work."""
        return self.twin()

    def data(self) -> dict[str, Any]:
        """The fixed tensors in the kind that metrics ask for."""
        return {name: value.cpu().numpy() if name in ARRAYS else value for name, value in self.fixed.items()}

    @staticmethod
    def named(columns: tuple[str, ...], *rows: Any, **named: Any) -> dict[str, Tensor]:
        """One batch a column, as tensors of one length, given in the order of the columns or by name."""
        given = dict(zip(columns, rows, strict=False)) | named
        if set(given) != set(columns) or len(rows) + len(named) != len(columns):
            raise ValueError(f"one batch each of {', '.join(columns)} is needed, got {len(rows) + len(named)}.")
        batch = {name: torch.as_tensor(given[name]).detach() for name in columns}
        lengths = {name: len(values) for name, values in batch.items()}
        if len(set(lengths.values())) > 1:
            raise ValueError(f"a batch must have one row a sample in every column, got {lengths}.")
        return batch

    def check_seen(self) -> None:
        """Require that something has gone by."""
        if self.n == 0:
            raise ValueError("a number needs samples, got none yet: call `update` first.")

    def fold(self) -> None:
        """Bring states that were laid end to end back to their size."""
        return

    def state_dict(self) -> dict[str, Tensor]:
        """Everything that has been seen, as plain tensors."""
        return {"settings": self.fingerprint.clone()} | {name: state.clone() for name, state in self.states.items()}

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from where another one with the same reference and options was saved."""
        needed = {"settings", *self.states}
        if set(state) != needed:
            raise ValueError(
                f"a state with {sorted(needed)} is needed, got {sorted(state)}: load what `state_dict` of such an "
                "accumulator gave."
            )
        if not torch.equal(state["settings"].cpu(), self.fingerprint):
            raise ValueError(
                "the state must come from an accumulator of the same reference and options, got another: make this "
                "one with the arguments of the saved one."
            )
        self.states = {name: state[name].clone().to(start.device) for name, start in self.blank.items()}


def joined(parts: Sequence[Tensor]) -> Tensor:
    """Parts laid end to end; blank ones have no shape or type of their own yet and are left out."""
    filled = [part for part in parts if len(part)]
    if len(filled) < 2:
        return filled[0] if filled else parts[0]
    return torch.cat(filled)


def check_finite(name: str, rows: Tensor) -> None:
    """Require rows without NaN and infinity, of any shape."""
    bad = int((~torch.isfinite(rows.flatten(1) if rows.ndim > 1 else rows[:, None])).any(dim=1).sum())
    if bad:
        raise ValueError(
            f"`{name}` has NaN or infinity in {bad} of {len(rows)} rows: the generator or the embedder has diverged, "
            "so no score is meaningful."
        )


def _fingerprint(kind: str, settings: Mapping[str, object], fixed: Mapping[str, Tensor]) -> Tensor:
    """Sixteen small numbers that differ where reference or options do; on no device but the CPU."""
    taken = hashlib.blake2b(f"{kind} {sorted(settings.items())}".encode(), digest_size=16)
    for name in sorted(fixed):
        values = fixed[name].cpu().contiguous()
        taken.update(f"{name} {values.dtype} {tuple(values.shape)}".encode())
        taken.update(values.reshape(-1).view(torch.uint8).numpy().data)
    return torch.tensor(list(taken.digest()))
