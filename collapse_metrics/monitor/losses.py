"""Which losses were noted since the last line of the history?"""

import math
from typing import Any

from torch import Tensor


class Noted:
    """Losses by name, each number with its step, until they are written."""

    def __init__(self) -> None:
        self._pending: dict[str, list[tuple[int, float | None]]] = {}

    def add(self, name: str, value: Any, *, step: int) -> None:
        """Note one number; tensors are read.

        Raises:
            TypeError, ValueError, RuntimeError: If it is none.
        """
        number = float(value.detach()) if isinstance(value, Tensor) else float(value)
        # JSON has no NaN; a missing number stands for it.
        self._pending.setdefault(name, []).append((step, number if math.isfinite(number) else None))

    def taken(self) -> dict[str, list[tuple[int, float | None]]]:
        """All of them; none is left."""
        values, self._pending = self._pending, {}
        return values
