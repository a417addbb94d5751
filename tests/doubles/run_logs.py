"""Run logs in a real Redis, whose time a test lets pass."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

from groundwire_server.adapters.redis.connection import connected
from groundwire_server.adapters.redis.options import RedisOptions
from groundwire_server.adapters.run_log.redis.log import CancelRuns, ForgetTexts, RedisRunLog
from groundwire_server.adapters.run_log.redis.records import EventCodec
from groundwire_server.app.parts.run_log import CODEC
from groundwire_server.domain.inquiry import RunKey
from tests.doubles.clock import SetClock


@dataclass
class RedisLogging:
    """A log of one process, with the client that it uses."""

    log: RedisRunLog
    client: Any
    clock: SetClock = field(default_factory=SetClock)

    async def pass_time(self, seconds: float) -> None:
        """Have every key that lapses within that time lapse now."""
        for key in await self.client.keys("*"):
            left = await self.client.pttl(key)
            if 0 <= left <= seconds * 1000:
                await self.client.delete(key)
            elif left > 0:
                await self.client.pexpire(key, left - round(seconds * 1000))


async def _nothing(fits: Callable[[RunKey], bool]) -> bool:
    return False


async def _nothing_left(tenant: str) -> bool:
    return True


@asynccontextmanager
async def redis_log(
    url: str, cancel: CancelRuns = _nothing, codec: EventCodec = CODEC, forget: ForgetTexts = _nothing_left
) -> AsyncIterator[RedisLogging]:
    """The log of one process, which renews its leases and hears what others ask for."""
    clock = SetClock()
    async with connected(RedisOptions(url=url, timeout_seconds=5)) as client:
        log = RedisRunLog(client, "test", codec, clock)
        async with log.serving(cancel, forget):
            await log.listening()
            yield RedisLogging(log, client, clock)
