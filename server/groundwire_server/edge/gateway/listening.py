"""Connections of the gateway: how many, and how long each may say nothing, or take nothing."""

import asyncio
import logging
import ssl
from collections.abc import Callable, Collection, Iterable, Mapping
from typing import Any, Final

import h11
import uvicorn
from uvicorn.protocols.http.h11_impl import H11Protocol
from uvicorn.server import ServerState

from groundwire_server.edge.gateway.options import HttpConnectionOptions
from groundwire_server.edge.gateway.reply import NO_STORE, NOSNIFF
from groundwire_server.edge.identity import network_of

_BACKLOG: Final = 1024
_LAST_SECONDS: Final = 1.0
"""Seconds in which the last responses are sent."""

_ADVICE: Final = b'{"code": "invalid_argument", "message": "send requests as HTTP/1.1 has them"}'
_REFUSED: Final = (
    (b"content-type", b"application/json"),
    (b"content-length", str(len(_ADVICE)).encode()),
    NO_STORE,
    NOSNIFF,
    (b"connection", b"close"),
)

_library_log = logging.getLogger("uvicorn.error")


class HttpConnections:
    """The open connections of one address.

    Args:
        app: serves requests, as an ASGI application.
        options: limits on connections.
        write_seconds: how long a client may take nothing of what is sent to it.
    """

    def __init__(self, app: Any, options: HttpConnectionOptions, write_seconds: Callable[[], float]) -> None:
        self.options = options
        self.write_seconds = write_seconds
        self._config = uvicorn.Config(
            app,
            http=HttpConnection,
            ws="none",
            lifespan="off",
            log_config=None,
            access_log=False,
            server_header=False,
            date_header=False,
            proxy_headers=False,
            h11_max_incomplete_event_size=options.max_header_bytes,
            timeout_keep_alive=round(options.idle_seconds),
        )
        self._config.load()
        # It would log each request that is not HTTP, and anybody can send any number of those.
        _library_log.setLevel(logging.ERROR)
        self._state = ServerState()
        # The oldest first.
        self._open: dict[HttpConnection, str] = {}
        self._of_network: dict[str, int] = {}
        self._servers: list[asyncio.Server] = []
        self._closed = asyncio.Event()
        self._draining = False

    def __repr__(self) -> str:
        return f"<HttpConnections: {len(self._open)} of {self.options.max_connections}>"

    async def listen(self, address: str, context: ssl.SSLContext | None, *, reuse_port: bool) -> int:
        """Listen; return the port.

        Args:
            address: HOST:PORT; port 0 lets the system choose one.
            context: of TLS; None listens without.
            reuse_port: whether other processes listen there too.

        Raises:
            OSError: when the address is in use or cannot be bound.
        """
        loop = asyncio.get_running_loop()
        host, _, port = address.rpartition(":")
        timeout = None if context is None else self.options.head_seconds
        try:
            server = await loop.create_server(
                lambda: HttpConnection(self, self._config, self._state, loop),
                host.strip("[]") or None,
                int(port),
                ssl=context,
                ssl_handshake_timeout=timeout,
                backlog=_BACKLOG,
                reuse_port=reuse_port or None,
            )
        except OSError as error:
            raise OSError(error.errno, f"cannot listen on {address}: is another server using it?") from error
        self._servers.append(server)
        bound: int = server.sockets[0].getsockname()[1]
        return bound

    def admit(self, connection: "HttpConnection", network: str) -> bool:
        """Take a connection in; return whether there was a place for it."""
        options = self.options
        if self._draining or self._of_network.get(network, 0) >= options.max_connections_per_address:
            return False
        if len(self._open) >= options.max_connections:
            idle = next((each for each in self._open if not each.busy), None)
            if idle is None:
                return False
            idle.abort()
            self.forget(idle)
        self._open[connection] = network
        self._of_network[network] = self._of_network.get(network, 0) + 1
        return True

    def forget(self, connection: "HttpConnection") -> None:
        """Let a connection go that has ended."""
        network = self._open.pop(connection, None)
        if network is not None:
            left = self._of_network.pop(network) - 1
            if left:
                self._of_network[network] = left
        if self._draining and not self._open:
            self._closed.set()

    async def drain(self, grace: float) -> None:
        """Take no more connections, let requests in progress finish, and close.

        Args:
            grace: seconds for requests in progress.
        """
        self._draining = True
        for server in self._servers:
            server.close()
        for connection in tuple(self._open):
            connection.shutdown()
        if self._open:
            try:
                async with asyncio.timeout(grace + _LAST_SECONDS):
                    await self._closed.wait()
            except TimeoutError:
                for connection in tuple(self._open):
                    connection.abort()
        _, late = await _ended(self._state.tasks)
        for task in late:
            task.cancel()
        await _ended(late)


