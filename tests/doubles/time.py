"""Event loops whose time does not depend on how busy the machine is: timeouts fire exactly, and at once."""

import asyncio
import selectors
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from datetime import UTC, datetime
from typing import Any

_TURN = 0.0001
"""Seconds that a turn of a loop over sockets takes, so that a stream that never pauses meets its deadline too."""

_ON_ITS_WAY = 0.002
"""Real seconds within which what was written to a loopback connection is there to be read."""


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


class SocketTimeLoop(VirtualTimeLoop):
    """The same beside sockets: each turn takes 0.1 ms, and bytes on their way and threads are waited for first."""

    def __init__(self) -> None:
        self._virtual = 1000.0
        self.jobs = 0
        asyncio.SelectorEventLoop.__init__(self, _SocketSelector(self))

    def run_in_executor(self, executor: Executor | None, func: Callable[..., Any], *args: Any) -> "asyncio.Future[Any]":  # type: ignore[override]
        """Run a job in a thread; time does not jump before it ends."""
        self.jobs += 1
        future = super().run_in_executor(executor, func, *args)
        future.add_done_callback(self._done)
        return future

    def _done(self, job: object) -> None:
        self.jobs -= 1


class _SocketSelector(selectors.DefaultSelector):
    def __init__(self, loop: SocketTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Sequence[tuple[selectors.SelectorKey, int]]:  # type: ignore[override]
        self._loop.advance(_TURN)
        if timeout is None or self._loop.jobs:
            return super().select(timeout)
        ready = super().select(min(timeout, _ON_ITS_WAY))
        if not ready:
            self._loop.advance(timeout)
        return ready


class LoopTime:
    """The Clock of a virtual loop."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def today(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)
