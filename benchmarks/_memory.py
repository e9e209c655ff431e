"""How much memory did a call take? The kernel's own high-water mark, set back just before the call.

A thread that samples the resident memory would miss short peaks, and starves while a library holds the interpreter's
lock; the difference of ``ru_maxrss`` before and after is blind to every peak below that of the imports. Linux keeps
the mark ``VmHWM`` for each process and sets it back to the present size when "5" is written to ``clear_refs``.
"""

import ctypes
import gc
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

STATUS = Path("/proc/self/status")
RESET = Path("/proc/self/clear_refs")

Result = TypeVar("Result")


@dataclass(frozen=True)
class Cost:
    """What one call took."""

    seconds: float
    peak: int | None
    """Bytes above what was resident just before the call, or ``None`` where the system does not tell."""
    whole: int | None
    """Bytes of the whole process at that peak, interpreter, libraries and data included."""


def cost_of(call: Callable[[], Result]) -> tuple[Result, Cost]:
    """Run it once, and say what it returned and what it took."""
    give_back()
    can_reset = reset_peak()
    before = resident_peak()  # after a reset, this is the present size
    began = time.perf_counter()
    result = call()
    seconds = time.perf_counter() - began
    after = resident_peak()
    if not can_reset or before is None or after is None:
        return result, Cost(seconds, None, after)
    return result, Cost(seconds, after - before, after)


def give_back() -> None:
    """Hand freed memory back to the system; else the call would use it again, and seem to need less."""
    gc.collect()
    trim = getattr(ctypes.CDLL(None), "malloc_trim", None)  # glibc has it, others have not
    if trim is not None:
        trim(0)


def reset_peak() -> bool:
    """Set the high-water mark back to the present size; whether the system lets us."""
    try:
        RESET.write_text("5")
    except OSError:
        return False
    return True


def resident_peak() -> int | None:
    """The most that was ever resident since the mark was set back, in bytes."""
    try:
        lines = STATUS.read_text().splitlines()
    except OSError:
        return None
    marks = [int(line.split()[1]) * 1024 for line in lines if line.startswith("VmHWM:")]
    return marks[0] if marks else None
