"""What does torchmetrics need to know of an accumulator? A metric whose states are the accumulator's."""

import inspect
import math
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

import torch
from torch import Tensor
from torchmetrics import Metric
from torchmetrics.utilities.distributed import gather_all_tensors

from collapse_metrics._registry import METRICS
from collapse_metrics.streaming._base import Accumulator, joined
from collapse_metrics.streaming.front_door import Streamed
from collapse_metrics.streaming.plans import STREAMED


class StreamedMetric(Metric):
    """An accumulator in the clothes of torchmetrics; ``class_for`` makes one class for each registered metric.

    States that add up are tensors, reduced by their sum; states that are laid end to end are lists. One more state,
    the accumulator's fingerprint, never changes: it keeps a collection from taking two metrics for one because their
    states happen to agree after the first batch, as those of different references do while nothing was reached.
    """

    full_state_update = False
    is_differentiable = False

    def __init__(self, streamed: Streamed, **kwargs: Any) -> None:
        super().__init__(**kwargs)
        self._streamed = streamed
        blank = streamed.accumulator
        self.add_state("settings", blank.fingerprint, dist_reduce_fx="max")
        for name, how in blank.reduce.items():
            self.add_state(name, blank.blank[name] if how == "sum" else [], dist_reduce_fx=how)
        for name, value in blank.fixed.items():
            self.register_buffer(f"fixed_{name}", value, persistent=False)

    def update(self, *batch: Any, **named: Any) -> None:
        """Take a batch of what the metric asks for."""
        seen = self._seen()
        seen.update(*batch, **named)
        self._keep(seen)

    def compute(self) -> Tensor:
        """The number of everything that has gone by, on all ranks."""
        return self._number(self._seen())

    def forward(self, *batch: Any, **named: Any) -> Tensor:
        """Take a batch, and give its own number; NaN where it is too small for one.

        torchmetrics would reset, update and merge, which begins the numbering of a stream anew with every batch, and
        loses all states when the batch is refused.
        """
        if self.dist_sync_on_step or self._is_synced:
            value: Tensor = super().forward(*batch, **named)
            return value
        seen = self._seen()
        part = seen.following()
        part.update(*batch, **named)
        self._keep(seen.merge(part))
        self._update_count += 1
        self._computed = None
        try:
            value = self._number(part)
        except ValueError:
            value = torch.tensor(math.nan, dtype=torch.float64, device=self.device)
        self._forward_cache = value  # type: ignore[assignment]
        return value

    def merge_state(self, incoming_state: "dict[str, Any] | Metric") -> None:
        """Add what another metric of the same class, reference and options has seen, or its ``metric_state``."""
        if isinstance(incoming_state, Metric) and not isinstance(incoming_state, type(self)):
            raise ValueError(f"a {type(self).__name__} is needed, got a {type(incoming_state).__name__}.")
        states = incoming_state.metric_state if isinstance(incoming_state, Metric) else incoming_state
        self._keep(self._seen().merge(self._seen(states)))
        self._computed = None

    def sync(self, dist_sync_fn: Callable[..., Any] | None = None, *args: Any, **kwargs: Any) -> None:
        """Gather the states of all ranks, those included that have seen nothing."""
        super().sync(dist_sync_fn or gather, *args, **kwargs)

    def plot(self, val: Any = None, ax: Any = None) -> Any:
        """Plot one value or several, by default that of ``compute``."""
        return self._plot(val, ax)

    def set_dtype(self, dst_type: Any) -> "StreamedMetric":
        """Do nothing: counts are whole numbers and sums doubles, whatever the network computes in."""
        return self

    def _apply(self, fn: Callable[[Tensor], Tensor], *args: Any, **kwargs: Any) -> "StreamedMetric":
        """Move states and reference, and keep their types: a reference in half precision would be another one."""

        def moved(tensor: Tensor) -> Tensor:
            there = fn(tensor)
            return there if there.dtype == tensor.dtype else tensor.to(there.device)

        super()._apply(moved, *args, **kwargs)
        blank = self._streamed.accumulator
        blank.fixed = {name: getattr(self, f"fixed_{name}") for name in blank.fixed}
        blank.blank = {name: state.to(self.device) for name, state in blank.blank.items()}
        return self

    def _seen(self, states: Mapping[str, Any] | None = None) -> Accumulator:
        """The accumulator with the states that torchmetrics keeps for it."""
        held: Mapping[str, Any] = self.metric_state if states is None else states
        seen = self._streamed.accumulator.empty().on_rank(_rank(self.process_group))
        if not torch.equal(held["settings"].cpu(), seen.fingerprint):
            raise ValueError("all states must come from one reference and one set of options, got others among them.")
        for name, start in seen.blank.items():
            state = held[name]
            parts = [part.to(start.device) for part in (state if isinstance(state, list) else [state])]
            seen.states[name] = parts[0] if seen.reduce[name] == "sum" else joined([start, *parts])
        seen.fold()
        return seen

    def _keep(self, seen: Accumulator) -> None:
        for name, how in seen.reduce.items():
            state = seen.states[name]
            setattr(self, name, state if how == "sum" else [state][: len(state)])

    def _number(self, seen: Accumulator) -> Tensor:
        value = seen.result(self._streamed.name, **self._streamed.options)
        return torch.tensor(value, dtype=torch.float64, device=self.device)

    def __reduce__(self) -> tuple[Any, ...]:
        """Pickle by the name of the metric, since its class is made on demand."""
        return _blank, (self._streamed.name,), self.__getstate__()


@lru_cache
def class_for(name: str) -> type[StreamedMetric]:
    """The ``torchmetrics.Metric`` of a registered metric, named in camel case."""
    spec = METRICS[name]

    def update(self: StreamedMetric, *batch: Any, **named: Any) -> None:
        """Take a batch of what the metric asks for."""
        StreamedMetric.update(self, *batch, **named)

    columns = ["fake_modes" if column == "counts" else column for column in STREAMED if column in spec.needs]
    kind = inspect.Parameter.POSITIONAL_OR_KEYWORD
    parameters = [inspect.Parameter(argument, kind) for argument in ("self", *columns)]
    update.__signature__ = inspect.Signature(parameters)  # type: ignore[attr-defined]
    low, high = spec.span
    about = {
        "__doc__": spec.question,
        "__module__": __name__,
        "higher_is_better": spec.higher_is_better,
        "plot_lower_bound": low if math.isfinite(low) else None,
        "plot_upper_bound": high if math.isfinite(high) else None,
        "update": update,
    }
    return type("".join(word.title() for word in name.split("_")), (StreamedMetric,), about)


def _blank(name: str) -> StreamedMetric:
    kind = class_for(name)
    return kind.__new__(kind)


def _rank(group: Any) -> int:
    there = torch.distributed.is_available() and torch.distributed.is_initialized()
    return torch.distributed.get_rank(group) if there else 0


def gather(part: Tensor, group: Any = None) -> list[Tensor]:
    """A state of every rank; one that has seen nothing learns from the others what its state would look like."""
    about: list[Any] = [None] * torch.distributed.get_world_size(group)
    torch.distributed.all_gather_object(about, (tuple(part.shape), part.dtype), group=group)
    shape, dtype = max(about, key=lambda a: math.prod(a[0]))
    if part.numel() == 0:
        part = torch.empty((0, *shape[1:]), dtype=dtype, device=part.device)
    return gather_all_tensors(part, group)
