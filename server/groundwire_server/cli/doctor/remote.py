"""Looks at the server: the way to it, who it is, how it is."""

from collections.abc import Iterator
from datetime import UTC, datetime

from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.doctor.certificates import validity
from groundwire_server.cli.doctor.report import Finding, State
from groundwire_server.cli.doctor.server import ask
from groundwire_server.cli.doctor.sockets import refusal

_SECONDS = 3.0


def remote(connection: ConnectionOptions) -> Iterator[Finding]:
    """The server, from the address to the corpus; what cannot be looked at after a failure is left out."""
    host, _, port = connection.server.removeprefix("dns:///").rpartition(":")
    if not connection.server.startswith("unix:"):
        if not host or not port.isdecimal():
            yield Finding("tcp", State.FAIL, f"{connection.server} is no address", "give --server HOST:PORT")
            return
        refused = refusal(host.strip("[]"), int(port))
        if refused:
            do = "start one with `groundwire serve`, or correct --server"
            yield Finding("tcp", State.FAIL, f"nothing answers at {connection.server} ({refused})", do)
            return
        yield Finding("tcp", State.OK, f"{connection.server} takes connections")
        if connection.secured:
            yield from validity(connection, (host.strip("[]"), int(port)), datetime.now(UTC))
    yield from ask(connection, _SECONDS)
