"""Checks of the server and of the connection to it."""

import socket
from collections.abc import Iterator
from datetime import UTC, datetime

from groundwire_server.app.check_result import CheckResult
from groundwire_server.cli.doctor.certificates import validity
from groundwire_server.cli.doctor.server import check_server
from groundwire_server.cli.doctor.target import Target

_SECONDS = 3.0


def remote(target: Target) -> Iterator[CheckResult]:
    """Yield results from the address to the corpus; what cannot be checked after a failure is left out."""
    connection = target.connection
    host, _, port = connection.server.removeprefix("dns:///").rpartition(":")
    if not connection.server.startswith("unix:"):
        if not host or not port.isdecimal():
            yield CheckResult.fail("tcp", f"{connection.server} is not an address", "give --server HOST:PORT")
            return
        refused = connect_error(host.strip("[]"), int(port))
        if refused:
            advice = "start one with `groundwire serve`, or correct --server"
            yield CheckResult.fail("tcp", f"nothing answers at {connection.server} ({refused})", advice)
            return
        yield CheckResult.ok("tcp", f"{connection.server} accepts connections")
        if connection.secured:
            yield from validity(connection, (host.strip("[]"), int(port)), datetime.now(UTC))
    if target.missing is None:
        yield from check_server(target, _SECONDS)
    else:
        yield target.missing


def connect_error(host: str, port: int) -> str:
    """Return why no connection can be opened; empty when one can."""
    try:
        with socket.create_connection((host, port), _SECONDS):
            return ""
    except (OSError, OverflowError) as failed:
        return getattr(failed, "strerror", None) or str(failed)
