"""Following the runs of other processes: each is read once, however many callers of this process follow it."""

import asyncio
import logging
from collections.abc import AsyncGenerator, Callable, Iterable, Mapping
from contextlib import suppress
from typing import TYPE_CHECKING, Any, Final, TypeAlias

from redis.exceptions import RedisError

from groundwire_server.adapters.run_log.events import RunEvents
from groundwire_server.adapters.run_log.redis.records import END, EVENT, RunNames, followed, unpacked_end
from groundwire_server.domain.event import NumberedEvent
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.inquiry import RunKey
from groundwire_server.domain.vocabulary import Reason

if TYPE_CHECKING:
    from redis.asyncio import Redis

FOLLOWED_SECONDS: Final = 3.0
"""How long a process counts as a follower after it has last said so."""

_LOOK_SECONDS: Final = 1.0
_BLOCK_MILLISECONDS: Final = 100
"""How long a read waits for events; runs that are followed meanwhile are read with the next."""
_READ: Final = 500
_RETRY_AFTER: Final = 1.0

_Entries: TypeAlias = "Iterable[tuple[bytes, Mapping[bytes, bytes]]]"

_log = logging.getLogger(__name__)


def unreachable(key: RunKey) -> Rejection:
    """Return what callers meet where a run cannot be followed any more."""
    return Rejection(Reason.RUN_UNREACHABLE, metadata={"request_id": key.request_id}, retry_after=_RETRY_AFTER)


class _Mirror:
    """What this process has read of a run.

    Attributes:
        stream: the key of its events in Redis.
        events: those that were read.
        followers: how many calls of this process follow it.
        last: the id of the last entry that was read.
    """

    def __init__(self, key: RunKey, stream: str, decode: Callable[[bytes], NumberedEvent]) -> None:
        self.stream = stream
        self.events = RunEvents()
        self.followers = 0
        self.last = b"0-0"
        self._key = key
        self._decode = decode

    def take(self, entries: _Entries) -> None:
        """Add entries of the stream."""
        for entry, fields in entries:
            if self.events.closed:
                return
            self.last = entry
            try:
                if EVENT in fields:
                    self.events.add(self._decode(fields[EVENT]))
                elif END in fields:
                    self.events.close(unpacked_end(fields[END]))
            except (ValueError, KeyError, TypeError):
                _log.error("an answer in flight was written by another version: it cannot be followed")
                self.lose()

    def lose(self) -> None:
        """End it: it cannot be followed any more."""
        if not self.events.closed:
            self.events.close(unreachable(self._key))


class RunReader:
    """The runs of other processes that callers of this one follow.

    Args:
        client: of Redis.
        decode: an event from bytes.
    """

    def __init__(self, client: "Redis", decode: Callable[[bytes], NumberedEvent]) -> None:
        self._client = client
        self._decode = decode
        self._mirrors: dict[str, _Mirror] = {}
        self._reading: asyncio.Task[None] | None = None

    async def follow(
        self, key: RunKey, names: RunNames, after: int, window: float
    ) -> AsyncGenerator[NumberedEvent, None] | None:
        """Return the events of a run after a number; None where there is no run with that event.

        Raises:
            Rejection: RUN_UNREACHABLE when Redis cannot be reached.
        """
        try:
            writer: Any = await self._client.hget(names.run, "writer")
            if writer is None:
                return None
            mirror = await self._mirror(key, names.events(writer.decode()))
        except RedisError as failed:
            _report(failed)
            raise unreachable(key) from None
        return None if mirror is None or after > len(mirror.events) else self._events(mirror, after, window)

    async def close(self) -> None:
        """End the reading."""
        if self._reading is not None:
            self._reading.cancel()
            await asyncio.wait([self._reading])

    async def _mirror(self, key: RunKey, stream: str) -> _Mirror | None:
        if stream in self._mirrors:
            return self._mirrors[stream]
        async with self._client.pipeline(transaction=False) as opened:
            pipe: Any = opened
            pipe.xrange(stream)
            pipe.set(followed(stream), b"", px=round(FOLLOWED_SECONDS * 1000))
            entries, _ = await pipe.execute()
        if not entries:
            return None
        # Another call may have begun to follow it meanwhile.
        mirror = self._mirrors.get(stream)
        if mirror is None:
            mirror = _Mirror(key, stream, self._decode)
            mirror.take(entries)
        return mirror

    async def _events(self, mirror: _Mirror, after: int, window: float) -> AsyncGenerator[NumberedEvent, None]:
        mirror = self._mirrors.setdefault(mirror.stream, mirror)
        mirror.followers += 1
        if self._reading is None or self._reading.done():
            self._reading = asyncio.create_task(self._read())
        try:
            async for event in mirror.events.follow(after):
                yield event
        finally:
            mirror.followers -= 1
            if not mirror.followers:
                del self._mirrors[mirror.stream]
                await self._leave(mirror, window)

    async def _leave(self, mirror: _Mirror, window: float) -> None:
        """Say that nobody here follows a run any more, or that somebody may come back within the window."""
        if mirror.events.closed:
            return
        name = followed(mirror.stream)
        # The writer looks for itself, and the key lapses.
        with suppress(RedisError):
            await (self._client.set(name, b"", px=round(window * 1000)) if window else self._client.delete(name))

    async def _read(self) -> None:
        """Read what is new in every run that is followed, until none is."""
        loop = asyncio.get_running_loop()
        looked = loop.time()
        try:
            while following := [each for each in self._mirrors.values() if not each.events.closed]:
                streams: dict[Any, Any] = {each.stream: each.last for each in following}
                found: Any = await self._client.xread(streams, count=_READ, block=_BLOCK_MILLISECONDS)
                for stream, entries in found:
                    if (mirror := self._mirrors.get(stream.decode())) is not None:
                        mirror.take(entries)
                if loop.time() - looked >= _LOOK_SECONDS:
                    looked = loop.time()
                    await self._look(following)
        except RedisError as failed:
            _report(failed)
        finally:
            # Whatever ended the reading: nobody waits for events that nobody reads.
            for mirror in self._mirrors.values():
                mirror.lose()

    async def _look(self, following: list[_Mirror]) -> None:
        """Lose the runs whose leases have lapsed, and say that the others are followed."""
        async with self._client.pipeline(transaction=False) as opened:
            pipe: Any = opened
            for mirror in following:
                pipe.exists(mirror.stream)
                pipe.set(followed(mirror.stream), b"", px=round(FOLLOWED_SECONDS * 1000))
            there = (await pipe.execute())[::2]
        for mirror, exists in zip(following, there, strict=True):
            if not exists:
                mirror.lose()


def _report(failed: RedisError) -> None:
    _log.warning("Redis failed: answers of other processes cannot be followed", extra={"error": type(failed).__name__})
