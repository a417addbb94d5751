"""An AnswerCache in a Redis that several processes share."""

import logging
from collections.abc import Awaitable, Callable, Sequence
from functools import partial
from hashlib import blake2b
from math import inf, isinf
from typing import Final, TypeVar

from redis.asyncio import Redis
from redis.exceptions import RedisError

from groundwire_server.adapters.answer_cache.marks import AnswerMarks
from groundwire_server.adapters.answer_cache.options import FORGOTTEN_SECONDS, MOST_BYTES, AnswerCacheOptions, Full
from groundwire_server.adapters.answer_cache.redis import encoding
from groundwire_server.adapters.answer_cache.redis.scripts import DROP, FORGET, GET, MARKS, PUT
from groundwire_server.adapters.redis.faults import RedisFault, fault_of
from groundwire_server.domain.cached_answer import AnswerKey, CachedAnswer, Invalidation
from groundwire_server.domain.erasure import EntireTenant, Forgotten
from groundwire_server.ports.clock import Clock
from groundwire_server.ports.metrics import Metrics
from groundwire_server.telemetry import metrics

VERSION: Final = 1
"""Of the keys; with the shape of the answers it is a part of every key: what another version wrote is never read."""

UNREADABLE: Final = "unreadable"
"""What failed where an answer cannot be read, as metrics say it."""

_PAUSE: Final = 1.0
"""Seconds in which nothing is sent to a Redis that was found away or slow: no call waits for what others waited for."""

_LONGEST_WAY: Final = 1.0
"""Seconds that a command may be on its way to Redis."""

_SCANNED: Final = 1000
"""Keys that Redis looks at in one step of a search for names."""

_ENTRY_BYTES: Final = 512
"""What an answer takes in Redis besides its texts."""

_log = logging.getLogger(__name__)

T = TypeVar("T")


