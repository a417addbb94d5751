"""The Redis that the processes of one service share."""

from typing import TYPE_CHECKING

from groundwire_server.adapters.redis.options import RedisOptions
from groundwire_server.app.parts.shared import Lease
from groundwire_server.domain.failure import SetupError

if TYPE_CHECKING:
    from redis.asyncio import Redis


async def open_redis(options: RedisOptions, lease: Lease) -> "Redis":
    """Return the client of a Redis, one for all of its users.

    Raises:
        SetupError: when the extra `redis` is not installed.
    """
    try:
        # Imported here: a server without Redis starts without its client.
        from groundwire_server.adapters.redis.connection import connected  # noqa: PLC0415
    except ImportError:
        raise SetupError("`redis` needs the extra: pip install 'groundwire-server[redis]'") from None
    return await lease.take(("redis", options), lambda: connected(options))
