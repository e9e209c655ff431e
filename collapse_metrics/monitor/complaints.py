"""What if the monitor itself fails? One warning and a record; the training goes on."""

import contextlib
import logging
import warnings
from collections.abc import Callable
from typing import Any

logger = logging.getLogger(__name__)


class Complaints:
    """Keeps every error of a monitor away from the loop that it watches.

    Args:
        note: Takes the record of an error, its step, what failed and why; it may fail too.
        strict: Raise them instead.
    """

    def __init__(self, note: Callable[..., None], *, strict: bool) -> None:
        self.note, self.strict = note, strict
        self.warned: set[str] = set()

    def guarded(self, what: str, act: Callable[[], Any], *, step: int) -> Any:
        """What ``act`` returns; ``None`` where it failed."""
        try:
            return act()
        except Exception as error:  # whatever it is, the training must go on
            if self.strict:
                raise
            self.complain(what, error, step=step)
            return None

    def complain(self, what: str, error: Exception, *, step: int) -> None:
        """Note the error, and warn of it the first time."""
        text = f"{type(error).__name__}: {error}"
        with contextlib.suppress(Exception):  # a full disk may be what is complained of
            self.note("error", step=step, what=what, error=text)
        logger.debug("%s failed", what, exc_info=error)
        if text not in self.warned:
            self.warned.add(text)
            warnings.warn(f"collapse_metrics: {what} failed and was left out ({text}). Training goes on.", stacklevel=4)
