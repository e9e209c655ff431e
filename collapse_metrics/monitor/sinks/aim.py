"""How does Aim take a look? As tracked sequences of a run."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from collapse_metrics.monitor.sinks.parcel import NEWS, SAMPLES, News, without_step

CONTEXT = {"source": "collapse_metrics"}
"""Aim tells sequences of one name apart by their context."""


class Aim:
    """Numbers, pictures and texts of an Aim run."""

    def __init__(self, run: Any) -> None:
        self.run = run

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """One sequence a number."""
        for name, value in without_step(values).items():
            self.run.track(value, name=name, step=step, context=CONTEXT)

    def pictures(self, grid: np.ndarray, step: int) -> None:
        """The grid as a picture."""
        import aim
        from PIL import Image

        self.run.track(aim.Image(Image.fromarray(grid)), name=SAMPLES, step=step, context=CONTEXT)

    def news(self, item: News, step: int) -> None:
        """A text; a run that can warn does so too."""
        import aim

        self.run.track(aim.Text(f"{item.level}: {item.text}"), name=NEWS, step=step, context=CONTEXT)

    def flush(self) -> None:
        """Nothing is held back: Aim writes as it tracks."""
