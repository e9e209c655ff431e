"""How does trackio take a look? Nearly as W&B, but its rows may come in any order."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from collapse_metrics.monitor.sinks.parcel import SAMPLES, News, without_step


class Trackio:
    """Numbers, pictures and alerts of trackio: the module or a run."""

    def __init__(self, run: Any) -> None:
        self.run = run

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """A row of its own at the training's step."""
        self.run.log(without_step(values), step=step)

    def pictures(self, grid: np.ndarray, step: int) -> None:
        """The grid as a picture; trackio takes colours only."""
        import trackio

        colours = np.repeat(grid[..., None], 3, axis=2) if grid.ndim == 2 else grid
        self.run.log({SAMPLES: trackio.Image(colours)}, step=step)

    def news(self, item: News, step: int) -> None:
        """An alert in trackio's own words."""
        import trackio

        self.run.alert(title=item.title, text=item.text, level=trackio.AlertLevel(str(item.level)))

    def flush(self) -> None:
        """Nothing can be asked of trackio: it sends by itself."""
