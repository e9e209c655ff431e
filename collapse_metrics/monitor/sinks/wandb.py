"""How does W&B take a look? Beside the user's own rows, never in their way."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from collapse_metrics.monitor.sinks.parcel import PREFIX, SAMPLES, News


class WandB:
    """Numbers, pictures and alerts of a W&B run.

    W&B counts its rows, and drops whatever comes for a row that is closed. So ``step=`` is never passed - the steps of
    a monitor are not the user's - and the curves are drawn over ``collapse/step``. A look waits in the open row and is
    written with it: closing the row would drop what the user still logs for the same step. Only if the user closed
    no row since the look before is that row closed here, because a second look would overwrite the first.
    """

    def __init__(self, run: Any) -> None:
        self.run = run
        self._defined = False
        self._row: int | None = None

    def scalars(self, values: Mapping[str, float], step: int) -> None:
        """The numbers, with the step among them."""
        if not self._defined:
            self.run.define_metric(PREFIX + "step", hidden=True)
            self.run.define_metric(PREFIX + "*", step_metric=PREFIX + "step")
            self._defined = True
        row = getattr(self._run(), "step", None)
        if row is not None and row == self._row:
            self.run.log({}, commit=True)
            row = self._run().step
        self.run.log(dict(values), commit=False)
        self._row = row

    def pictures(self, grid: np.ndarray, step: int) -> None:
        """The grid as a picture of the same row."""
        import wandb

        self.run.log({SAMPLES: wandb.Image(grid)}, commit=False)

    def news(self, item: News, step: int) -> None:
        """An alert, which W&B sends to whom the user named there."""
        self.run.alert(title=item.title, text=item.text, level=item.level.upper())

    def flush(self) -> None:
        """Nothing is held back here: W&B writes the open row when the run ends."""

    def _run(self) -> Any:
        """The run itself where the module ``wandb`` was given."""
        return getattr(self.run, "run", None) or self.run
