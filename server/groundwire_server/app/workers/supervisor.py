"""Keeping workers running: starting, restarting, replacing and draining them."""

import asyncio
import logging
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, Protocol

from groundwire_server.app.configuration.load import Loaded
from groundwire_server.app.workers.process import WorkerFailedError, ending
from groundwire_server.edge.options import DrainOptions

MOST_FAILURES: Final = 5
"""How many times in a row a worker may fail to start, before the server ends."""

START_SECONDS: Final = 300.0
"""How long a worker may take to serve: the first start may load models."""

FIRST_PAUSE_SECONDS: Final = 0.1
LONGEST_PAUSE_SECONDS: Final = 30.0
STABLE_SECONDS: Final = 60.0
"""A worker that has served for this long may be restarted as if for the first time."""

LAST_SECONDS: Final = 6.0
"""What a worker has after the grace, for last statuses, telemetry and closing files, before it is killed."""

_log = logging.getLogger(__name__)


class Worker(Protocol):
    """A worker that was started; see `WorkerProcess`."""

    @property
    def pid(self) -> int:
        """The process's number in the system."""
        ...

    async def serving(self) -> None:
        """Wait until it serves, or raise WorkerFailedError."""
        ...

    async def ended(self) -> int:
        """Wait for its end, and return how it ended."""
        ...

    def retire(self) -> None:
        """Have it finish its calls, since another serves in its place."""
        ...

    def stop(self) -> None:
        """Have it drain."""
        ...

    def kill(self) -> None:
        """End it at once."""
        ...


StartWorker = Callable[[int, Loaded], Awaitable[Worker]]
"""Starts the worker of a number, with a configuration."""


@dataclass(slots=True, eq=False)
class _Place:
    """The place of one worker, in which one follows the other.

    Attributes:
        number: of its workers.
        worker: the one that serves.
        since: when it began to serve, on the loop's clock.
        pauses: how many times in a row it was restarted.
        changing: held while the worker is replaced.
    """

    number: int
    worker: Worker
    since: float
    pauses: int = 0
    changing: asyncio.Lock = field(default_factory=asyncio.Lock)


class Supervisor:
    """The workers of one server.

    Args:
        start: starts a worker.
        loaded: the configuration to begin with.
        jitter: returns a number from 0 to 1, so that workers that end together do not come back together.
    """

    def __init__(self, start: StartWorker, loaded: Loaded, jitter: Callable[[], float]) -> None:
        self._start = start
        self._loaded = loaded
        self._jitter = jitter
        self._places: list[_Place] = []

    @property
    def loaded(self) -> Loaded:
        """The active configuration."""
        return self._loaded

    @property
    def pids(self) -> Sequence[int]:
        """The processes that serve, by the worker's number."""
        return [place.worker.pid for place in self._places]

    async def begin(self) -> None:
        """Start the workers, and wait until all serve.

        The first starts alone: what is wrong is said once, and files are made once.

        Raises:
            WorkerFailedError: when one does not start.
        """
        await self._add(1)
        try:
            async with asyncio.TaskGroup() as starting:
                for number in range(2, self._loaded.configuration.server.workers + 1):
                    starting.create_task(self._add(number))
        except* WorkerFailedError as failed:
            raise failed.exceptions[0] from None
        self._places.sort(key=lambda place: place.number)

    async def keep(self) -> None:
        """Restart workers that end, until this is cancelled.

        Raises:
            WorkerFailedError: when one fails to start again and again.
        """
        try:
            async with asyncio.TaskGroup() as keeping:
                for place in self._places:
                    keeping.create_task(self._keep(place))
        except* WorkerFailedError as failed:
            raise failed.exceptions[0] from None

    async def replace(self, loaded: Loaded) -> bool:
        """Have every worker replaced by one with another configuration, one by one; return whether all were.

        Each new one serves before the old one drains. When the first does not start, nothing has changed.
        """
        for place in self._places:
            async with place.changing:
                try:
                    if place.number == 1:
                        worker = await self._serving(place.number, loaded)
                    else:
                        # The configuration works: a failure is the machine's.
                        worker = await self._persistently(place.number, loaded)
                except WorkerFailedError as failed:
                    _log.error(
                        "a worker cannot serve with the new configuration; it keeps the old one",
                        extra={"worker": place.number, "why": str(failed)},
                    )
                    return False
                before, place.worker = place.worker, worker
                place.since, place.pauses = _now(), 0
                self._loaded = loaded
            before.retire()
            await self._drained([before], loaded.configuration.server.drain.grace_seconds)
        return True

    async def end(self) -> None:
        """Drain all workers at once, within the notice and the grace of the configuration."""
        drain: DrainOptions = self._loaded.configuration.server.drain
        workers = [place.worker for place in self._places]
        for worker in workers:
            worker.stop()
        await self._drained(workers, drain.notice_seconds + drain.grace_seconds)

    async def _add(self, number: int) -> None:
        worker = await self._persistently(number, self._loaded, first=True)
        self._places.append(_Place(number, worker, _now()))

    async def _keep(self, place: _Place) -> None:
        while True:
            worker = place.worker
            code = await worker.ended()
            async with place.changing:
                if place.worker is not worker:
                    # It was replaced.
                    continue
                if _now() - place.since >= STABLE_SECONDS:
                    place.pauses = 0
                place.pauses += 1
                await self._pause(place.number, place.pauses, f"worker {place.number} {ending(code)}")
                place.worker = await self._persistently(place.number, self._loaded)
                place.since = _now()

    async def _persistently(self, number: int, loaded: Loaded, *, first: bool = False) -> Worker:
        """Start a worker, again and again if need be.

        Args:
            number: of the worker.
            loaded: its configuration.
            first: whether the server is starting; an error that the worker has explained then ends it at once.
        """
        failures = 0
        while True:
            try:
                return await self._serving(number, loaded)
            except WorkerFailedError as failed:
                failures += 1
                if failures == MOST_FAILURES or (first and failed.explained):
                    raise
                await self._pause(number, failures, str(failed))

    async def _serving(self, number: int, loaded: Loaded) -> Worker:
        """Start a worker, and wait until it serves."""
        worker = await self._start(number, loaded)
        try:
            async with asyncio.timeout(START_SECONDS):
                await worker.serving()
        except TimeoutError:
            worker.kill()
            late = f"worker {number} does not serve after {START_SECONDS:g} seconds"
            raise WorkerFailedError(late, explained=False) from None
        except BaseException:
            worker.kill()
            raise
        _log.info("a worker serves", extra={"worker": number, "pid": worker.pid})
        return worker

    async def _pause(self, number: int, times: int, why: str) -> None:
        """Wait before a restart: longer each time, and each worker by itself."""
        longest = min(LONGEST_PAUSE_SECONDS, FIRST_PAUSE_SECONDS * 2 ** (times - 1))
        seconds = longest * (0.5 + self._jitter() / 2)
        _log.error(
            "a worker has ended; it is restarted", extra={"worker": number, "why": why, "seconds": round(seconds, 2)}
        )
        await asyncio.sleep(seconds)

    async def _drained(self, workers: Sequence[Worker], seconds: float) -> None:
        """Wait until workers have ended; kill those that have not by then."""
        ends = {asyncio.ensure_future(worker.ended()): worker for worker in workers}
        if not ends:
            return
        _, late = await asyncio.wait(ends, timeout=seconds + LAST_SECONDS)
        for end in late:
            _log.error("a worker did not end within the grace; it is killed", extra={"pid": ends[end].pid})
            ends[end].kill()
        await asyncio.gather(*ends)


def _now() -> float:
    return asyncio.get_running_loop().time()
