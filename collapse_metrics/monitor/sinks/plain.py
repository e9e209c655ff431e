"""How does the user's own function take a look? Called with ``(values, step)``."""

from collections.abc import Callable, Mapping

import numpy as np

from collapse_metrics.monitor.sinks.parcel import SAMPLES, News


class Plain:
    """A function of ``(values, step)``; an object that is called may also have ``image``, ``alert`` and ``flush``."""

    def __init__(self, function: Callable[[dict[str, float], int], object]) -> None:
        self.function = function

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """Call it with the numbers."""
        self.function(dict(values), step)

    def pictures(self, grid: np.ndarray, step: int) -> None:
        """Call its ``image(name, grid, step)``, if it has one."""
        image = getattr(self.function, "image", None)
        if callable(image):
            image(SAMPLES, grid, step)

    def news(self, item: News, step: int) -> None:
        """Call its ``alert(level, title, text, step)``, if it has one."""
        alert = getattr(self.function, "alert", None)
        if callable(alert):
            alert(str(item.level), item.title, item.text, step)

    def flush(self) -> None:
        """Call its ``flush()``, if it has one."""
        flush = getattr(self.function, "flush", None)
        if callable(flush):
            flush()
