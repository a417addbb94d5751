"""Connecting to Redis."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from redis.asyncio import BlockingConnectionPool, Redis
from redis.asyncio.retry import Retry
from redis.backoff import NoBackoff

from groundwire_server.adapters.redis.options import RedisOptions


@asynccontextmanager
async def connected(options: RedisOptions) -> AsyncIterator["Redis"]:
    """Return a client of Redis, which connects when it is first used and again when a connection was lost.

    Each command waits for a free connection, for the connection to be made and for the reply, each as long as the
    options say, and is sent once.
    """
    pool = BlockingConnectionPool.from_url(
        options.url,
        username=options.username,
        password=None if options.password is None else options.password.reveal(),
        max_connections=options.max_connections,
        timeout=options.timeout_seconds,
        socket_timeout=options.timeout_seconds,
        socket_connect_timeout=options.timeout_seconds,
        retry=Retry(NoBackoff(), 0),
        client_name="groundwire",
    )
    client = Redis(connection_pool=pool)
    try:
        yield client
    finally:
        await client.aclose()
        await pool.disconnect()
