"""When is the next look due? Every so many steps, or within a share of the time."""

import time
from collections.abc import Callable
from dataclasses import dataclass, field

FIRST_GUESS = 0.3
"""Seconds that a look is thought to take where none could be tried: some tenths, as for 512 digits on one core. The
first look waits until that would be within the share, and what it took beyond is waited for afterwards."""

GLANCES = 0.25
"""Part of the share that goes to glances, which play the alarms on fresh samples and measure nothing else: cheap
measures often, dear ones seldom. A convention: most of the time is for what is judged."""


@dataclass
class Account:
    """One kind of look, and the share of the time that it may take."""

    share: float
    spent: float = 0.0
    looks: int = 0
    next_at: float = 0.0

    def opens(self, started: float, guess: float) -> None:
        """The first look may come when a usual one would be within the share."""
        self.next_at = started + guess / self.share

    def pay(self, seconds: float, started: float) -> None:
        """Book a look, and wait until another one like it would be within the share too."""
        self.spent += seconds
        self.looks += 1
        self.next_at = started + (self.spent + seconds) / self.share


@dataclass
class Pace:
    """Decides which steps are looked at.

    Args:
        every: Look at every step that this divides.
        overhead: Instead: look so often that all looks together stay below this share of the time.
        clock: Source of seconds; another one in tests.
    """

    every: int = 200
    overhead: float | None = None
    clock: Callable[[], float] = time.perf_counter
    started: float = field(default=-1.0)
    guess: float = FIRST_GUESS

    def __post_init__(self) -> None:
        if self.every < 1:
            raise ValueError(f"`every` counts steps between looks and must be at least 1, got {self.every}.")
        if self.overhead is not None and not 0 < self.overhead < 1:
            raise ValueError(f"`overhead` is a share of the time between 0 and 1, got {self.overhead}.")
        share = self.overhead or 1.0
        self.looks, self.glances = Account((1 - GLANCES) * share), Account(GLANCES * share)

    def expect(self, look: Callable[[], object]) -> None:
        """Try what a look takes, before the first step: twice, because the first one also measures the reference."""
        for _ in range(2):
            began = self.clock()
            look()
            self.guess = self.clock() - began

    def due(self, step: int) -> bool:
        """Whether this step is to be looked at."""
        if self.overhead is None:
            if self.started < 0:
                self._start()
            return step % self.every == 0
        if self.started < 0:
            self._start()
        return self.clock() >= self.looks.next_at

    def glance_due(self) -> bool:
        """Whether the alarms are to be played here, between two looks; only where the time is shared out."""
        return self.overhead is not None and self.clock() >= self.glances.next_at

    def pay(self, seconds: float, *, glance: bool = False) -> None:
        """Book what a look has cost."""
        if self.started < 0:
            self._start()
        (self.glances if glance else self.looks).pay(seconds, self.started)

    @property
    def spent(self) -> float:
        """Seconds of all looks so far."""
        return self.looks.spent + self.glances.spent

    @property
    def share(self) -> float:
        """Share of the time since the first step that looking took."""
        passed = self.clock() - self.started if self.started >= 0 else 0.0
        return self.spent / passed if passed > 0 else 0.0

    def _start(self) -> None:
        self.started = self.clock()
        for account in (self.looks, self.glances):
            account.opens(self.started, self.guess)
