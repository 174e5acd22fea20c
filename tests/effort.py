"""How much work a thing is, whatever the machine and whatever else it is doing: a ratio of processor time, never seconds of a clock."""

from __future__ import annotations

import time
from collections.abc import Callable


def _seconds(function: Callable[[], object]) -> float:
    begun = time.process_time()
    function()
    return time.process_time() - begun


def _count() -> None:
    n = 0
    while n < 1_000_000:
        n += 1


def effort(function: Callable[[], object]) -> float:
    """Processor time of `function`, in units of what Python takes to count to a million right before (some 0.04 s)."""
    unit = min(_seconds(_count) for _ in range(3))
    return _seconds(function) / unit
