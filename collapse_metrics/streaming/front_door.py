"""What is the number of this stream? Any registered metric by its name, with the accumulator that fits it."""

import inspect
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from torch import Tensor

from collapse_metrics._registry import DATA, METRICS, MetricSpec
from collapse_metrics.metrics._balls import Balls
from collapse_metrics.streaming._base import Accumulator
from collapse_metrics.streaming.plans import STREAMED, Asked, plan
from collapse_metrics.streaming.reservoir import Reservoir

OF_REFERENCE = {
    "real": "anchor",
    "real_modes": "anchor_modes",
    "fresh": "fresh",
    "real_counts": "mode_counts",
    "shares": "shares",
    "confusion": "confusion",
    "centres": "centres",
    "scales": "scales",
}
"""Where a ``Reference`` keeps what a metric asks for."""


@dataclass(frozen=True, eq=False)
class Streamed:
    """One metric over a stream of samples: an accumulator, and the number that is read from it."""

    name: str
    accumulator: Accumulator
    options: Mapping[str, Any]

    @property
    def n(self) -> int:
        """How many samples have gone by."""
        return self.accumulator.n

    @property
    def exact(self) -> bool:
        """Whether the number is that of all samples, and not only that of a uniform sample of them."""
        return not isinstance(self.accumulator, Reservoir) or self.accumulator.whole

    def update(self, *batch: Any, **named: Any) -> None:
        """Take a batch of what the metric asks for; its size never matters."""
        self.accumulator.update(*batch, **named)

    def merge(self, other: "Streamed") -> "Streamed":
        """A new one that has seen what both have seen; neither of the two changes."""
        if (self.name, self.options) != (other.name, other.options):
            raise ValueError(
                f"two streams of one metric with one set of options are needed, got {self.name} {self.options} and "
                f"{other.name} {other.options}."
            )
        return Streamed(self.name, self.accumulator.merge(other.accumulator), self.options)

    def empty(self) -> "Streamed":
        """One with the same reference and options that has seen nothing."""
        return Streamed(self.name, self.accumulator.empty(), self.options)

    def result(self) -> float:
        """The number, of everything that has gone by."""
        return self.accumulator.result(self.name, **self.options)

    def state_dict(self) -> dict[str, Tensor]:
        """Everything that has been seen, as plain tensors."""
        return self.accumulator.state_dict()

    def load_state_dict(self, state: Mapping[str, Tensor]) -> None:
        """Go on from where another one with the same reference and options was saved."""
        self.accumulator.load_state_dict(state)


def accumulate(
    name: str, *, reference: Any = None, modes: int | None = None, reservoir: Reservoir | None = None, **given: Any
) -> Streamed:
    """A registered metric over a stream of samples.

    Args:
        name: Name of the metric.
        reference: What the samples are compared with: real feature rows, the ``Balls`` fitted to them, or a
            ``Reference``.
        modes: How many modes there are, for a metric of counts where no data say it.
        reservoir: For a metric that streams through a uniform sample only: size, seed and stream of that sample.
        given: Other data that are known before, such as ``shares=``, and the metric's options, such as ``k=``.

    Returns:
        A blank accumulator. Its ``update`` takes what the metric asks for of each batch: ``fake`` rows for most; the
        mode of each sample where the metric asks for counts.

    Raises:
        ValueError: If there is no metric of this name, if it does not stream, or if data are missing or unknown.

    Example:
        >>> import torch
        >>> line = torch.arange(10.0)[:, None]
        >>> seen = accumulate("coverage", reference=line, k=1)
        >>> for batch in line[:4].split(3):
        ...     seen.update(batch)
        >>> seen.result(), seen.exact
        (0.5, True)
    """
    options = {key: value for key, value in given.items() if key not in DATA}
    how = plan(name, **options)
    spec = METRICS[name]
    data = _from_reference(reference, spec) | {key: value for key, value in given.items() if key in DATA}
    _check_known(spec, data)
    if modes is not None and "modes" in inspect.signature(spec.compute).parameters:
        options["modes"] = modes
    accumulator = how.build(spec, data, options, Asked(modes, reservoir))
    return Streamed(name, accumulator, options)


def _check_known(spec: MetricSpec, data: Mapping[str, Any]) -> None:
    """Require everything that is known before, and nothing that comes with the batches or is not asked for."""
    coming = spec.needs & set(STREAMED)
    for name in data:
        if name in coming:
            raise ValueError(f"`{name}` comes in batches: pass it to `update`.")
        if name not in spec.needs:
            raise ValueError(f"{spec.name} does not ask for `{name}`: it asks for {', '.join(sorted(spec.needs))}.")
    parameters = inspect.signature(spec.compute).parameters
    for name in sorted(spec.needs - coming - set(data)):
        if parameters[name].default is inspect.Parameter.empty:
            raise ValueError(f"{spec.name} needs `{name}`: pass {name}=, or a reference that has it.")


def _from_reference(reference: Any, spec: MetricSpec) -> dict[str, Any]:
    """What of a reference a metric asks for; bare rows are what samples are compared with."""
    if reference is None:
        return {}
    if isinstance(reference, Tensor | np.ndarray | Balls):
        return {next((name for name in ("real", "fresh") if name in spec.needs), "real"): reference}
    found = {name: getattr(reference, place, None) for name, place in OF_REFERENCE.items() if name in spec.needs}
    return {name: value for name, value in found.items() if value is not None}
