"""One HTTP request as ASGI has it, with what the gateway has found out about it."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping, MutableMapping
from contextvars import ContextVar
from dataclasses import dataclass, field
from typing import Any, TypeAlias

from groundwire_server.edge.gateway.exchange import HttpExchange

Message: TypeAlias = MutableMapping[str, Any]
Scope: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]


class RequestBody:
    """The body of a request, whose reading ends when the call that it belongs to ends first.

    Args:
        receive: ASGI's own.
    """

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self._reader: asyncio.Task[Any] | None = None
        self._error: Callable[[], Exception] | None = None
        self._complete = False

    async def receive(self) -> Message:
        """Return ASGI's next message.

        Raises:
            Exception: what `end` was given, where the call has ended before its body.
        """
        if self._complete:
            return await self._receive()
        if self._error is not None:
            raise self._error()
        self._reader = asyncio.current_task()
        try:
            message = await self._receive()
        except asyncio.CancelledError:
            ended: Callable[[], Exception] | None = self._error
            if ended is None or self._reader is None or self._reader.uncancel() > 0:
                raise
            raise ended() from None
        finally:
            self._reader = None
        self._complete = not (message["type"] == "http.request" and message.get("more_body", False))
        return message

    def end(self, error: Callable[[], Exception]) -> None:
        """Have reading raise an error, now and later, unless all has been read."""
        if not self._complete and self._error is None:
            self._error = error
            if self._reader is not None:
                self._reader.cancel()


@dataclass(slots=True)
class HttpCall:
    """A request that has passed the checks of the gateway.

    Attributes:
        scope: ASGI's own.
        body: of the request.
        send: ASGI's own.
        headers: by name in lower case; the values of a repeated one joined with commas.
        peer: the client's address, as gRPC writes it.
        certificates: of the connection, as gRPC has them.
        exchange: the call, once it has begun.
    """

    scope: Scope = field(repr=False)
    body: RequestBody = field(repr=False)
    send: Send = field(repr=False)
    headers: Mapping[str, str] = field(repr=False)  # holds credentials
    peer: str
    certificates: Mapping[str, Iterable[bytes]] = field(repr=False)
    exchange: HttpExchange | None = field(default=None, repr=False)


_current: ContextVar[HttpCall] = ContextVar("groundwire-http-call")


def current_http_call() -> HttpCall:
    """Return the request that this task serves."""
    return _current.get()


def enter_http_call(call: HttpCall) -> None:
    """Make this the request that the current task serves."""
    _current.set(call)
