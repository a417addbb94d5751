"""The pool of connections to a provider, as metrics show it."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from random import Random

import aiohttp

from groundwire_server.adapters.http.options import Endpoint
from groundwire_server.adapters.http.session import Session
from groundwire_server.adapters.providers.provider import Provider
from groundwire_server.adapters.resilience.retry_budget import RetryBudgetOptions
from groundwire_server.app.clock import SystemClock
from groundwire_server.telemetry.metrics import HTTP_CONNECTIONS, HTTP_CONNECTIONS_LIMIT
from tests.doubles.counts import Counts
from tests.doubles.spans import Spans
from tests.doubles.upstream import Reply, Until, Upstream, upstream

BOUNDS = aiohttp.ClientTimeout()


class Pool:
    """A provider with what its metrics say."""

    def __init__(self, double: Upstream, limit: int) -> None:
        self.url = f"http://127.0.0.1:{double.port}/v1"
        self._port = str(double.port)
        self._spans = Spans()
        endpoint = Endpoint(base_url=self.url, max_connections=limit)
        self.provider = Provider(
            "cloud", endpoint, SystemClock(), self._spans.recording, Random(1), RetryBudgetOptions()
        )

    @property
    def session(self) -> Session:
        return self.provider.session

    @property
    def counts(self) -> Counts:
        return self._spans.counts

    def seen(self) -> tuple[float, float]:
        """The connections in use, and those that are idle."""
        found = self.counts.reading(HTTP_CONNECTIONS)
        of = ("cloud", "127.0.0.1", self._port)
        assert set(found) == {("active", *of), ("idle", *of)}
        return found["active", *of], found["idle", *of]

    @property
    def limits(self) -> dict[tuple[str, ...], float]:
        return self.counts.reading(HTTP_CONNECTIONS_LIMIT)

    async def begin(self) -> aiohttp.ClientResponse:
        return await self.session.post(self.url, {}, b"{}", BOUNDS)


@asynccontextmanager
async def pool(double: Upstream, limit: int = 2) -> AsyncIterator[Pool]:
    made = Pool(double, limit)
    async with made.provider:
        yield made


async def test_connections_are_in_use_until_the_response_is_read_and_idle_afterwards() -> None:
    end = asyncio.Event()
    async with upstream(Reply([b"text", Until(end)])) as double, pool(double) as at:
        assert at.seen() == (0, 0)
        responses = [await at.begin(), await at.begin()]
        assert at.seen() == (2, 0)
        end.set()
        for response in responses:
            await response.read()
        assert at.seen() == (0, 2)
        end.clear()
        again = await at.begin()
        assert at.seen() == (1, 1)
        end.set()
        await again.read()
        assert double.connections == 2


async def test_a_request_that_waits_for_a_connection_uses_none() -> None:
    end = asyncio.Event()
    async with upstream(Reply([b"text", Until(end)])) as double, pool(double, limit=1) as at:
        first = await at.begin()
        waiting = asyncio.create_task(at.begin())
        await asyncio.sleep(0)
        assert at.seen() == (1, 0)
        assert at.limits == {("cloud", "127.0.0.1", str(double.port)): 1}
        end.set()
        await first.read()
        await (await waiting).read()
        assert at.seen() == (0, 1)


async def test_one_that_the_provider_has_closed_is_not_idle() -> None:
    async with upstream(Reply([b"text"])) as double, pool(double) as at:
        await (await at.begin()).read()
        assert at.seen() == (0, 1)
        await double.close()
        while at.seen() != (0, 0):  # noqa: ASYNC110  # nobody is told
            await asyncio.sleep(0)


async def test_a_pool_that_is_not_open_has_no_series() -> None:
    async with upstream(Reply([b"text"])) as double:
        async with pool(double) as at:
            assert at.limits
        assert (at.counts.reading(HTTP_CONNECTIONS), at.limits) == ({}, {})
