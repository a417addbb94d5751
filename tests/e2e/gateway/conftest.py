"""A server with a gateway, and what plain HTTP gets of it."""

import io
import json
import struct
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import pytest

from groundwire_server.edge.gateway.options import GatewayOptions
from tests.e2e.calls import ingest
from tests.e2e.conftest import Product, Serve

LISTEN = "127.0.0.1:0"
TENANT = {"groundwire-tenant": "acme"}
JSON = {"content-type": "application/json"}
QUESTION = {"question": {"text": "What do lambda expressions create?"}}
ANSWER = "/groundwire.v1.AnswerService/Answer"
STREAM = "/groundwire.v1.AnswerService/StreamAnswer"
EVENTS = "/v1/answer:stream"


@dataclass
class Reply:
    """What a request was answered with."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def reason(self) -> str:
        """The reason in the error's first detail."""
        return str(self.json["details"][0]["debug"]["reason"])


class Browser:
    """Sends HTTP to a gateway."""

    def __init__(self, session: aiohttp.ClientSession, url: str) -> None:
        self.session = session
        self.url = url

    async def send(
        self, path: str, body: bytes | object = b"", headers: Mapping[str, str] | None = None, method: str = "POST"
    ) -> Reply:
        """Send a request and read all of the response."""
        data = io.BytesIO(body if isinstance(body, bytes) else json.dumps(body).encode())
        async with self.session.request(method, self.url + path, data=data, headers=headers) as response:
            received = {key.lower(): value for key, value in response.headers.items()}
            return Reply(response.status, received, await response.read())

    async def call(self, method: str, request: object, headers: Mapping[str, str] | None = None) -> Reply:
        """Make a unary call with JSON."""
        return await self.send(f"/{method}", request, {**JSON, **TENANT, **(headers or {})})

    async def stream(self, method: str, request: object, headers: Mapping[str, str] | None = None) -> list[Any]:
        """Make a streaming call with JSON; return its messages, the last of which ends the stream."""
        kind = {"content-type": "application/connect+json"}
        reply = await self.send(f"/{method}", enveloped(request), {**kind, **TENANT, **(headers or {})})
        return [json.loads(data) for _, data in envelopes(reply.body)]


@asynccontextmanager
async def browsing(product: Product) -> AsyncIterator[Browser]:
    """Open what sends HTTP to a server's gateway."""
    assert product.gateway is not None
    plain = ("Accept-Encoding", "Content-Type")
    async with aiohttp.ClientSession(auto_decompress=False, skip_auto_headers=plain) as session:
        yield Browser(session, product.gateway.address)


@pytest.fixture
async def gateway(serve: Serve) -> AsyncIterator[Product]:
    """A server with a gateway that holds a document."""
    options = GatewayOptions(listen=LISTEN, allowed_origins=("https://app.example.com",))
    async with serve(gateway=options) as product:
        await ingest(product, ("lambdas", "Lambda expressions create anonymous functions."))
        yield product


@pytest.fixture
async def browser(gateway: Product) -> AsyncIterator[Browser]:
    """What sends HTTP to it."""
    async with browsing(gateway) as opened:
        yield opened


def enveloped(request: object, flags: int = 0) -> bytes:
    """A message of a stream."""
    data = request if isinstance(request, bytes) else json.dumps(request).encode()
    return struct.pack(">BI", flags, len(data)) + data


def envelopes(body: bytes) -> Iterator[tuple[int, bytes]]:
    """The messages of a stream, with their flags."""
    while body:
        flags, length = struct.unpack(">BI", body[:5])
        yield flags, body[5 : 5 + length]
        body = body[5 + length :]


def events(body: bytes) -> list[dict[str, str]]:
    """The server-sent events of a response."""
    blocks = [block for block in body.decode().split("\n\n") if block]
    return [dict(line.split(": ", 1) for line in block.splitlines() if not line.startswith(":")) for block in blocks]
