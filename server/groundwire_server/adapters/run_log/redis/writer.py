"""Writing the runs of this process to Redis, behind the answers: nothing that is answered waits for it."""

import asyncio
import logging
import secrets
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from redis.exceptions import RedisError

from groundwire_server.adapters.run_log.redis.records import (
    END,
    EVENT,
    OPENED,
    RunNames,
    names_of_tenant,
    packed_end,
)
from groundwire_server.domain.event import NumberedEvent
from groundwire_server.domain.failure import Rejection
from groundwire_server.domain.inquiry import RunKey, RunOrigin

if TYPE_CHECKING:
    from redis.asyncio import Redis

LEASE_SECONDS: Final = 5.0
"""How long a run outlives its process: those who follow it learn of its end by then."""
RENEW_SECONDS: Final = 1.0

MOST_EVENTS: Final = 20_000
MOST_BYTES: Final = 8 * 1024 * 1024
"""What one run may hold in Redis; one that needs more can no longer be followed from another process."""

LINGER_SECONDS: Final = 5.0
"""How long those who follow can read the end of a run that is not kept."""

_BATCH: Final = 500
_SCANNED: Final = 1000
"""Keys that Redis looks at in one step of a search for names."""

_OPEN: Final = f"""
local known = redis.call('HMGET', KEYS[1], 'fingerprint', 'traceparent')
if known[1] then return known end
redis.call('HSET', KEYS[1], 'writer', ARGV[1], 'fingerprint', ARGV[2], 'traceparent', ARGV[3])
redis.call('XADD', KEYS[2], '0-1', '{OPENED.decode()}', '')
redis.call('PEXPIRE', KEYS[1], ARGV[4])
redis.call('PEXPIRE', KEYS[2], ARGV[4])
return false
"""
"""Returns the origin of the run that has the name; nil once it belongs to the one that asks."""

_RENEW: Final = """
if redis.call('HGET', KEYS[1], 'writer') ~= ARGV[1] then return 0 end
redis.call('PEXPIRE', KEYS[1], ARGV[2])
return redis.call('PEXPIRE', KEYS[2], ARGV[2])
"""

_CLOSE: Final = f"""
if redis.call('EXISTS', KEYS[2]) == 0 then return 0 end
redis.call('XADD', KEYS[2], ARGV[2], '{END.decode()}', ARGV[3])
redis.call('PEXPIRE', KEYS[2], ARGV[5])
if redis.call('HGET', KEYS[1], 'writer') == ARGV[1] then
  if ARGV[4] == '0' then redis.call('DEL', KEYS[1]) else redis.call('PEXPIRE', KEYS[1], ARGV[4]) end
end
return 1
"""

_log = logging.getLogger(__name__)


@dataclass(slots=True, eq=False)
class WrittenRun:
    """A run that this process writes.

    Attributes:
        names: its keys.
        writer: tells it from an earlier run of the same name.
        count: how many events it has.
        size: their bytes.
        shared: whether Redis has all of them.
    """

    names: RunNames
    writer: str
    count: int = 0
    size: int = 0
    shared: bool = True

    @property
    def events(self) -> str:
        """The key of its events."""
        return self.names.events(self.writer)


