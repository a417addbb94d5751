"""Looks at the server: the way to it, who it is, how it is."""

from collections.abc import Iterator
from datetime import UTC, datetime

from groundwire_server.app.check_result import CheckResult, CheckState
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.doctor.certificates import validity
from groundwire_server.cli.doctor.server import ask
from groundwire_server.cli.doctor.sockets import refusal

_SECONDS = 3.0


def remote(connection: ConnectionOptions) -> Iterator[CheckResult]:
    """The server, from the address to the corpus; what cannot be looked at after a failure is left out."""
    host, _, port = connection.server.removeprefix("dns:///").rpartition(":")
    if not connection.server.startswith("unix:"):
        if not host or not port.isdecimal():
            yield CheckResult(
                "tcp", CheckState.FAIL, f"{connection.server} is not an address", "give --server HOST:PORT"
            )
            return
        refused = refusal(host.strip("[]"), int(port))
        if refused:
            do = "start one with `groundwire serve`, or correct --server"
            yield CheckResult("tcp", CheckState.FAIL, f"nothing answers at {connection.server} ({refused})", do)
            return
        yield CheckResult("tcp", CheckState.OK, f"{connection.server} takes connections")
        if connection.secured:
            yield from validity(connection, (host.strip("[]"), int(port)), datetime.now(UTC))
    yield from ask(connection, _SECONDS)
