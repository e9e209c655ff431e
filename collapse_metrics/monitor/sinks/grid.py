"""Which picture shows the samples of a look? The grid that was kept on disk, or a drawing of points in the plane."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

SIDE = 256
"""Pixels of a drawing, each way: loggers show such pictures as thumbnails."""

DOT = 1
"""Pixels around the middle of a dot."""


class Grids:
    """The pictures of one run; the axes of its drawings only ever grow, or a collapse would be zoomed away."""

    def __init__(self) -> None:
        self._low, self._high = np.inf, -np.inf

    def of(self, samples: Mapping[str, Any], folder: Path | None) -> np.ndarray | None:
        """The picture that belongs to what the history notes about the samples.

        Args:
            samples: ``{"png": name}`` of a file in ``folder``, or ``{"points": [[x, y], ...]}``.
            folder: Of the run.

        Returns:
            ``uint8``, height x width or height x width x 3; ``None`` where nothing can be shown.
        """
        if samples.get("png") and folder is not None:
            from PIL import Image

            with Image.open(Path(folder) / samples["png"]) as picture:
                return np.asarray(picture)
        return self._drawn(np.asarray(samples["points"], dtype=float)) if samples.get("points") else None

    def _drawn(self, points: np.ndarray) -> np.ndarray:
        """Black dots on white, x to the right and y upwards, one scale for both."""
        self._low, self._high = min(self._low, points.min()), max(self._high, points.max())
        wide = (self._high - self._low) or 1.0
        places = (DOT + (points - self._low) / wide * (SIDE - 1 - 2 * DOT)).round().astype(int)
        picture = np.full((SIDE, SIDE), 255, dtype=np.uint8)
        for x, y in places:
            row = SIDE - 1 - y
            picture[row - DOT : row + DOT + 1, x - DOT : x + DOT + 1] = 0
        return picture
