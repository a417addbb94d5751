"""Connects commands to the server, and turns failed calls into exit codes."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import TypeVar

import grpc

import groundwire
from groundwire.retrying import DEFAULT_RETRY
from groundwire_server.cli import credentials
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.exits import CommandError, ExitCode

_HINTS = {
    "UNAUTHENTICATED": "give --token-file or --api-key-file, or correct the credential in it",
    "FORBIDDEN": "use a credential that has the role and the tenant for it, and omit --tenant; on a server without "
    "authentication, name one of its tenants with --tenant",
}
_UNREACHABLE = {
    "CERTIFICATE_VERIFY_FAILED": "The server's certificate is not trusted: name its authority with --tls-ca",
    "Hostname Verification": "The server's certificate is for other host names: use one of them as --server",
    "WRONG_VERSION_NUMBER": "The server does not use TLS: omit --tls and its files",
    "Socket closed": "The server refuses plaintext gRPC: add --tls if it uses TLS; `groundwire doctor` says more",
}
"""Advice by a part of gRPC's own message, which is all that tells why a connection failed."""


@contextmanager
def failures_stop() -> Iterator[None]:
    """End the command with a line and an exit code when a call fails.

    Raises:
        CommandError: for a failed call, an identity that cannot be sent, or arguments that are not UTF-8.
    """
    try:
        yield
    except UnicodeEncodeError:
        raise CommandError(ExitCode.USAGE, "the command line is not UTF-8: set the terminal to UTF-8") from None
    except groundwire.Error as failed:
        raise CommandError(_code(failed), _message(failed)) from None
    except KeyboardInterrupt:
        raise CommandError(ExitCode.INTERRUPTED, "interrupted; the call was cancelled on the server") from None


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
    return _connected(groundwire.SyncClient, connection, principals, timeout, retry)


def connect_asyncio(
    connection: ConnectionOptions, principals: list[str] | None = None, timeout: float = 30.0
) -> groundwire.Client:
    """Return a client of the server for asyncio; `connect` says more."""
    return _connected(groundwire.Client, connection, principals, timeout, DEFAULT_RETRY)


_ClientType = TypeVar("_ClientType", groundwire.SyncClient, groundwire.Client)


def _connected(
    kind: type[_ClientType],
    connection: ConnectionOptions,
    principals: list[str] | None,
    timeout: float,
    retry: groundwire.Retry | None,
) -> _ClientType:
    settings = credentials.settings_of(connection)
    with credentials.usage_errors():
        credential = settings.credential()
        credentials.check_plaintext(settings, credential)
        return kind(
            settings.server,
            tenant=settings.caller_tenant(credential),
            principals=principals or (),
            token=credential.token,
            api_key=credential.api_key,
            tls=settings.security(),
            timeout=timeout,
            retry=retry,
        )


def _message(failed: groundwire.Error) -> str:
    """Return what happened and what to do."""
    if not failed.unreachable:
        hint = _HINTS.get(failed.reason)
        return f"{failed}; {hint}" if hint else str(failed)
    for words, advice in _UNREACHABLE.items():
        if words in str(failed):
            return advice
    return f"{failed.message.rstrip('.')}; `groundwire doctor` says more"


def _code(failed: groundwire.Error) -> ExitCode:
    if failed.unreachable or failed.connection_lost:
        return ExitCode.UNREACHABLE
    # An invalid argument came from the command line.
    return ExitCode.USAGE if failed.code is grpc.StatusCode.INVALID_ARGUMENT else ExitCode.FAILED
