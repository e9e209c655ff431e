"""Mean: what is the average over samples, each judged by itself?"""

from collections.abc import Mapping
from typing import Any

import torch
from torch import Tensor

from collapse_metrics._registry import METRICS
from collapse_metrics.streaming._base import Accumulator


class Mean(Accumulator):
    """A metric that is the mean over samples of what each scores alone; batches are weighted by their sizes.

    Args:
        name: The metric.
        columns: What ``update`` takes, by the names that the metric uses.
        fixed: What else it asks for.
        options: Its options.

    Example:
        >>> import torch
        >>> seen = Mean("accepted_share", columns=("accepted",))
        >>> seen.update(torch.tensor([True, True, False]))
        >>> seen.update(torch.tensor([True]))
        >>> seen.result("accepted_share")
        0.75
    """

    def __init__(
        self, name: str, *, columns: tuple[str, ...], fixed: Mapping[str, Tensor] | None = None, **options: Any
    ) -> None:
        self.name, self.columns, self.options = name, columns, options
        n, total = torch.zeros((), dtype=torch.long), torch.zeros((), dtype=torch.float64)
        super().__init__({"n": (n, "sum"), "total": (total, "sum")}, fixed or {}, name=name, options=options)

    @property
    def n(self) -> int:
        """How many samples have gone by."""
        return int(self.states["n"])

    def update(self, *rows: Any, **named: Any) -> None:
        """Take a batch: one tensor a column, in the order of the columns or by name."""
        batch = self.named(self.columns, *rows, **named)
        count = len(batch[self.columns[0]])
        if count:
            score = METRICS[self.name].compute(**batch, **self.data(), **self.options)
            self.states["n"] = self.states["n"] + count
            self.states["total"] = self.states["total"] + score * count

    def result(self, name: str, **options: Any) -> float:
        """The metric, of everything that has gone by."""
        if name != self.name or options:
            raise ValueError(f"this is the mean of {self.name} with {self.options}, got {name} with {options}.")
        self.check_seen()
        return float(self.states["total"]) / self.n
