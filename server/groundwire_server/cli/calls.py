"""Turns what a call raises into how the command ends."""

from collections.abc import Iterator
from contextlib import contextmanager

import grpc

import groundwire
from groundwire.retrying import DEFAULT_RETRY
from groundwire_server.cli import credentials
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.exits import CommandError, ExitCode

_HINTS = {
    "UNAUTHENTICATED": "give --token-file or --api-key-file, or correct what is in it",
    "FORBIDDEN": "use a credential of that role and tenant, and leave out --tenant",
}
_WAYS = {
    "CERTIFICATE_VERIFY_FAILED": "The server's certificate is not trusted: give its authority with --tls-ca",
    "Hostname Verification": "The server's certificate names other addresses: give --server one of those",
    "WRONG_VERSION_NUMBER": "What answers there has no TLS: leave out --tls and its files",
    "Socket closed": "What answers there speaks no plain gRPC: add --tls if it has TLS; `groundwire doctor` says more",
}
"""What gRPC's own words about a way that leads nowhere mean."""


@contextmanager
def failures_stop() -> Iterator[None]:
    """Ends the command with a line and an exit code when a call fails.

    Raises:
        CommandError: for a failed call, or an identity that cannot be sent.
    """
    try:
        yield
    except groundwire.Error as failed:
        raise CommandError(_code(failed), _told(failed)) from None
    except KeyboardInterrupt:
        raise CommandError(ExitCode.INTERRUPTED, "interrupted; what ran on the server is cancelled") from None


def connect(
    connection: ConnectionOptions,
    principals: list[str] | None = None,
    timeout: float = 30.0,
    retry: groundwire.Retry | None = DEFAULT_RETRY,
) -> groundwire.SyncClient:
    """Return a client of the server.

    Raises:
        CommandError: when a credential, the tenant or a principal cannot be sent.
    """
    settings = credentials.settings_of(connection)
    with credentials.wrong_usage():
        credential = settings.credential()
        credentials.check_way(settings, credential)
        return groundwire.SyncClient(
            settings.server,
            tenant=settings.caller_tenant(credential),
            principals=principals or (),
            token=credential.token,
            api_key=credential.api_key,
            tls=settings.security(),
            timeout=timeout,
            retry=retry,
        )


def _told(failed: groundwire.Error) -> str:
    """What happened and what to do."""
    if not failed.unreachable:
        hint = _HINTS.get(failed.reason)
        return f"{failed}; {hint}" if hint else str(failed)
    for words, told in _WAYS.items():
        if words in str(failed):
            return told
    return f"{failed.message.rstrip('.')}; `groundwire doctor` says more"


def _code(failed: groundwire.Error) -> ExitCode:
    if failed.unreachable:
        return ExitCode.UNREACHABLE
    # What breaks a limit came from the command line.
    return ExitCode.USAGE if failed.code is grpc.StatusCode.INVALID_ARGUMENT else ExitCode.FAILED
