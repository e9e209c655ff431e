"""How does MLflow take a look? As metrics, artifacts and texts of the active run."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from collapse_metrics.monitor.sinks.parcel import NEWS, SAMPLES, News, without_step


class MLflow:
    """Metrics, pictures and texts of MLflow: the module ``mlflow`` itself is the logger."""

    def __init__(self, module: Any) -> None:
        self.module = module

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """All numbers in one call."""
        self.module.log_metrics(without_step(values), step=step)

    def pictures(self, grid: np.ndarray, step: int) -> None:
        """The grid as an artifact of its step."""
        if callable(getattr(self.module, "log_image", None)):
            self.module.log_image(grid, f"{SAMPLES}/step_{step:08d}.png")

    def news(self, item: News, step: int) -> None:
        """A text artifact: MLflow calls nobody."""
        kind = item.title.rpartition(": ")[2].replace(" ", "_")
        self.module.log_text(f"{item.level}: {item.text}\n", f"{NEWS}/step_{step:08d}_{kind}.txt")

    def flush(self) -> None:
        """Nothing is held back: every call of MLflow writes."""
