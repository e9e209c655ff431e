"""How do a framework's own loggers take a look? Lightning's and Accelerate's wrap those that are known already."""

from collections.abc import Iterator, Mapping
from typing import Any

import numpy as np

from collapse_metrics.monitor.sinks.kinds import Sink, native
from collapse_metrics.monitor.sinks.parcel import News, without_step


class Numbers:
    """A logger that takes numbers only: pictures and news go to the history alone."""

    def __init__(self, log: Any) -> None:
        self.log = log

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """Log them."""
        self.log(without_step(values), step=step)

    def pictures(self, grid: np.ndarray, step: int) -> None:
        """It has no place for them."""

    def news(self, item: News, step: int) -> None:
        """It has no place for them."""

    def flush(self) -> None:
        """Nothing is held back here."""


class Lightning:
    """A logger of Lightning, seen through to what it wraps where that is known.

    Lightning's W&B logger would draw these curves over ``trainer/global_step``, which counts the steps of all
    optimizers together; the run itself draws them over the generator's.
    """

    def __init__(self, logger: Any) -> None:
        self.logger = logger
        self._inner: Sink | None = None

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """Log them through what is wrapped, or with ``log_metrics``."""
        self._sink().scalars(values, step)

    def pictures(self, grid: np.ndarray, step: int) -> None:
        """Show them where there is a place for them."""
        self._sink().pictures(grid, step)

    def news(self, item: News, step: int) -> None:
        """Tell them where there is a place for them."""
        self._sink().news(item, step)

    def flush(self) -> None:
        """Write what is held back; Lightning's own loggers save at the end of an epoch."""
        self._sink().flush()
        if callable(getattr(self.logger, "save", None)):
            self.logger.save()

    def _sink(self) -> Sink:
        if self._inner is None:  # the first look: ``experiment`` opens files, which a mere adapter should not
            self._inner = native(getattr(self.logger, "experiment", None)) or Numbers(self.logger.log_metrics)
        return self._inner


class Accelerate:
    """All trackers of an ``Accelerator``, each seen through to what it wraps where that is known.

    ``Accelerator.log(values, step)`` hands its step to W&B, which drops what comes late.
    """

    def __init__(self, accelerator: Any) -> None:
        self.accelerator = accelerator
        self._known: dict[int, Sink] = {}

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """Log them with every tracker."""
        for sink in self._sinks():
            sink.scalars(values, step)

    def pictures(self, grid: np.ndarray, step: int) -> None:
        """Show them where there is a place for them."""
        for sink in self._sinks():
            sink.pictures(grid, step)

    def news(self, item: News, step: int) -> None:
        """Tell them where there is a place for them."""
        for sink in self._sinks():
            sink.news(item, step)

    def flush(self) -> None:
        """Write what is held back."""
        for sink in self._sinks():
            sink.flush()

    def _sinks(self) -> Iterator[Sink]:
        if not getattr(self.accelerator, "is_main_process", True):
            return
        if not self.accelerator.trackers:
            raise ValueError(
                "an Accelerator with trackers is needed, got one that has none: call its init_trackers before training."
            )
        for tracker in self.accelerator.trackers:
            if id(tracker) not in self._known:
                self._known[id(tracker)] = native(getattr(tracker, "tracker", None)) or Numbers(tracker.log)
            yield self._known[id(tracker)]
