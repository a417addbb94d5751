"""Wake-ups of all processes that are connected to one broker."""

import asyncio
import logging
from collections.abc import AsyncIterator, Collection
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Final, Protocol, Self

from groundwire_server.adapters.wakeups.memory import MemorySubscription, MemoryWakeups
from groundwire_server.domain.failure import Fault, GroundwireError
from groundwire_server.ports.clock import Clock

_PENDING_MOST: Final = 1024
"""Topics that wait to be sent; of more, the oldest are dropped: those that wait look for themselves in time."""

_FLUSH_SECONDS: Final = 0.25
"""How long the end of a process waits for its last wake-ups to be sent."""

_log = logging.getLogger(__name__)


class BrokerError(GroundwireError):
    """The broker cannot be reached, or does not take or bring wake-ups.

    Attributes:
        fault: what is wrong with it.
    """

    def __init__(self, fault: Fault) -> None:
        super().__init__(str(fault))
        self.fault = fault


class Link(Protocol):
    """A connection to a broker. Each method raises BrokerError once the connection is of no more use."""

    async def send(self, topics: Collection[str]) -> None:
        """Wake the other processes for these topics, in bounded time."""
        ...

    async def receive(self) -> Collection[str] | None:
        """Wait until something comes, or for a bounded time; return for which topics, None where some were missed."""
        ...


class Broker(Protocol):
    """What wake-ups are carried by.

    Attributes:
        name: what it is called in reports.
    """

    name: str

    def connected(self) -> AbstractAsyncContextManager[Link]:
        """Return a connection that was tried in both directions, in bounded time.

        Raises:
            BrokerError: when there is none.
        """
        ...


class BrokerWakeups:
    """Wake-ups of this process at once, and of others through a broker, behind the caller.

    Nothing waits for the broker. When it is away or does not take wake-ups, that is reported once, and it is asked
    again until it is back. Then everything in this process is woken once: a wake-up may have been missed.

    Args:
        broker: carries the wake-ups.
        clock: measures for how long the broker was away.
        again_seconds: how long a broker that failed is left alone.

    Attributes:
        carried: set while the broker carries wake-ups.
    """

    def __init__(self, broker: Broker, clock: Clock, again_seconds: float = 1.0) -> None:
        self._broker = broker
        self._again_seconds = again_seconds
        self._clock = clock
        self._here = MemoryWakeups()
        self._pending: dict[str, None] = {}
        self._some = asyncio.Event()
        self._none = asyncio.Event()
        self._none.set()
        self._failing_since: float | None = None
        self._ending = False
        self.carried = asyncio.Event()

    @asynccontextmanager
    async def serving(self) -> AsyncIterator[Self]:
        """Carry wake-ups until the context is left."""
        carrying = asyncio.create_task(self._carry())
        try:
            yield self
        finally:
            if self.carried.is_set():
                await self._flush()
            self._ending = True
            carrying.cancel()
            await asyncio.wait([carrying])

    async def notify(self, topic: str) -> None:
        """Wake those that wait for a topic; other processes soon after."""
        self._here.wake(topic)
        self._pending[topic] = None
        while len(self._pending) > _PENDING_MOST:
            del self._pending[next(iter(self._pending))]
        self._some.set()
        self._none.clear()

    def subscribed(self, topic: str) -> AbstractAsyncContextManager[MemorySubscription]:
        """Return a subscription to a topic, for as long as it is entered."""
        return self._here.subscribed(topic)

    async def _flush(self) -> None:
        try:
            async with asyncio.timeout(_FLUSH_SECONDS):
                await self._none.wait()
        except TimeoutError:
            _log.info("the last wake-ups were not sent in time: others look for themselves", extra=self._about)

    async def _carry(self) -> None:
        # Not for ever: a group drops its cancellation when one of its tasks fails of it, as a broken connection does.
        while not self._ending:
            try:
                async with self._broker.connected() as link, asyncio.TaskGroup() as group:
                    self._works()
                    group.create_task(self._send(link))
                    group.create_task(self._receive(link))
            except* BrokerError as failed:
                self._failed(failed)
            if not self._ending:
                await asyncio.sleep(self._again_seconds)

    async def _send(self, link: Link) -> None:
        while not self._cancelled():
            await self._some.wait()
            topics, self._pending = self._pending, {}
            self._some.clear()
            try:
                await link.send(topics)
            except BrokerError:
                self._pending = topics | self._pending
                self._some.set()
                raise
            if not self._pending:
                self._none.set()

    async def _receive(self, link: Link) -> None:
        while not self._cancelled():
            topics = await link.receive()
            if topics is None:
                self._here.wake_all()
            for topic in topics or ():
                self._here.wake(topic)

    def _cancelled(self) -> bool:
        """Return whether this task is to end: a client may lose a cancellation that comes with a reply."""
        task = asyncio.current_task()
        return self._ending or (task is not None and task.cancelling() > 0)

    def _works(self) -> None:
        since, self._failing_since = self._failing_since, None
        if since is not None:
            seconds = round(self._clock.now() - since, 1)
            _log.info("wake-ups are carried again", extra={**self._about, "after_seconds": seconds})
        self._here.wake_all()
        self.carried.set()

    def _failed(self, failed: BaseExceptionGroup[BrokerError]) -> None:
        self.carried.clear()
        if self._ending or self._failing_since is not None:
            return
        self._failing_since = self._clock.now()
        faults = sorted({str(each.fault) for each in _leaves(failed)})
        _log.warning(
            "wake-ups are not carried to other processes: queued answers are taken up later",
            extra={**self._about, "why": "; ".join(faults)},
        )

    @property
    def _about(self) -> dict[str, object]:
        return {"broker": self._broker.name}


def _leaves(group: BaseExceptionGroup[BrokerError]) -> list[BrokerError]:
    found: list[BrokerError] = []
    for each in group.exceptions:
        found += _leaves(each) if isinstance(each, BaseExceptionGroup) else [each]
    return found
