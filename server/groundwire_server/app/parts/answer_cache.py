"""Where earlier answers are kept: in this process, or in the Redis that several share."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from groundwire_server.adapters.answer_cache.memory import MemoryAnswerCache
from groundwire_server.adapters.answer_cache.options import AnswerCacheKind
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.app.parts.shared import Lease
from groundwire_server.domain.failure import SetupError
from groundwire_server.ports.answer_cache import AnswerCache
from groundwire_server.ports.recording import Recording


async def open_answer_cache(configuration: Configuration, lease: Lease, recording: Recording) -> AnswerCache | None:
    """Return the cache of a configuration, which is that of the one before it; None where none is kept.

    Raises:
        SetupError: when it is in Redis, and the extra `redis` is not installed.
    """
    if configuration.answer_cache.kind is AnswerCacheKind.NONE:
        return None
    key = ("answer cache", configuration.answer_cache, configuration.redis)
    return await lease.take(key, lambda: _opened(configuration, recording))


@asynccontextmanager
async def _opened(configuration: Configuration, recording: Recording) -> AsyncIterator[AnswerCache]:
    options, redis, recorder = configuration.answer_cache, configuration.redis, recording.metrics
    if options.kind is AnswerCacheKind.MEMORY or redis is None:
        yield MemoryAnswerCache(options, SystemClock(), recorder)
        return
    try:
        # Imported here: a server without Redis starts without its client.
        from groundwire_server.adapters.answer_cache.redis.cache import RedisAnswerCache  # noqa: PLC0415
        from groundwire_server.adapters.redis.connection import connected  # noqa: PLC0415
    except ImportError:
        raise SetupError("`redis` needs the extra: pip install 'groundwire-server[redis]'") from None
    # Of its own: limits must not wait for connections that answers take.
    async with connected(redis) as client:
        yield RedisAnswerCache(client, redis.key_prefix, options, SystemClock(), recorder)
