"""The RunLog of several processes."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final, NoReturn, Self

from redis.exceptions import RedisError

from groundwire_server.adapters.run_log.memory import MemoryRunLog
from groundwire_server.adapters.run_log.redis.peers import Peers, PeersUnreachableError
from groundwire_server.adapters.run_log.redis.reader import RunReader, unreachable
from groundwire_server.adapters.run_log.redis.records import EventCodec, digest, followed
from groundwire_server.adapters.run_log.redis.writer import RENEW_SECONDS, RunWriter
from groundwire_server.domain.erasure import Forgotten
from groundwire_server.domain.event import NumberedEvent
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.inquiry import RunKey, RunOrigin
from groundwire_server.ports.clock import Clock

if TYPE_CHECKING:
    from redis.asyncio import Redis

_CANCEL: Final = "cancel"
_FORGET: Final = "forget"
"""What processes ask each other to do: with a run's digest, and with a tenant."""

CancelRuns = Callable[[Callable[[RunKey], bool]], Awaitable[bool]]
"""Ends the runs of this process whose keys fit, and returns whether there was one."""

ForgetTexts = Callable[[str], Awaitable[bool]]
"""Forgets the texts of a tenant that this process holds, and returns whether none is left."""


class RedisRunLog:
    """Logs that all processes of a service see.

    The runs of this process are in its memory as well, where its own callers follow them: when Redis is away, an
    answer goes on for them, and those who follow it elsewhere meet RUN_UNREACHABLE. A run belongs to its process by a
    lease: when the process is killed, the run ends for all who follow it within some seconds, and its name is free.

    Args:
        client: of Redis.
        prefix: what every key begins with.
        codec: events as bytes.
        clock: says when a log in memory is forgotten.

    Attributes:
        shared: True.
    """

    shared = True

    def __init__(self, client: "Redis", prefix: str, codec: EventCodec, clock: Clock) -> None:
        self._client = client
        self._prefix = prefix
        self._memory = MemoryRunLog(clock)
        self._writer = RunWriter(client, prefix, codec.encode)
        self._reader = RunReader(client, codec.decode)
        self._peers: Peers | None = None
        self._opening: dict[RunKey, asyncio.Event] = {}

    @asynccontextmanager
    async def serving(self, cancel: CancelRuns, forget: ForgetTexts) -> AsyncIterator[Self]:
        """Renew leases, and do what other processes ask for, until the context is left.

        Args:
            cancel: ends runs of this process.
            forget: forgets the texts of a tenant that this process holds beside the log.
        """

        async def cancelled(run: str) -> bool:
            return await cancel(lambda key: digest(key) == run)

        async def forgotten(tenant: str) -> bool:
            await self._memory.forget(tenant)
            return await forget(tenant)

        self._peers = Peers(self._client, self._prefix, {_CANCEL: cancelled, _FORGET: forgotten})
        tasks = [asyncio.create_task(self._renew()), asyncio.create_task(self._peers.listen())]
        try:
            yield self
        finally:
            for task in tasks:
                task.cancel()
            await asyncio.wait(tasks)
            await self._reader.close()

    async def listening(self) -> None:
        """Wait until other processes can reach the runs of this one."""
        if self._peers is not None:
            await self._peers.listening.wait()

    async def open(self, key: RunKey, origin: RunOrigin) -> RunOrigin | None:
        """Open a run's log; see the port. Without Redis it is open in this process alone."""
        while (opening := self._opening.get(key)) is not None:
            await opening.wait()
        if (await self._memory.follow(key, 0)) is not None:
            return await self._memory.open(key, origin)
        self._opening[key] = asyncio.Event()
        try:
            known = await self._writer.open(key, origin)
            return await self._memory.open(key, origin) if known is None else known
        finally:
            self._opening.pop(key).set()

    async def append(self, key: RunKey, event: NumberedEvent) -> None:
        """Add an event; see the port."""
        await self._memory.append(key, event)
        self._writer.append(key, event)

    async def close(self, key: RunKey, keep: float, ended: Rejection | None = None) -> None:
        """End the log; see the port."""
        await self._memory.close(key, keep, ended)
        await self._writer.close(key, keep, ended)

    async def follow(self, key: RunKey, after: int, window: float = 0.0) -> AsyncGenerator[NumberedEvent, None] | None:
        """Return the events after that number; see the port."""
        here = await self._memory.follow(key, after, window)
        return here or await self._reader.follow(key, self._writer.names(key), after, window)

    async def forget(self, tenant: str) -> Forgotten:
        """Forget a tenant's runs; see the port. Those that go on can be followed in their own process alone."""
        here = await self._memory.forget(tenant)
        try:
            everywhere = await self._writer.forget(tenant)
            complete = self._peers is None or await self._peers.all_do(_FORGET, tenant)
        except (RedisError, PeersUnreachableError):
            return Forgotten(here.count, complete=False)
        return Forgotten(max(here.count, everywhere), complete)

    async def followed_elsewhere(self, key: RunKey) -> bool:
        """Return whether another process follows a run; False where Redis does not say."""
        run = self._writer.written(key)
        if run is None or not run.shared:
            return False
        try:
            return bool(await self._client.exists(followed(run.events)))
        except RedisError:
            return False

    async def cancel_elsewhere(self, key: RunKey) -> bool:
        """End the run of that name in another process; see the port."""
        if self._peers is None:
            return False
        try:
            return await self._peers.any_does(_CANCEL, digest(key))
        except PeersUnreachableError:
            raise unreachable(key) from None

    async def _renew(self) -> NoReturn:
        while True:
            await asyncio.sleep(RENEW_SECONDS)
            await self._writer.renew()
