"""Garbage collection, set for a server."""

import gc
from typing import Final

_THRESHOLDS: Final = (5_000, 10, 2)
"""Python's own (700, 10, 10) has a burst of calls collected every few milliseconds, though nearly all that a call makes
is freed by its reference counts. The oldest are looked at more often than by default: streams that were open for long
leave cycles when they are cancelled, 50 kB each."""


def settle_garbage_collection() -> None:
    """Exclude every object that exists now from later collections, and collect less often.

    The modules and their classes live as long as the process, and take 30 ms to look at, in which no call makes
    progress.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
