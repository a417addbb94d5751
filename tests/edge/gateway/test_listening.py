"""Connections that say nothing, take nothing or are too many keep no others out."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest

from groundwire_server.edge.gateway.http_call import Receive, Scope, Send
from groundwire_server.edge.gateway.listening import HttpConnections
from groundwire_server.edge.gateway.options import HttpConnectionOptions

GET = b"GET / HTTP/1.1\r\nHost: localhost\r\n\r\n"


class App:
    """Answers each request once it may, with a number of bytes."""

    def __init__(self) -> None:
        self.size = 2
        self.go = asyncio.Event()
        self.go.set()
        self.began = asyncio.Event()
        self.ended = asyncio.Event()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        self.began.set()
        try:
            await self.go.wait()
            await send({"type": "http.response.start", "status": 200, "headers": []})
            left = self.size
            while left > 0:
                part, left = min(left, 65_536), left - 65_536
                await send({"type": "http.response.body", "body": bytes(part), "more_body": left > 0})
        finally:
            self.ended.set()


class Client:
    """One connection."""

    def __init__(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.reader = reader
        self.writer = writer

    async def get(self) -> bytes:
        """Send a request; return the first line of the response, empty where the connection was closed."""
        self.writer.write(GET)
        return await self.reader.readline()

    async def closed(self) -> bool:
        """Wait for the end of the connection; return whether nothing came before it."""
        try:
            return await self.reader.read() == b""
        except ConnectionError:
            return True


class Address:
    """What listens."""

    def __init__(self, connections: HttpConnections, port: int) -> None:
        self.connections = connections
        self.port = port
        self._opened: list[asyncio.StreamWriter] = []

    async def connect(self) -> Client:
        """Open a connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        self._opened.append(writer)
        return Client(reader, writer)

    def close(self) -> None:
        """Close what was opened."""
        for writer in self._opened:
            writer.close()


@asynccontextmanager
async def listening(app: App, **options: float) -> AsyncIterator[Address]:
    connections = HttpConnections(app, HttpConnectionOptions.model_validate(options), lambda: 10.0)
    address = Address(connections, await connections.listen("127.0.0.1:0", None, reuse_port=False))
    try:
        yield address
    finally:
        address.close()
        await connections.drain(0.0)


async def test_a_head_that_does_not_arrive_in_time_closes_the_connection() -> None:
    async with listening(App(), head_seconds=5) as address:
        silent, slow = await address.connect(), await address.connect()
        slow.writer.write(GET[:20])
        begun = asyncio.get_running_loop().time()
        assert await silent.closed()
        assert await slow.closed()
        assert 5 <= asyncio.get_running_loop().time() - begun < 6


async def test_a_head_that_drips_is_no_better() -> None:
    async with listening(App(), head_seconds=5) as address:
        client = await address.connect()
        closing = asyncio.create_task(client.closed())
        for byte in GET[:20]:
            client.writer.write(bytes([byte]))
            await asyncio.sleep(0.5)
            if closing.done():
                break
        assert await closing
        assert byte != GET[19]


async def test_an_idle_connection_is_closed_and_a_used_one_is_not() -> None:
    async with listening(App(), idle_seconds=20, head_seconds=5) as address:
        client = await address.connect()
        for _ in range(3):
            assert b" 200 " in await client.get()
            await client.reader.readuntil(b"0\r\n\r\n")
            await asyncio.sleep(15)
        begun = asyncio.get_running_loop().time()
        assert await client.closed()
        assert asyncio.get_running_loop().time() - begun < 6


async def test_a_long_request_in_progress_is_not_closed() -> None:
    app = App()
    app.go.clear()
    async with listening(app, head_seconds=5, idle_seconds=5) as address:
        client = await address.connect()
        asking = asyncio.create_task(client.get())
        await asyncio.sleep(600)
        app.go.set()
        assert b" 200 " in await asking