class RunWriter:
    """The runs of this process in Redis, with their leases.

    A run that Redis does not take any more goes on without it: its own callers read it in this process.

    Args:
        client: of Redis.
        prefix: what every key begins with.
        encode: an event as bytes.
    """

    def __init__(self, client: "Redis", prefix: str, encode: Callable[[NumberedEvent], bytes]) -> None:
        self._client = client
        self._prefix = prefix
        self._encode = encode
        self._open = client.register_script(_OPEN)
        self._renew = client.register_script(_RENEW)
        self._close = client.register_script(_CLOSE)
        self._runs: dict[RunKey, WrittenRun] = {}
        self._waiting: list[tuple[WrittenRun, int, bytes]] = []
        self._flushing: asyncio.Task[None] | None = None

    def names(self, key: RunKey) -> RunNames:
        """Return the keys of a run."""
        return RunNames.of(self._prefix, key)

    def written(self, key: RunKey) -> WrittenRun | None:
        """Return the run of that name that this process writes, if Redis has it."""
        return self._runs.get(key)

    async def open(self, key: RunKey, origin: RunOrigin) -> RunOrigin | None:
        """Begin a run and return None; where the name is taken, return the origin of the run that has it."""
        run = WrittenRun(self.names(key), secrets.token_hex(8))
        arguments = (run.writer, origin.fingerprint, origin.traceparent, _milliseconds(LEASE_SECONDS))
        try:
            known = await self._open(keys=(run.names.run, run.events), args=arguments)
        except RedisError as failed:
            _report(failed, "an answer begins that other processes do not see")
            return None
        if known is not None:
            return RunOrigin(bytes(known[0]), bytes(known[1]).decode())
        self._runs[key] = run
        return None

    def append(self, key: RunKey, event: NumberedEvent) -> None:
        """Write an event soon."""
        run = self._runs.get(key)
        if run is None or not run.shared:
            return
        data = self._encode(event)
        run.count, run.size = event.sequence, run.size + len(data)
        if run.count > MOST_EVENTS or run.size > MOST_BYTES:
            run.shared = False
            _log.warning("an answer is too long to be followed from other processes")
            return
        self._waiting.append((run, event.sequence, data))
        if self._flushing is None or self._flushing.done():
            self._flushing = asyncio.create_task(self._flush())

    async def close(self, key: RunKey, keep: float, ended: Rejection | None) -> None:
        """Write the end of a run, which is kept for `keep` seconds."""
        run = self._runs.pop(key, None)
        if run is None:
            return
        while self._flushing is not None and not self._flushing.done():
            await asyncio.wait([self._flushing])
        if not run.shared:
            return
        kept, lingers = _milliseconds(keep), _milliseconds(max(keep, LINGER_SECONDS))
        arguments = (run.writer, f"{run.count + 1}-0", packed_end(ended), kept, lingers)
        try:
            await self._close(keys=(run.names.run, run.events), args=arguments)
        except RedisError as failed:
            _report(failed, "the end of an answer is not seen by other processes")

    async def forget(self, tenant: str) -> int:
        """Remove all that Redis has of a tenant's runs, of every process; return how many there were.

        Raises:
            RedisError: when Redis cannot be reached.
        """
        for key, run in self._runs.items():
            run.shared = run.shared and key.tenant != tenant
        while self._flushing is not None and not self._flushing.done():
            await asyncio.wait([self._flushing])
        count = 0
        async for name in self._client.scan_iter(match=names_of_tenant(self._prefix, tenant), count=_SCANNED):
            # The hash of a run has its name alone; streams, and what says who follows, have more.
            count += bool(await self._client.unlink(name)) and bytes(name).endswith(b"}")
        return count

    async def renew(self) -> None:
        """Renew the leases."""
        runs = [run for run in self._runs.values() if run.shared]
        if not runs:
            return
        try:
            async with self._client.pipeline(transaction=False) as pipe:
                for run in runs:
                    arguments = (run.writer, _milliseconds(LEASE_SECONDS))
                    await self._renew(keys=(run.names.run, run.events), args=arguments, client=pipe)
                held = await pipe.execute()
        except RedisError as failed:
            # The leases last for a few attempts more.
            _report(failed, "the leases of answers in flight were not renewed")
            return
        for run, ours in zip(runs, held, strict=True):
            if not ours:
                self._lose(run)

    async def _flush(self) -> None:
        while self._waiting:
            batch, self._waiting = self._waiting[:_BATCH], self._waiting[_BATCH:]
            try:
                async with self._client.pipeline(transaction=False) as opened:
                    pipe: Any = opened
                    for run, sequence, data in batch:
                        pipe.xadd(run.events, {EVENT: data}, id=f"{sequence}-0", nomkstream=True)
                    written = await pipe.execute(raise_on_error=False)
            except RedisError as failed:
                _report(failed, "other processes cannot follow the answers in flight")
                written = [None] * len(batch)
            for (run, _, _), entry in zip(batch, written, strict=True):
                if isinstance(entry, RedisError):
                    _report(entry, "other processes cannot follow an answer in flight")
                if run.shared and not isinstance(entry, bytes):
                    # What follows would leave a gap.
                    self._lose(run)

    def _lose(self, run: WrittenRun) -> None:
        run.shared = False
        _log.warning("an answer in flight can no longer be followed from other processes")


def _report(failed: RedisError, what: str) -> None:
    _log.warning("Redis failed: %s", what, extra={"error": type(failed).__name__})


def _milliseconds(seconds: float) -> int:
    return round(seconds * 1000)
