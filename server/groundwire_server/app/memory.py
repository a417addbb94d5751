"""How Python's collector of cyclic garbage is set for a server."""

import gc
from typing import Final

_THRESHOLDS: Final = (10_000, 20, 20)
"""Python's own (700, 10, 10) has a burst of calls collected every few milliseconds, though nearly all that a call makes
is freed by its reference counts. These cost about 2 MB."""


def settle_garbage_collection() -> None:
    """Leave everything that was made until now out of later collections, and collect less often.

    Modules and their classes stay as long as the process does, and are so many objects that looking at them all takes
    30 ms, in which no call goes on.
    """
    gc.collect()
    gc.freeze()
    gc.set_threshold(*_THRESHOLDS)
