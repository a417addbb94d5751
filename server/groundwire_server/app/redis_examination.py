"""Examines the Redis that processes share, for `groundwire doctor`."""

import asyncio
from typing import Final

from groundwire_server.adapters.redis.options import RedisOptions
from groundwire_server.app.check_result import CheckResult

_CHECK: Final = "redis"


def examine_redis(options: RedisOptions) -> CheckResult:
    """Return whether Redis is there, and keeps what it has acknowledged."""
    try:
        # Imported here: a server without Redis has no client of it.
        from groundwire_server.adapters.redis.connection import connected  # noqa: PLC0415
        from groundwire_server.adapters.redis.durability import FORGETS, KEEPING, keeps_writes  # noqa: PLC0415
    except ImportError:
        message = "the section redis needs the extra `redis`"
        return CheckResult.fail(_CHECK, message, "pip install 'groundwire-server[redis]'")

    async def asked() -> bool | None:
        async with connected(options) as client:
            return await keeps_writes(client)

    keeps = asyncio.run(asked())
    if keeps is None:
        advice = "start it, or correct redis.url: limits are not counted, and answers in flight are not shared"
        return CheckResult.fail(_CHECK, "Redis cannot be asked", advice)
    if keeps:
        return CheckResult.ok(_CHECK, "Redis is there, and appends what it writes to a file")
    if options.accept_loss:
        return CheckResult.warn(_CHECK, f"{FORGETS}, which redis.accept_loss accepts", KEEPING)
    return CheckResult.fail(_CHECK, FORGETS, f"{KEEPING}, or accept it with redis.accept_loss")
