"""Counts in a Redis that several processes share."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Sequence
from hashlib import blake2b, sha1
from typing import Any, Final, TypeVar

from redis.asyncio import Redis
from redis.exceptions import NoScriptError, RedisError

from groundwire_server.adapters.quota.deliveries import Deliveries, MaybeSentError, NotSentError
from groundwire_server.adapters.quota.scripts import SETTLE, TAKE
from groundwire_server.adapters.redis.faults import RedisFault, fault_of
from groundwire_server.domain.quota import (
    CallLease,
    Concurrent,
    Demand,
    Level,
    Settlement,
    Spending,
    Taken,
    TokenBucket,
)
from groundwire_server.ports.quota_store import QuotaStoreError

VERSION: Final = 1
"""Of the keys and of what they hold: those of another version are never looked at, and expire by themselves."""

_PAUSE: Final = 1.0
"""Seconds in which nothing is sent to a Redis that was found away or slow: no call waits for what others waited for."""

T = TypeVar("T")


class RedisQuotaStore:
    """Counts that processes share. All keys have one hash tag, so that a script may use any of them together.

    Args:
        client: of the Redis.
        prefix: what every key begins with.

    Attributes:
        shared: other processes take from the same counts.
    """

    shared = True

    def __init__(self, client: "Redis", prefix: str) -> None:
        self._client = client
        self._prefix = f"{{{prefix}}}:limits:{VERSION}:"
        self._take = _Script(client, TAKE)
        self._settle = _Script(client, SETTLE)
        self._deliveries = Deliveries()
        # Commands wait here for a connection, as long as it takes: each has a bound, so that all come to their turn. A
        # burst must not be taken for a Redis that is away, which opens the routes that go on without limits.
        self._turns = asyncio.Semaphore(client.connection_pool.max_connections)
        self._away = RedisFault.AWAY
        self._away_until = 0.0

    def __repr__(self) -> str:
        return f"<RedisQuotaStore: {self._prefix}*, {self._deliveries}>"

    async def take(self, demands: Sequence[Demand], lease: CallLease | None = None) -> Taken:
        """Take all that is demanded, or nothing where an enforced demand does not fit."""
        arguments: list[str | int] = ["", 0] if lease is None else [lease.holder, lease.lasts]
        for demand in demands:
            arguments += (*_bound(demand), demand.amount, int(demand.enforced))
        keys = [self._key(demand.key) for demand in demands]
        reply = await self._translated(lambda: self._take.run(keys, arguments))
        admitted, now, *pairs = reply
        levels = [
            Level(demand, measure, now, bool(fits))
            for demand, fits, measure in zip(demands, pairs[::2], pairs[1::2], strict=True)
        ]
        return Taken(bool(admitted), now, levels)

    def settle(self, settlements: Sequence[Settlement]) -> None:
        """Count what was used in place of what was reserved, in the background."""
        keys = [self._key(each.demand.key) for each in settlements]
        arguments: list[str | int] = []
        for each in settlements:
            bound = each.demand.bound
            window = bound.calendar.window(each.at) if isinstance(bound, Spending) else 0
            arguments += (*_bound(each.demand), each.demand.amount, each.amount, window)
        if keys:
            self._deliveries.send(lambda: self._translated(lambda: self._settle.run(keys, arguments)), repeatable=False)

    def give_back(self, keys: Collection[str], lease: CallLease) -> None:
        """End a lease of these counts, in the background."""
        named = [self._key(key) for key in keys]

        async def remove() -> None:
            for key in named:
                await self._client.zrem(key, lease.holder)

        self._deliveries.send(lambda: self._translated(remove), repeatable=True)

    async def flush(self) -> None:
        """Wait until all that was said in the background has arrived, or failed to."""
        await self._deliveries.flush()

    def _key(self, key: str) -> str:
        # A digest: names of people do not belong into keys, and none can be made to look like another.
        return self._prefix + blake2b(key.encode(), digest_size=16).hexdigest()

    async def _translated(self, send: Callable[[], Awaitable[T]]) -> T:
        """Return what Redis replies.

        Raises:
            QuotaStoreError: when it cannot be asked, or was found so a moment ago.
        """
        async with self._turns:
            if asyncio.get_running_loop().time() < self._away_until:
                raise NotSentError(self._away)
            try:
                return await send()
            except (RedisError, OSError) as error:
                fault = fault_of(error)
                if fault in {RedisFault.AWAY, RedisFault.SLOW}:
                    self._away, self._away_until = fault, asyncio.get_running_loop().time() + _PAUSE
                    raise MaybeSentError(fault) from error
                raise (NotSentError if fault in _REFUSING else QuotaStoreError)(fault) from error


class _Script:
    """A script that Redis knows by its digest, and is sent where it does not."""

    def __init__(self, client: "Redis", text: str) -> None:
        self._client = client
        self._text = text
        self._digest = sha1(text.encode(), usedforsecurity=False).hexdigest()  # Redis's own

    async def run(self, keys: Sequence[str], arguments: Sequence[str | int]) -> list[int]:
        try:
            reply: Any = await self._client.evalsha(self._digest, len(keys), *keys, *arguments)
        except NoScriptError:
            # Redis was started anew, or its scripts were flushed: nothing ran, so this takes nothing twice.
            reply = await self._client.eval(self._text, len(keys), *keys, *arguments)
        found: list[int] = reply
        return found


def _bound(demand: Demand) -> tuple[str, int, int]:
    match demand.bound:
        case TokenBucket(most, period):
            return "rate", most, period
        case Spending(most, calendar):
            return calendar.value, most, 0
        case Concurrent(most):
            return "concurrent", most, 0


_REFUSING: Final = frozenset(
    {RedisFault.BUSY, RedisFault.LOADING, RedisFault.READ_ONLY, RedisFault.DENIED, RedisFault.CLUSTER}
)
"""Faults of which nothing was done. One that is full may have done a part."""
