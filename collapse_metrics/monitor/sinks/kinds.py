"""Which logger is this? An object is known by what it can do, so that no logger need be installed, or imported."""

from collections.abc import Callable, Mapping
from typing import Any, Protocol

import numpy as np

from collapse_metrics.monitor.sinks import aim, mlflow, tensorboard, trackio, wandb
from collapse_metrics.monitor.sinks.parcel import News


class Sink(Protocol):
    """What every adapter does with a look."""

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """Take the numbers."""

    def pictures(self, grid: np.ndarray, step: int) -> None:
        """Take a grid of pictures, ``uint8``."""

    def news(self, item: News, step: int) -> None:
        """Take an alarm, or a change of the verdict."""

    def flush(self) -> None:
        """Write what is held back."""


def can(thing: Any, *methods: str) -> bool:
    """Whether an object has all these methods."""
    return all(callable(getattr(thing, method, None)) for method in methods)


def native(thing: Any) -> Sink | None:
    """The adapter for a logger that is no wrapper of another one; ``None`` where it is not known."""
    known: list[tuple[tuple[str, ...], Callable[[Any], Sink]]] = [
        (("add_scalar", "add_image"), tensorboard.TensorBoard),
        (("log", "define_metric"), wandb.WandB),
        (("track",), aim.Aim),
        (("log_metrics", "log_text", "log_artifact"), mlflow.MLflow),
        (("log", "alert"), trackio.Trackio),
    ]
    return next((adapter(thing) for methods, adapter in known if can(thing, *methods)), None)
