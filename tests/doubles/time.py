"""Event loops whose time does not depend on how busy the machine is: timeouts fire exactly, and at once."""

import asyncio
import selectors
import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from contextlib import contextmanager
from datetime import UTC, datetime
from math import ceil
from pathlib import Path
from typing import Any
from unittest.mock import patch

from groundwire_server.app.clock import SystemClock
from groundwire_server.domain.fairness.loop_lag import LoopLag

_TURN = 0.0001
"""Seconds that a turn of a loop over sockets takes, so that a stream that never pauses meets its deadline too."""

_ON_ITS_WAY = 0.002
"""Real seconds within which what was written to a loopback connection is there to be read."""

_LOOK = 0.001
"""Real seconds of one look at what has happened."""

_LOOKS = 10
"""Looks in a row that find nothing to do before time jumps."""

_THREADS = Path("/proc/self/task")
"""Where Linux tells what each thread of this process does."""

_STUCK = 30.0
"""Real seconds after which nothing is on its way any more."""


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
        if self._loop.jobs:
            return super().select(timeout)
        if timeout is None:
            # No timer will fire: but for bytes that are on their way, this is where a test would hang.
            if ready := super().select(_STUCK):
                return ready
            raise RuntimeError("every task waits for what cannot happen")
        ready = super().select(min(timeout, _ON_ITS_WAY))
        if not ready:
            self._loop.advance(timeout)
        return ready


class ServerTimeLoop(asyncio.SelectorEventLoop):
    """The world's time, until waiting is skipped: beside gRPC, whose threads work unseen, time jumps with patience."""

    def __init__(self) -> None:
        self._ahead = 0.0
        self._standing: float | None = None
        super().__init__(_PatientSelector(self))

    def time(self) -> float:
        return super().time() + self._ahead if self._standing is None else self._standing

    @property
    def skips_waiting(self) -> bool:
        return self._standing is not None

    @contextmanager
    def skipping_waiting(self) -> Iterator[None]:
        """Let time pass in turns of the loop, as beside sockets, and in jumps while nothing happens."""
        self._standing = self.time()
        try:
            yield
        finally:
            self._ahead = self._standing - super().time()
            self._standing = None

    def advance(self, seconds: float) -> None:
        assert self._standing is not None
        self._standing += seconds


@contextmanager
def system_clock_of_the_loop() -> Iterator[None]:
    """Have every SystemClock go by the running loop, in whatever thread it is read."""
    loop = asyncio.get_running_loop()
    with patch.object(SystemClock, "now", lambda clock: loop.time()):
        yield


@contextmanager
def waiting_skipped() -> Iterator[None]:
    """Skip waiting on a ServerTimeLoop; the time of any other loop is the world's.

    A jump while a call waits for its turn is no lag: it would shorten what that call and the next ones have.
    """
    loop = asyncio.get_running_loop()
    if not isinstance(loop, ServerTimeLoop):
        yield
        return
    with loop.skipping_waiting(), patch.object(LoopLag, "worst", lambda lag, now: 0.0):
        yield


class _PatientSelector(selectors.DefaultSelector):
    """Lets time jump after looks in a row that find nothing to do on the loop, and no other thread at work.

    It counts looks, not seconds: on a busy machine each takes longer, as does what is on its way.
    """

    def __init__(self, loop: ServerTimeLoop) -> None:
        super().__init__()
        self._loop = loop

    def select(self, timeout: float | None = None) -> Sequence[tuple[selectors.SelectorKey, int]]:  # type: ignore[override]
        if not self._loop.skips_waiting:
            return super().select(timeout)
        self._loop.advance(_TURN)
        if timeout is None:
            return super().select(None)
        looks = 0
        while looks < min(ceil(timeout / _LOOK), _LOOKS):
            if ready := super().select(min(timeout, _LOOK)):
                return ready
            looks = 0 if _another_thread_works() else looks + 1
        self._loop.advance(timeout)
        return super().select(0)


def _another_thread_works() -> bool:
    """Return whether a thread besides this one runs or could: a store's search, or gRPC with a message in its hands."""
    own = threading.get_native_id()
    return any(_state(thread) in {"R", "D"} for thread in _THREADS.glob("*") if thread.name != str(own))


def _state(thread: Path) -> str:
    """Return the letter of a thread's state; S for one that has just ended."""
    try:
        return (thread / "stat").read_text().rpartition(") ")[2][0]
    except (FileNotFoundError, ProcessLookupError):
        return "S"


class LoopTime:
    """The Clock of a virtual loop."""

    def now(self) -> float:
        return asyncio.get_running_loop().time()

    def today(self) -> datetime:
        return datetime(2026, 1, 1, tzinfo=UTC)
