"""One provider's connections."""

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Self

import aiohttp

from groundwire_server.adapters.http.options import Endpoint
from groundwire_server.domain.vocabulary import Cause
from groundwire_server.options.headers import revealed

_DRAIN_SECONDS = 0.1
_HEADERS = {
    "User-Agent": "groundwire",
    "Content-Type": "application/json",
    "Accept": "text/event-stream, application/json",
    # A stream in a compressed form arrives in lumps.
    "Accept-Encoding": "identity",
}


class _Sending:
    """The state of one request.

    Attributes:
        reused: whether it went over a connection that had been used before.
    """

    __slots__ = ("reused",)

    def __init__(self) -> None:
        self.reused = False


@dataclass(frozen=True, slots=True)
class PoolState:
    """The state of a pool of connections.

    Attributes:
        active: how many are in use or being opened.
        idle: how many are kept for reuse.
    """

    active: int
    idle: int


class Session:
    """The connections to one provider, kept for reuse; entered on the loop that uses them.

    Attributes:
        provider: its name.
        endpoint: where it listens.
        refused: what it means that it refuses a connection.
    """

    def __init__(self, provider: str, endpoint: Endpoint, refused: Cause = Cause.MODEL_UNAVAILABLE) -> None:
        self.provider = provider
        self.endpoint = endpoint
        self.refused = refused
        self._client: aiohttp.ClientSession | None = None
        self._connector: aiohttp.TCPConnector | None = None
        self._draining: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> Self:
        ca_file = self.endpoint.ca_file
        self._connector = aiohttp.TCPConnector(
            limit=self.endpoint.max_connections,
            keepalive_timeout=self.endpoint.idle_seconds,
            ssl=True if ca_file is None else await asyncio.to_thread(ssl.create_default_context, cafile=ca_file),
        )
        trace = aiohttp.TraceConfig()
        trace.on_connection_reuseconn.append(_reused)
        # No cookies: what a provider says to one tenant must not reach it again with another.
        self._client = aiohttp.ClientSession(
            connector=self._connector,
            # What the API itself needs comes with each request, and wins.
            headers={**revealed(self.endpoint.headers), **_HEADERS},
            cookie_jar=aiohttp.DummyCookieJar(),
            trust_env=False,
            trace_configs=[trace],
        )
        return self

    async def __aexit__(self, *raised: object) -> None:
        for task in tuple(self._draining):
            task.cancel()
        await asyncio.gather(*self._draining, return_exceptions=True)
        if self._client is not None:
            await self._client.close()
            self._client = self._connector = None

    def pool_state(self) -> PoolState | None:
        """Return the state of the pool; None while it is not open. Callable from any thread."""
        connector = self._connector
        if connector is None:
            return None
        # aiohttp has no other way to see them. Copied at once: the loop's thread changes them meanwhile.
        active = len(connector._acquired)  # noqa: SLF001
        kept = [each for pool in tuple(connector._conns.values()) for each in tuple(pool)]  # noqa: SLF001
        return PoolState(active, sum(protocol.is_connected() for protocol, _ in kept))

    async def post(
        self, url: str, headers: Mapping[str, str], body: bytes, bounds: aiohttp.ClientTimeout
    ) -> aiohttp.ClientResponse:
        """Send a request; return when the response has begun.

        A kept connection may have been closed at the other end, as llama.cpp's always is: that is no failure of the
        provider's, and the next connection is taken at once.

        Raises:
            aiohttp.ClientError: or OSError, TimeoutError.
        """
        if self._client is None:
            raise aiohttp.ClientConnectionError
        while True:
            sending = _Sending()
            try:
                # A redirect could lead a prompt to where it must not go.
                return await self._client.post(
                    url, data=body, headers=headers, timeout=bounds, allow_redirects=False, trace_request_ctx=sending
                )
            except (aiohttp.ServerDisconnectedError, aiohttp.ClientOSError):
                if not sending.reused:
                    raise

    async def get(self, url: str, headers: Mapping[str, str], bounds: aiohttp.ClientTimeout) -> aiohttp.ClientResponse:
        """Send a GET request; return when the response has begun.

        Raises:
            aiohttp.ClientError: or OSError, TimeoutError.
        """
        if self._client is None:
            raise aiohttp.ClientConnectionError
        return await self._client.get(
            url, headers=headers, timeout=bounds, allow_redirects=False, trace_request_ctx=_Sending()
        )

    def settle(self, response: aiohttp.ClientResponse) -> None:
        """Give back the connection of a response that has been understood, as soon as its last bytes are there."""
        if response.content.at_eof():
            response.release()
            return
        task = asyncio.create_task(_drain(response))
        self._draining.add(task)

        def drained(task: asyncio.Task[None]) -> None:
            # Here, for a task that is cancelled early never begins. It changes nothing about a connection given back.
            response.close()
            self._draining.discard(task)

        task.add_done_callback(drained)


async def _reused(client: aiohttp.ClientSession, context: SimpleNamespace, params: object) -> None:
    del client, params
    context.trace_request_ctx.reused = True


async def _drain(response: aiohttp.ClientResponse) -> None:
    with suppress(aiohttp.ClientError, OSError):
        async with asyncio.timeout(_DRAIN_SECONDS):
            while await response.content.readany():
                pass
