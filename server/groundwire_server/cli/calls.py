"""Turns what a call raises into how the command ends."""

from collections.abc import Iterator
from contextlib import contextmanager

import grpc

import groundwire
from groundwire_server.cli.exits import ExitCode, Stop


@contextmanager
def failures_stop() -> Iterator[None]:
    """Ends the command with a line and an exit code when a call fails.

    Raises:
        Stop: for a failed call, or an identity that cannot be sent.
    """
    try:
        yield
    except groundwire.Error as failed:
        raise Stop(_code(failed), str(failed)) from None
    except KeyboardInterrupt:
        raise Stop(ExitCode.INTERRUPTED, "interrupted; what ran on the server is cancelled") from None


def connect(
    server: str, tenant: str, principals: list[str] | None = None, timeout: float = 30.0
) -> groundwire.SyncClient:
    """A client of the server.

    Raises:
        Stop: when the tenant or a principal cannot be sent.
    """
    try:
        return groundwire.SyncClient(server, tenant=tenant, principals=principals or (), timeout=timeout)
    except ValueError as wrong:
        raise Stop(ExitCode.USAGE, str(wrong)) from None


def _code(failed: groundwire.Error) -> ExitCode:
    if failed.unreachable:
        return ExitCode.UNREACHABLE
    # What breaks a limit came from the command line.
    return ExitCode.USAGE if failed.code is grpc.StatusCode.INVALID_ARGUMENT else ExitCode.FAILED
