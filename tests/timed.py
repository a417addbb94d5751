"""How long something takes, on a machine that does other things too."""

import time
from collections.abc import Callable


def least_time(work: Callable[[], object], enough: float = 0.0) -> float:
    """Return seconds of this thread's CPU: the least of a few runs, for other work on the machine only adds to it.

    Args:
        work: what is measured.
        enough: seconds; a run that took less is the last.
    """
    best = float("inf")
    for _ in range(3):
        start = time.thread_time()
        work()
        best = min(best, time.thread_time() - start)
        if best < enough:
            break
    return best
