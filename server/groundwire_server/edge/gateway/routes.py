"""Endpoints of plain HTTP beside the contract's methods, in a table."""

import asyncio
from collections.abc import Awaitable, Callable, Collection, Mapping
from dataclasses import dataclass
from typing import TypeAlias

from groundwire_server.domain.failure import GroundwireError
from groundwire_server.edge.gateway.http_call import HttpCall

Endpoint: TypeAlias = Callable[[HttpCall], Awaitable[None]]
"""Serves one request: it reads the body and sends the response."""


@dataclass(frozen=True, slots=True)
class HttpRoute:
    """An endpoint of plain HTTP.

    Attributes:
        path: exactly.
        methods: of HTTP.
        content_types: that a body may have; empty where there is none to be read. A page elsewhere can send a form or
            plain text without asking, so neither is ever among them.
        serve: serves a request.
    """

    path: str
    methods: Collection[str]
    content_types: Collection[str]
    serve: Endpoint


class HttpRoutes:
    """The endpoints by their paths."""

    def __init__(self, *routes: HttpRoute) -> None:
        self._by_path: Mapping[str, HttpRoute] = {route.path: route for route in routes}

    def get(self, path: str) -> HttpRoute | None:
        """Return the endpoint of a path."""
        return self._by_path.get(path)


class BodyTooLargeError(GroundwireError):
    """The body of a request is larger than it may be."""


async def read_body(call: HttpCall, most: int, seconds: float | None) -> bytes:
    """Return the body of a request.

    Args:
        call: the request.
        most: bytes that it may have.
        seconds: in which it has to arrive; None where something else bounds it.

    Raises:
        BodyTooLargeError: when it has more.
        TimeoutError: when it does not arrive in time.
        ConnectionError: when the client leaves.
    """
    data = bytearray()
    async with asyncio.timeout(seconds):
        while True:
            message = await call.body.receive()
            if message["type"] != "http.request":
                raise ConnectionError("the client has left")
            data += message.get("body", b"")
            if len(data) > most:
                raise BodyTooLargeError(f"larger than {most} bytes")
            if not message.get("more_body", False):
                return bytes(data)
