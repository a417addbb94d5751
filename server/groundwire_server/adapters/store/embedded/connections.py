"""Threads and connections of one file, whose work ends with the deadline or when its caller leaves.

Tenants take turns at the threads. A thread counts as taken until its caller has the result or has left.

SQLite's calls block, so they run in threads of our own, each with its own connection; one thread does all the writing,
one transaction after the other. A statement past its deadline, or whose caller has left, is interrupted.

SQLite releases the interpreter lock at every row that it steps to, and a busy event loop takes up to 5 ms to return it:
frequent queries fetch one row of JSON instead of many rows.
"""

import asyncio
import sqlite3
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from math import isinf
from pathlib import Path
from typing import Final, TypeVar

from groundwire_server.adapters.resilience.fair_limiter import ConcurrencyOptions, FairLimiter
from groundwire_server.adapters.store.embedded.failures import map_failures
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.failure import Failure
from groundwire_server.domain.requester import NOBODY, Requester
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.metrics import Metrics

T = TypeVar("T")

_STEPS_BETWEEN_CHECKS: Final = 2_000
"""Virtual machine steps of SQLite, about 50 µs of a scan."""

_SECONDS_BETWEEN_ATTEMPTS: Final = 0.005
_FIRST_PATIENCE: Final = 1.0
_QUEUE: Final = 10_000
"""Calls that may wait for a thread: admission bounds their number."""
_MAPPED_BYTES: Final = 256 * 1024 * 1024

_SETTINGS: Final = (
    "PRAGMA journal_mode = WAL",
    # A commit survives the process; the last ones may be lost, whole, when the machine loses power.
    "PRAGMA synchronous = NORMAL",
    f"PRAGMA mmap_size = {_MAPPED_BYTES}",
)


class Job:
    """One piece of work in a thread, which checks here whether to go on."""

    __slots__ = ("_clock", "_deadline", "_stopped")

    def __init__(self, clock: Clock, deadline: Deadline) -> None:
        self._clock = clock
        self._deadline = deadline
        self._stopped = threading.Event()

    def stop(self) -> None:
        """End the work; callable from any thread."""
        self._stopped.set()

    def must_stop(self) -> bool:
        """Return whether the work must end. SQLite calls this while a statement runs."""
        return self._stopped.is_set() or self._clock.now() >= self._deadline.at

    def check(self) -> None:
        """Raise when the work must end.

        Raises:
            Failure: STORE_TIMEOUT.
        """
        if self.must_stop():
            raise Failure(Cause.STORE_TIMEOUT)

    def acquire(self, lock: threading.Lock) -> None:
        """Wait for a lock until the work must end; the caller releases it.

        Raises:
            Failure: STORE_TIMEOUT.
        """
        while not lock.acquire(timeout=_SECONDS_BETWEEN_ATTEMPTS):
            self.check()

    def pause(self) -> None:
        """Wait a moment before another attempt at something that another process holds.

        Raises:
            Failure: STORE_TIMEOUT.
        """
        self.check()
        self._stopped.wait(_SECONDS_BETWEEN_ATTEMPTS)


Work = Callable[[sqlite3.Connection, Job], T]
"""Work in a thread; but for `run_alone`, inside a transaction that its caller begins and ends."""


