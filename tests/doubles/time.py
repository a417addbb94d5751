"""An event loop whose time passes only while nothing can run: timeouts fire exactly, and at once."""

import asyncio
import selectors
from collections.abc import Sequence
from datetime import UTC, datetime


class VirtualTimeLoop(asyncio.SelectorEventLoop):
    """Time begins at 1000 s and jumps to the next timer when every task waits."""

    def __init__(self) -> None:
        self._virtual = 1000.0
        super().__init__(_JumpingSelector(self))

    def time(self) -> float:
        return self._virtual

    def advance(self, seconds: float) -> None:
        self._virtual += seconds


class _JumpingSelector(selectors.DefaultSelector):
    """Does not wait for a timer: it lets the time pass instead."""

    def __init__(self, loop: VirtualTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Sequence[tuple[selectors.SelectorKey, int]]:  # type: ignore[override]
        ready = super().select(0)
        if ready or timeout == 0:
            return ready
        if timeout is None:
            # Nothing is scheduled: only another thread can wake the loop.
            return super().select(None)
        self._loop.advance(timeout)
        return ready


class LoopTime:
    """The Clock of a virtual loop."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def today(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)
