"""The server of the gateway's address: it listens, and drains."""

import asyncio
import logging
import ssl
from collections.abc import Iterable
from typing import Any

from groundwire_server.edge.gateway.app import GatewayApp
from groundwire_server.edge.gateway.clients import Clients
from groundwire_server.edge.gateway.connect import methods_of
from groundwire_server.edge.gateway.events import STREAM_ANSWER, AnswerEvents
from groundwire_server.edge.gateway.listening import HttpConnections
from groundwire_server.edge.gateway.options import GatewayOptions
from groundwire_server.edge.gateway.origins import Origins
from groundwire_server.edge.gateway.pages import Pages
from groundwire_server.edge.gateway.routes import HttpRoute, HttpRoutes
from groundwire_server.edge.server import Server
from groundwire_server.edge.snapshot import CurrentSnapshot

_log = logging.getLogger(__name__)


class Gateway:
    """Serves the calls of a gRPC server over HTTP too, behind the same interceptors.

    Args:
        app: what requests are served by.
        connections: of its address.
        options: where it listens.

    Attributes:
        address: its URL, once it listens.
    """

    def __init__(self, app: GatewayApp, connections: HttpConnections, options: GatewayOptions) -> None:
        self._app = app
        self._connections = connections
        self._options = options
        self.address = ""

    @classmethod
    async def of(
        cls, server: Server, options: GatewayOptions, current: CurrentSnapshot, routes: Iterable[HttpRoute] = ()
    ) -> "Gateway":
        """Return the gateway of a server.

        Args:
            server: whose calls it serves.
            options: its limits.
            current: the snapshot that calls are served by.
            routes: more endpoints of plain HTTP.
        """
        handlers: dict[str, Any] = {}
        for method in methods_of(server.services):
            handler = await server.handlers.intercepted(method)
            if handler is not None:
                handlers[method] = handler
        app = GatewayApp(
            handlers,
            HttpRoutes(AnswerEvents(handlers[STREAM_ANSWER]).route(), *routes),
            Pages.packaged() if options.page else None,
            Origins(options, lambda: current.snapshot.access.authenticated),
            Clients(options.trusted_proxies),
        )
        return cls(app, HttpConnections(app, options.limits, lambda: current.snapshot.write_seconds), options)

    async def start(self, context: ssl.SSLContext | None = None, *, reuse_port: bool = False) -> int:
        """Listen; return the port.

        Args:
            context: of TLS; None listens without.
            reuse_port: whether other processes listen there too.

        Raises:
            OSError: when the address is in use or cannot be bound.
        """
        address = self._options.listen or ""
        port = await self._connections.listen(address, context, reuse_port=reuse_port)
        scheme = "http" if context is None else "https"
        self.address = f"{scheme}://{address.rpartition(':')[0]}:{port}"
        _log.info("the gateway listens at %s", self.address)
        return port

    async def drain(self, notice: float, grace: float) -> None:
        """Report NOT_SERVING, wait, let requests finish, then stop.

        Args:
            notice: seconds for load balancers to see NOT_SERVING.
            grace: seconds for requests in progress.
        """
        self._app.healthy = False
        await asyncio.sleep(notice)
        await self._connections.drain(grace)
