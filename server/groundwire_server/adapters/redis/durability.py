"""Whether a Redis keeps what it has acknowledged."""

from redis.asyncio import Redis
from redis.exceptions import RedisError


async def keeps_writes(client: "Redis") -> bool | None:
    """Return whether a Redis appends what it writes to a file (AOF); None where it cannot be asked.

    Without one a restart forgets what was counted and kept: limits by cost begin anew, and answers in flight are gone.
    """
    try:
        persistence = await client.info("persistence")
    except (RedisError, OSError):
        return None
    return bool(persistence.get("aof_enabled"))