class Connections:
    """The threads and connections of one file."""

    def __init__(
        self,
        path: Path,
        clock: Clock,
        readers: int,
        weight: Callable[[str], float] = lambda tenant: 1.0,
        recorder: Metrics | None = None,
    ) -> None:
        self._path = path
        self._clock = clock
        self._readers = _Threads(ThreadPoolExecutor(readers, "store-read"), "store reads", readers, weight, recorder)
        self._writer = _Threads(ThreadPoolExecutor(1, "store-write"), "store writes", 1, weight, recorder)
        self._own = threading.local()
        self._watching: sqlite3.Connection | None = None
        self._opened: list[sqlite3.Connection] = []
        self._jobs: set[Job] = set()
        self._closed = False

    async def read(self, work: Work[T], deadline: Deadline, requester: Requester = NOBODY) -> T:
        """Run `work` in one snapshot of the file."""
        return await self._run(self._readers, "BEGIN", work, deadline, requester)

    async def write(self, work: Work[T], deadline: Deadline, requester: Requester = NOBODY) -> T:
        """Run `work` in one transaction: all of it is committed, or nothing."""
        return await self._run(self._writer, "BEGIN IMMEDIATE", work, deadline, requester)

    async def run_alone(self, work: Work[T], deadline: Deadline, requester: Requester = NOBODY) -> T:
        """Run `work` in the thread that writes, outside a transaction: for statements that make their own."""
        return await self._run(self._writer, None, work, deadline, requester)

    def last_change(self, deadline: Deadline) -> int | None:
        """Return a number that is another one once anybody has changed the file; None where it cannot be read.

        It takes microseconds and waits for nobody, so that the event loop's thread calls it.

        Raises:
            Failure: STORE_UNAVAILABLE when the file is closed, or STORE_TIMEOUT.
        """
        if self._closed:
            raise Failure(Cause.STORE_UNAVAILABLE)
        if not deadline.remaining(self._clock.now()):
            raise Failure(Cause.STORE_TIMEOUT)
        try:
            if self._watching is None:
                # It never writes: SQLite tells a connection of the changes of all others alone.
                self._watching = self._connect(patience=0.0)
            (change,) = self._watching.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:
            return None
        return int(change)

    def close(self) -> None:
        """Interrupt running work, wait for the threads, which takes milliseconds, and close the file."""
        self._closed = True
        for job in tuple(self._jobs):
            job.stop()
        self._readers.executor.shutdown()
        self._writer.executor.shutdown()
        for connection in self._opened:
            connection.close()

    async def _run(
        self, threads: "_Threads", begin: str | None, work: Work[T], deadline: Deadline, requester: Requester
    ) -> T:
        if self._closed:
            raise Failure(Cause.STORE_UNAVAILABLE)
        job = Job(self._clock, deadline)
        job.check()
        remaining = deadline.remaining(self._clock.now())
        self._jobs.add(job)
        try:
            async with (
                asyncio.timeout(None if isinf(remaining) else remaining),
                threads.slots.hold(requester, deadline),
            ):
                if self._closed:
                    raise Failure(Cause.STORE_UNAVAILABLE)
                return await asyncio.wrap_future(threads.executor.submit(self._work, job, begin, work))
        except TimeoutError as error:
            raise Failure(Cause.STORE_TIMEOUT) from error
        except Failure as failure:
            if failure.cause is Cause.CAPACITY_EXHAUSTED:
                # A turn that comes too late is a late answer: callers need not know that there are threads.
                raise Failure(Cause.STORE_TIMEOUT, retry_after=failure.retry_after) from failure
            raise
        finally:
            job.stop()  # Returned, late or cancelled: its caller has left.
            self._jobs.discard(job)

    def _work(self, job: Job, begin: str | None, work: Work[T]) -> T:
        job.check()
        with map_failures():
            connection = self._connection()
            connection.set_progress_handler(job.must_stop, _STEPS_BETWEEN_CHECKS)
            try:
                if begin is None:
                    return work(connection, job)
                _begin(connection, begin, job)
                result = work(connection, job)
                job.check()
                connection.execute("COMMIT")
                return result
            finally:
                connection.set_progress_handler(None, 0)  # Nothing may interrupt the rollback.
                if connection.in_transaction:
                    connection.execute("ROLLBACK")

    def _connection(self) -> sqlite3.Connection:
        connection: sqlite3.Connection | None = getattr(self._own, "connection", None)
        if connection is None:
            connection = self._own.connection = self._connect(_FIRST_PATIENCE)
        return connection

    def _connect(self, patience: float) -> sqlite3.Connection:
        # Where several open at once, the first rebuilds the index of the journal and the others wait for it.
        connection = connect(self._path, patience=patience)
        try:
            set_up(connection)
            connection.execute("PRAGMA busy_timeout = 0")
        except sqlite3.Error:
            connection.close()
            raise
        self._opened.append(connection)
        return connection


class _Threads:
    """An executor, and the slots of its threads."""

    def __init__(
        self,
        executor: ThreadPoolExecutor,
        name: str,
        count: int,
        weight: Callable[[str], float],
        recorder: Metrics | None,
    ) -> None:
        options = ConcurrencyOptions(max_concurrent=count, queue_size=_QUEUE)
        self.executor = executor
        self.slots = FairLimiter(options, weight, name, recorder)


def connect(path: Path, *, patience: float = 0.0) -> sqlite3.Connection:
    """Open the file, without implicit transactions.

    Args:
        path: the file.
        patience: seconds that a statement waits for another process; a `Job` waits so that it can be interrupted.
    """
    return sqlite3.connect(path, timeout=patience, isolation_level=None, check_same_thread=False)


def set_up(connection: sqlite3.Connection) -> None:
    """Apply our settings to a connection. The journal mode is kept in the file, which must be one of ours."""
    for setting in _SETTINGS:
        with closing(connection.execute(setting)):
            pass


def _begin(connection: sqlite3.Connection, begin: str, job: Job) -> None:
    while True:
        try:
            connection.execute(begin)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode != sqlite3.SQLITE_BUSY:
                raise
            job.pause()
        else:
            return