class RedisAnswerCache:
    """Answers that all processes of a service see.

    All keys have one hash tag, so that a script may use any of them together. They hold digests alone; the answers
    stand there as they are.

    Args:
        client: of Redis.
        prefix: what every key begins with.
        options: how many there may be.
        clock: says when a Redis that was away is asked again.
        recorder: counts them.

    Attributes:
        shared: True.
        count: how many there were when this process kept one last.
        size: their bytes.
    """

    shared = True

    def __init__(
        self, client: "Redis", prefix: str, options: AnswerCacheOptions, clock: Clock, recorder: Metrics
    ) -> None:
        self._client = client
        self._versions = f"{{{prefix}}}:answers:"
        self._prefix = f"{self._versions}{VERSION}-{encoding.shape()}:"
        self._options = options
        self._clock = clock
        self._metrics = recorder
        self._get = client.register_script(GET)
        self._put = client.register_script(PUT)
        self._drop = client.register_script(DROP)
        self._marks = client.register_script(MARKS)
        self._note_forgotten = client.register_script(FORGET)
        self._away_until = 0.0
        self._failed = False
        self.count, self.size = 0, 0
        for full in Full:
            # So that a rate is known from the first eviction on.
            recorder.add(metrics.CACHED_ANSWERS_EVICTED, 0, full)
        recorder.watch(metrics.CACHED_ANSWERS, self, lambda cache: [((), cache.count)])
        recorder.watch(metrics.CACHED_ANSWERS_SIZE, self, lambda cache: [((), cache.size)])

    def __repr__(self) -> str:
        return f"<RedisAnswerCache: {self._prefix}*>"

    async def get(self, key: AnswerKey) -> CachedAnswer | None:
        """Return the answer of a key; see the port."""
        tenant, name = _tenant_digest(key.tenant), _name(key)
        keys = [f"{self._prefix}answer:{name}", f"{self._prefix}used", f"{self._prefix}used:{tenant}"]
        found: bytes | None = await self._asked(lambda: self._get(keys, [name]))
        if found is None:
            return None
        try:
            return encoding.decoded(found)
        except ValueError:
            self._metrics.add(metrics.ANSWER_CACHE_FAILURES, 1, UNREADABLE)
            return None

    async def put(self, key: AnswerKey, answer: CachedAnswer, began: float = inf) -> None:
        """Keep an answer; see the port."""
        name, options = _name(key), self._options
        try:
            data = encoding.encoded(answer)
        except ValueError:
            data = b""
        marks = AnswerMarks.of(key, answer).packed()
        size = len(data) + len(marks) + _ENTRY_BYTES
        if not data or size > MOST_BYTES:
            await self._asked(lambda: self._drop([], [self._prefix, name]))
            return
        arguments: list[str | bytes | int] = [
            *(self._prefix, name, _tenant_digest(key.tenant), data, marks),
            *(int(options.max_age_seconds * 1000), size),
            *(options.tenant_entries, options.tenant_bytes, options.entries, options.total_bytes),
            *(self._forgotten_key(key.tenant), self._age(began)),
        ]
        reply: Sequence[int] | None = await self._asked(lambda: self._put([], arguments))
        if reply is None:
            return
        of_tenant, of_all, self.count, self.size = reply
        for full, count in ((Full.TENANT, of_tenant), (Full.CACHE, of_all)):
            if count:
                self._metrics.add(metrics.CACHED_ANSWERS_EVICTED, count, full)

    async def forget(self, tenant: str, selection: Invalidation) -> Forgotten:
        """Forget answers of a tenant, whatever version wrote them; see the port."""
        # A Redis without memory refuses it, and has room again when answers are gone: the next call is complete.
        lasts = int(FORGOTTEN_SECONDS * 1000)
        noted = await self._asked(lambda: self._note_forgotten([self._forgotten_key(tenant)], [lasts]))
        pattern = f"{self._versions}*:answer:{_tenant_digest(tenant)}.*"
        count, cursor = 0, 0
        while True:
            step = await self._asked(partial(self._client.scan, cursor, pattern, _SCANNED))
            if step is None:
                return Forgotten(count, complete=False)
            cursor, keys = step
            forgotten = await self._asked(partial(self._forget, tenant, selection, keys)) if keys else 0
            if forgotten is None:
                return Forgotten(count, complete=False)
            count += forgotten
            if not cursor:
                return Forgotten(count, complete=noted is not None)

    def _forgotten_key(self, tenant: str) -> str:
        """Return the key of when answers of a tenant were forgotten last; all versions have one."""
        return f"{self._versions}forgotten:{_tenant_digest(tenant)}"

    def _age(self, began: float) -> str:
        """Return how long ago an answer was begun, in microseconds and rather more than less; empty for just now.

        Redis has a clock of its own, to which the way there takes a time that nobody knows.
        """
        return "" if isinf(began) else str(int((self._clock.now() - began + _LONGEST_WAY) * 1_000_000))

    async def _forget(self, tenant: str, selection: Invalidation, found: Sequence[bytes | str]) -> int:
        keys = [key.decode() if isinstance(key, bytes) else key for key in found]
        count = 0
        for key in keys if isinstance(selection, EntireTenant) else await self._selected(tenant, selection, keys):
            prefix, _, name = key.rpartition("answer:")
            count += await self._drop([], [prefix, name])
        return count

    async def _selected(self, tenant: str, selection: Invalidation, keys: Sequence[str]) -> Sequence[str]:
        found: Sequence[bytes | None] = await self._marks(keys)
        return [
            key
            for key, marks in zip(keys, found, strict=True)
            if marks is not None and _selects(tenant, selection, marks)
        ]

    async def _asked(self, send: Callable[[], Awaitable[T]]) -> T | None:
        """Return what Redis replies; None where it cannot be asked, or was found so a moment ago."""
        if self._clock.now() < self._away_until:
            return None
        try:
            reply = await send()
        except (RedisError, OSError) as error:
            fault = fault_of(error)
            if fault in {RedisFault.AWAY, RedisFault.SLOW}:
                self._away_until = self._clock.now() + _PAUSE
            self._metrics.add(metrics.ANSWER_CACHE_FAILURES, 1, fault.name.lower())
            if not self._failed:
                self._failed = True
                _log.warning("the answer cache cannot be used: earlier answers are missing", extra={"why": str(fault)})
            return None
        if self._failed:
            self._failed = False
            _log.info("the answer cache can be used again")
        return reply


def _selects(tenant: str, selection: Invalidation, marks: bytes) -> bool:
    try:
        return AnswerMarks.unpacked(marks).selected(tenant, selection)
    except ValueError:
        # Of another version: nobody can say what it has to do with.
        return True


def _tenant_digest(tenant: str) -> str:
    return blake2b(tenant.encode(), digest_size=16, person=b"groundwire-ten").hexdigest()


def _name(key: AnswerKey) -> str:
    """Return what stands for an answer: neither a tenant nor a route can be read from it."""
    hashed = blake2b(digest_size=32, person=b"groundwire-ans")
    for part in (key.tenant.encode(), key.route.encode(), key.digest):
        hashed.update(len(part).to_bytes(4, "big") + part)
    return f"{_tenant_digest(key.tenant)}.{hashed.hexdigest()}"
