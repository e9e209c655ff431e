"""When is the next look due? Every so many steps, or within a share of the time."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field


@dataclass
class Pace:
    """Decides which steps are checked.

    Args:
        every: Look at every step that this divides.
        overhead: Instead: look as soon as all looks together have cost less than this share of the time.
        clock: Source of seconds; another one in tests.
    """

    every: int = 200
    overhead: float | None = None
    clock: Callable[[], float] = time.perf_counter
    spent: float = 0.0
    started: float = field(default=-1.0)

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError(f"`every` counts steps between looks and must be at least 1, got {self.every}.")
        if self.overhead is not None and not 0 < self.overhead < 1:
            raise ValueError(f"`overhead` is a share of the time between 0 and 1, got {self.overhead}.")

    def due(self, step: int) -> bool:
        """Whether this step is to be looked at."""
        if self.started < 0:
            self.started = self.clock()
        if self.overhead is None:
            return step % self.every == 0
        return self.spent <= self.overhead * (self.clock() - self.started)

    def pay(self, seconds: float) -> None:
        """Book what a look has cost."""
        self.spent += seconds
