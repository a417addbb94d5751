"""Wake-ups through a stream in Redis."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Collection
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Any, Final, TypeVar

from redis.exceptions import RedisError

from groundwire_server.adapters.redis.connection import connected
from groundwire_server.adapters.redis.faults import RedisFault, fault_of
from groundwire_server.adapters.redis.options import RedisOptions
from groundwire_server.adapters.wakeups.broker import BrokerError

if TYPE_CHECKING:
    from redis.asyncio import Redis

_LENGTH: Final = 1024
"""Wake-ups that the stream keeps. Processes read them as they come; nobody reads them again."""

_BLOCK_SECONDS: Final = 5.0
"""How long Redis holds a read that finds nothing."""

_BEGINNING: Final = b"0-0"
_TOPICS: Final = b"topics"
_FROM: Final = b"from"

T = TypeVar("T")


class RedisBroker:
    """One stream, which every process reads from the moment at which it connects.

    Args:
        options: of the Redis.
    """

    name = "redis"

    def __init__(self, options: RedisOptions) -> None:
        self._options = options

    @asynccontextmanager
    async def connected(self) -> AsyncIterator["RedisLink"]:
        """Yield a connection of its own: a read that waits would keep others from theirs."""
        seconds = self._options.timeout_seconds
        # A read is held by Redis for longer than any other command may take; those are bounded one by one.
        options = self._options.model_copy(update={"timeout_seconds": _BLOCK_SECONDS + seconds})
        async with connected(options) as client:
            link = RedisLink(client, f"{options.key_prefix}:wakeups", seconds)
            await link.begin()
            yield link


class RedisLink:
    """A connection to the stream.

    Args:
        client: of Redis.
        key: of the stream.
        seconds: how long Redis may take.
    """

    def __init__(self, client: "Redis", key: str, seconds: float) -> None:
        self._client = client
        self._key = key
        self._seconds = seconds
        self._self = secrets.token_hex(8).encode()
        self._read = _BEGINNING

    async def begin(self) -> None:
        """Write to the stream, and read from there on: a Redis that is full takes reads alone."""
        self._read = await self._add(())

    async def send(self, topics: Collection[str]) -> None:
        """Add the topics as one entry."""
        await self._add(topics)

    async def receive(self) -> Collection[str] | None:
        """Wait for wake-ups of other processes."""
        reads: Any = await _translated(self._client.xread({self._key: self._read}, block=round(_BLOCK_SECONDS * 1000)))
        entries = [entry for _, stream in reads or () for entry in stream]
        if not entries:
            return None if await self._lost() else ()
        self._read = entries[-1][0]
        others = [fields.get(_TOPICS, b"") for _, fields in entries if fields.get(_FROM) != self._self]
        return {topic for text in others for topic in text.decode(errors="replace").split("\n") if topic}

    async def _lost(self) -> bool:
        """Return whether the stream was emptied, and go on from its new end: it may number from an earlier clock."""
        last: Any = await self._in_time(self._client.xrevrange(self._key, count=1))
        end = last[0][0] if last else _BEGINNING
        lost = end != self._read
        self._read = end
        return lost

    async def _add(self, topics: Collection[str]) -> bytes:
        entry: Any = {_TOPICS: "\n".join(topics), _FROM: self._self}
        number: Any = await self._in_time(self._client.xadd(self._key, entry, maxlen=_LENGTH, approximate=True))
        return bytes(number)

    async def _in_time(self, sent: Awaitable[T]) -> T:
        try:
            async with asyncio.timeout(self._seconds):
                return await _translated(sent)
        except TimeoutError:
            raise BrokerError(RedisFault.SLOW) from None


async def _translated(sent: Awaitable[T]) -> T:
    try:
        return await sent
    except (RedisError, OSError) as error:
        raise BrokerError(fault_of(error)) from error
