"""The gateway as an ASGI application: what every request is held to, and where it goes."""

import logging
import traceback
from collections.abc import Collection, Iterable, Mapping
from typing import Any, Final, cast

from groundwire_server.domain.vocabulary import Reason
from groundwire_server.edge.gateway.clients import Clients
from groundwire_server.edge.gateway.connect import ConnectApp, content_types_of
from groundwire_server.edge.gateway.heads import headers_of, refusal_of
from groundwire_server.edge.gateway.http_call import (
    HttpCall,
    Message,
    Receive,
    RequestBody,
    Scope,
    Send,
    enter_http_call,
)
from groundwire_server.edge.gateway.listening import HttpConnection
from groundwire_server.edge.gateway.origins import Origins
from groundwire_server.edge.gateway.pages import Pages
from groundwire_server.edge.gateway.reply import (
    NO_STORE,
    NOSNIFF,
    HttpHeaders,
    reply,
    reply_error,
    reply_json,
    reply_text,
)
from groundwire_server.edge.gateway.routes import HttpRoutes
from groundwire_server.edge.limits import RECEIVE_LIMIT

_HEALTH: Final = "/healthz"
_READS: Final = ("GET", "HEAD")
_CALLS: Final = ("POST",)
_PLAIN: Final = "identity"

_log = logging.getLogger(__name__)


class GatewayApp:
    """Checks requests, and hands each to the protocol, the endpoint or the page that it is for.

    Args:
        handlers: of the contract's methods, by `package.Service/Method`, behind the interceptors.
        routes: endpoints of plain HTTP.
        pages: the page for browsers; None where it is not served.
        origins: decides which requests of browsers are served.
        clients: reads the addresses of clients.
        max_bytes: the largest message of a call.

    Attributes:
        healthy: whether the server takes calls.
    """

    def __init__(
        self,
        handlers: Mapping[str, Any],
        routes: HttpRoutes,
        pages: Pages | None,
        origins: Origins,
        clients: Clients,
        max_bytes: int = RECEIVE_LIMIT,
    ) -> None:
        self._connect = ConnectApp(handlers, max_bytes)
        self._methods = {f"/{method}": content_types_of(method) for method in handlers}
        self._routes = routes
        self._pages = pages
        self._origins = origins
        self._clients = clients
        self.healthy = True

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one request."""
        connection: HttpConnection = scope["state"]["connection"]
        refusal = refusal_of(scope, connection.max_header_bytes)
        if refusal is not None:
            closing = ((b"connection", b"close"),) if refusal.closes else ()
            await reply_error(send, refusal.status, refusal.code, refusal.message, closing)
            return
        headers = headers_of(scope["headers"])
        if headers is None:
            await reply_error(send, 400, "invalid_argument", "send headers as ASCII")
            return
        address, port = scope["client"] or ("", 0)
        peer = self._clients.peer(address, port, headers.get("x-forwarded-for", ""))
        sender = _Sender(send, self._origins.headers(headers))
        call = HttpCall(scope, RequestBody(receive), sender, headers, peer, connection.certificates)
        enter_http_call(call)
        try:
            await self._serve(call)
        except Exception as error:  # noqa: BLE001  # the edge: the client gets no text of an exception
            _log.error("%s: %s", type(error).__name__, "".join(traceback.format_tb(error.__traceback__)))
            if sender.started:
                connection.abort()
            else:
                await reply_error(sender, 500, "internal", "An internal error.")
        finally:
            if call.exchange is not None:
                await call.exchange.cancel(Reason.CANCELLED)

    async def _serve(self, call: HttpCall) -> None:
        headers, method, path = call.headers, call.scope["method"], call.scope["path"]
        if not self._origins.serves(headers.get("host", "")):
            advice = "this server does not answer to the name in Host: use another, or add it to gateway.hosts"
            await _refuse(call, 421, "permission_denied", advice)
        elif not self._origins.allows(headers):
            advice = "pages of this origin may not call: add it to gateway.allowed_origins"
            await _refuse(call, 403, "permission_denied", advice)
        elif method == "OPTIONS":
            await reply(call.send, 204, b"", self._origins.preflight())
        elif path in self._methods:
            await self._serve_method(call)
        elif path == _HEALTH and method in _READS:
            status, word = (200, "SERVING") if self.healthy else (503, "NOT_SERVING")
            await reply_json(call.send, status, {"status": word})
        elif (route := self._routes.get(path)) is not None:
            if method not in route.methods:
                await _refuse_method(call, route.methods)
            elif route.content_types and _content_type(headers) not in route.content_types:
                await _refuse_type(call, route.content_types)
            elif headers.get("content-encoding", _PLAIN) != _PLAIN:
                await _refuse(call, 415, "unimplemented", "send the body without content-encoding")
            else:
                await route.serve(call)
        elif self._pages is not None and method in _READS and self._pages.has(path):
            await self._pages.serve(call)
        else:
            await _refuse(call, 404, "unimplemented", "there is nothing at this path")

    async def _serve_method(self, call: HttpCall) -> None:
        kind = _content_type(call.headers)
        if call.scope["method"] not in _CALLS:
            await _refuse_method(call, _CALLS)
        elif kind == "application/grpc" or kind.startswith("application/grpc+"):
            advice = "this is not the port of gRPC: use server.listen, or gRPC-Web or the Connect protocol here"
            await _refuse(call, 415, "unimplemented", advice)
        elif kind not in (kinds := self._methods[call.scope["path"]]):
            await _refuse_type(call, kinds)
        else:
            # ASGI has types of its own.
            scope, receive, send = (cast("Any", each) for each in (call.scope, call.body.receive, call.send))
            await self._connect(scope, receive, send)


class _Sender:
    """Sends responses with the headers that all of them have.

    Attributes:
        started: whether a response has begun.
    """

    def __init__(self, send: Send, headers: HttpHeaders) -> None:
        self._send = send
        self._headers = tuple(headers)
        self.started = False

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.started = True
            headers = [*message["headers"], *self._headers]
            if NOSNIFF not in headers:
                # The library's own responses: calls, which no cache keeps.
                headers += (NOSNIFF, NO_STORE)
            message["headers"] = headers
        await self._send(message)


async def _refuse(call: HttpCall, status: int, code: str, message: str, headers: HttpHeaders = ()) -> None:
    """Refuse a request, in JSON where its sender takes that for an error: a client of gRPC-Web does not."""
    if _content_type(call.headers).startswith("application/grpc-web"):
        await reply_text(call.send, status, message, headers)
    else:
        await reply_error(call.send, status, code, message, headers)


async def _refuse_method(call: HttpCall, methods: Collection[str]) -> None:
    allowed = ", ".join(methods)
    # The protocol has no error for it but the status.
    await reply_text(call.send, 405, f"send the request with {allowed}", [(b"allow", allowed.encode())])


async def _refuse_type(call: HttpCall, kinds: Iterable[str]) -> None:
    shown = ", ".join(kinds)
    # The protocol has no error for it but the status.
    accept = [(b"accept-post", shown.encode())]
    await reply_text(call.send, 415, f"send the request with content-type {shown}", accept)


def _content_type(headers: Mapping[str, str]) -> str:
    return headers.get("content-type", "").partition(";")[0].strip().lower()
