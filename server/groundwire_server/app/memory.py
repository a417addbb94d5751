"""Garbage collection, set for a server."""

import gc
from typing import Final

_THRESHOLDS: Final = (10_000, 20, 20)
"""Python's own (700, 10, 10) has a burst of calls collected every few milliseconds, though nearly all that a call makes
is freed by its reference counts. These cost about 2 MB."""


def settle_garbage_collection() -> None:
    """Exclude every object that exists now from later collections, and collect less often.

    The modules and their classes live as long as the process, and take 30 ms to look at, in which no call makes
    progress.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