async def test_a_further_connection_closes_the_oldest_that_has_no_request() -> None:
    app = App()
    app.go.clear()
    async with listening(app, max_connections=2) as address:
        busy = await address.connect()
        asking = asyncio.create_task(busy.get())
        await app.began.wait()
        idle, newest = await address.connect(), await address.connect()
        assert await idle.closed()
        app.go.set()
        assert b" 200 " in await newest.get()
        assert b" 200 " in await asking


async def test_where_all_have_requests_a_further_connection_is_closed() -> None:
    app = App()
    app.go.clear()
    async with listening(app, max_connections=1) as address:
        busy = await address.connect()
        asking = asyncio.create_task(busy.get())
        await app.began.wait()
        refused = await address.connect()
        assert await refused.closed()
        app.go.set()
        assert b" 200 " in await asking


async def test_one_address_has_a_part_of_the_connections() -> None:
    async with listening(App(), max_connections_per_address=2) as address:
        first, second = await address.connect(), await address.connect()
        assert b" 200 " in await first.get()
        assert b" 200 " in await second.get()
        assert await (await address.connect()).closed()
        first.writer.close()
        await asyncio.sleep(0.1)
        assert b" 200 " in await (await address.connect()).get()


async def test_a_client_that_takes_nothing_is_closed() -> None:
    app = App()
    app.size = 64 * 1024 * 1024
    async with listening(app) as address:
        client = await address.connect()
        client.writer.write(GET)
        begun = asyncio.get_running_loop().time()
        await app.ended.wait()
        assert asyncio.get_running_loop().time() - begun < 60


async def test_a_head_that_is_too_large_is_refused() -> None:
    async with listening(App(), max_header_bytes=4096) as address:
        client = await address.connect()
        client.writer.write(GET[:-2] + b"x: " + b"y" * 10_000)
        assert b" 4" in await client.reader.readline()


async def test_a_drain_lets_a_request_finish_and_takes_no_more() -> None:
    app = App()
    app.go.clear()
    async with listening(app) as address:
        idle, client = await address.connect(), await address.connect()
        asking = asyncio.create_task(client.get())
        await app.began.wait()
        draining = asyncio.create_task(address.connections.drain(10.0))
        assert await idle.closed()
        with pytest.raises(ConnectionError):
            await address.connect()
        app.go.set()
        assert b" 200 " in await asking
        await draining


async def test_a_drain_ends_what_does_not_finish() -> None:
    app = App()
    app.go.clear()
    async with listening(app) as address:
        client = await address.connect()
        asking = asyncio.create_task(client.get())
        await app.began.wait()
        begun = asyncio.get_running_loop().time()
        await address.connections.drain(5.0)
        assert await asking == b""
        assert asyncio.get_running_loop().time() - begun < 10


POST = b"POST / HTTP/1.1\r\nHost: localhost\r\nTransfer-Encoding: chunked\r\n\r\n"


@pytest.mark.parametrize("answered", [True, False], ids=["after the response", "before the response"])
async def test_a_body_that_is_not_http_ends_the_connection_and_is_no_error_of_the_server(
    answered: bool, caplog: pytest.LogCaptureFixture
) -> None:
    app = App()
    if not answered:
        app.go.clear()
    async with listening(app) as address:
        client = await address.connect()
        client.writer.write(POST)
        await (client.reader.readuntil(b"0\r\n\r\n") if answered else app.began.wait())
        client.writer.write(b"nonsense\r\n")
        rest = await client.reader.read()
        app.go.set()
        await app.ended.wait()
    if answered:
        assert rest == b""
    else:
        assert rest.startswith(b"HTTP/1.1 400 Bad Request\r\n")
        assert rest.endswith(b'"send requests as HTTP/1.1 has them"}')
    assert not [record for record in caplog.records if record.levelname in {"WARNING", "ERROR"}]


async def test_no_log_has_the_address_of_a_request(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level("DEBUG")
    async with listening(App()) as address:
        client = await address.connect()
        client.writer.write(GET.replace(b"/ ", b"/?token=private "))
        assert b" 200 " in await client.reader.readline()
    assert not [record for record in caplog.records if "private" in record.getMessage()]
