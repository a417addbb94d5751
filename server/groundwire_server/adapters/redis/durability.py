"""Whether a Redis keeps what it has acknowledged."""

from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

FORGETS: Final = "this Redis forgets limits, spending and answers in flight when it restarts"
KEEPING: Final = "set `appendonly yes` in its configuration"
"""What is wrong with one that appends nothing to a file, and what to do."""


async def keeps_writes(client: "Redis") -> bool | None:
    """Return whether a Redis appends what it writes to a file (AOF); None where it cannot be asked.

    Without one a restart forgets what was counted and kept: limits by cost begin anew, and answers in flight are gone.
    """
    try:
        persistence = await client.info("persistence")
    except (RedisError, OSError):
        return None
    return bool(persistence.get("aof_enabled"))
