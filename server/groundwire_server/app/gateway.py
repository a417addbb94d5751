"""The gateway of a process, where its configuration has one."""

import ssl
from collections.abc import Sequence
from typing import TYPE_CHECKING

from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.configuration import Configuration
from groundwire_server.edge.options import TlsOptions
from groundwire_server.edge.server import Server
from groundwire_server.edge.snapshot import CurrentSnapshot

if TYPE_CHECKING:
    from groundwire_server.edge.gateway.routes import HttpRoute
    from groundwire_server.edge.gateway.server import Gateway


async def open_gateway(server: Server, configuration: Configuration, current: CurrentSnapshot) -> "Gateway | None":
    """Return the gateway of a server, which listens; None where the configuration has none.

    Args:
        server: whose calls it serves.
        configuration: of the process.
        current: the snapshot that calls are served by.

    Raises:
        TlsError: when its certificate cannot be used.
        OSError: when its address is in use or cannot be bound.
    """
    options = configuration.gateway
    if options.listen is None:
        return None
    # Imported here: a server without a gateway does not need what it is made of.
    from groundwire_server.edge.gateway.server import Gateway  # noqa: PLC0415

    gateway = await Gateway.of(server, options, current, await _callbacks(server, configuration))
    await gateway.start(_tls(options.tls), reuse_port=configuration.server.workers > 1)
    return gateway


async def _callbacks(server: Server, configuration: Configuration) -> "Sequence[HttpRoute]":
    """Return the endpoint of ticketing systems, where one is configured."""
    systems = configuration.reviews.callbacks
    if not systems:
        return ()
    from groundwire_server.edge.gateway.callback import ReviewCallbacks  # noqa: PLC0415  # as above
    from groundwire_server.edge.gateway.callback_calls import METHODS, SERVICE  # noqa: PLC0415

    handlers = {method: await server.handlers.intercepted(f"{SERVICE}/{method}") for method in METHODS}
    clock = SystemClock()
    return (ReviewCallbacks(handlers, systems, lambda: clock.today().timestamp()).route(),)


def _tls(options: TlsOptions | None) -> ssl.SSLContext | None:
    if options is None:
        return None
    from groundwire_server.edge.gateway.tls import GatewayTls  # noqa: PLC0415  # as above

    return GatewayTls(options, SystemClock()).context