async def _ended(tasks: Iterable["asyncio.Task[None]"]) -> tuple[Collection[Any], Collection["asyncio.Task[None]"]]:
    """Wait a moment for tasks; return those that have ended, and those that have not."""
    awaited = tuple(tasks)
    return await asyncio.wait(awaited, timeout=_LAST_SECONDS) if awaited else ((), ())


class HttpConnection(H11Protocol):
    """One connection, which has to send a head in time, and to take what is sent to it.

    Attributes:
        certificates: what the client's certificate says, as gRPC has it; empty without one.
    """

    def __init__(
        self, connections: HttpConnections, config: uvicorn.Config, state: ServerState, loop: asyncio.AbstractEventLoop
    ) -> None:
        super().__init__(config, state, {"connection": self}, loop)
        # It would log addresses with their queries wherever there is a handler: the option only takes handlers away.
        self.access_log = False
        self._connections = connections
        self._waiting: asyncio.TimerHandle | None = None
        self._stalled: asyncio.TimerHandle | None = None
        self._unsent = 0
        self.certificates: Mapping[str, Iterable[bytes]] = {}

    @property
    def max_header_bytes(self) -> int:
        """The largest head of a request."""
        return self._connections.options.max_header_bytes

    @property
    def busy(self) -> bool:
        """Whether a request is in progress."""
        return bool(self.cycle) and not self.cycle.response_complete

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Begin to wait for the first request, where there is a place."""
        super().connection_made(transport)
        address = "" if self.client is None else self.client[0]
        if not self._connections.admit(self, network_of(address)):
            self.abort()
            return
        self.certificates = _certificates_of(transport.get_extra_info("ssl_object"))
        self._await_head()

    def data_received(self, data: bytes) -> None:
        """Read a part of a request."""
        if self._waiting is None and not self.busy:
            self._await_head()
        super().data_received(data)
        if self.busy and self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def connection_lost(self, exc: Exception | None) -> None:
        """End what waits for the connection."""
        for timer in (self._waiting, self._stalled):
            if timer is not None:
                timer.cancel()
        self._waiting = self._stalled = None
        self._connections.forget(self)
        super().connection_lost(exc)

    def send_400_response(self, msg: str) -> None:
        """Refuse what is not HTTP, and close; a request in progress ends as if its client had left."""
        cycle = self.cycle
        if self.busy:
            cycle.disconnected = True
            cycle.message_event.set()
        if self.conn.our_state in (h11.IDLE, h11.SEND_RESPONSE):
            head = h11.Response(status_code=400, headers=list(_REFUSED), reason=b"Bad Request")
            for event in (head, h11.Data(_ADVICE), h11.EndOfMessage()):
                self.transport.write(self.conn.send(event) or b"")
        self.transport.close()

    def pause_writing(self) -> None:
        """Begin to watch a client that takes less than is sent to it."""
        super().pause_writing()
        self._watch_writing()

    def resume_writing(self) -> None:
        """Stop watching it."""
        super().resume_writing()
        if self._stalled is not None:
            self._stalled.cancel()
            self._stalled = None

    def abort(self) -> None:
        """Close at once, whatever has not been sent."""
        self.transport.abort()

    def _await_head(self) -> None:
        self._waiting = self.loop.call_later(self._connections.options.head_seconds, self.abort)

    def _watch_writing(self) -> None:
        self._unsent = self.transport.get_write_buffer_size()
        self._stalled = self.loop.call_later(self._connections.write_seconds(), self._look)

    def _look(self) -> None:
        """Close a connection that has taken nothing since the last look."""
        self._stalled = None
        if self.transport.get_write_buffer_size() >= self._unsent:
            self.abort()
        else:
            self._watch_writing()


def _certificates_of(connection: Any) -> Mapping[str, Iterable[bytes]]:
    """Return what a client's certificate says, by gRPC's names for it."""
    found = None if connection is None else connection.getpeercert()
    if not found:
        return {}
    names: list[tuple[str, str]] = [(str(kind), str(name)) for kind, name in found.get("subjectAltName", ())]
    return {
        "x509_pem_cert": (b"",),
        "peer_uri": tuple(name.encode() for kind, name in names if kind == "URI"),
        "peer_dns": tuple(name.encode() for kind, name in names if kind == "DNS"),
    }
