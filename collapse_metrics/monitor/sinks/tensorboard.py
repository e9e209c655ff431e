"""How does TensorBoard take a look? Through a ``SummaryWriter``, torch's or tensorboardX's."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from collapse_metrics.monitor.sinks.parcel import NEWS, SAMPLES, News, without_step


class TensorBoard:
    """Scalars, pictures and texts of TensorBoard."""

    def __init__(self, writer: Any) -> None:
        self.writer = writer

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """One scalar a number; TensorBoard carries the step itself."""
        for name, value in without_step(values).items():
            self.writer.add_scalar(name, value, step)

    def pictures(self, grid: np.ndarray, step: int) -> None:
        """The grid as one picture, with TensorBoard's slider over the steps."""
        self.writer.add_image(SAMPLES, grid, step, dataformats="HW" if grid.ndim == 2 else "HWC")

    def news(self, item: News, step: int) -> None:
        """A text: TensorBoard calls nobody."""
        self.writer.add_text(NEWS, f"**{item.level}** {item.text}", step)

    def flush(self) -> None:
        """Write the events that wait in memory."""
        self.writer.flush()
