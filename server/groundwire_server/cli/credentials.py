"""Reads what a connection is made with from files and the environment; nothing of a secret reaches a message."""

import os
from dataclasses import dataclass, field
from pathlib import Path

import groundwire
from groundwire.security import on_this_machine
from groundwire_server.cli.connection import API_KEY_VARIABLE, DEFAULT_TENANT, TOKEN_VARIABLE, ConnectionOptions
from groundwire_server.cli.exits import CommandError, ExitCode

_SECRET_LIMIT = 64 * 1024
_PEM_LIMIT = 1024 * 1024


@dataclass(frozen=True, slots=True)
class Credential:
    """What proves who asks; at most one is given."""

    token: str | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)

    @property
    def given(self) -> bool:
        """Whether there is one."""
        return self.token is not None or self.api_key is not None


def credential(connection: ConnectionOptions) -> Credential:
    """The token or the API key: that of an option, or else that of the environment.

    Raises:
        CommandError: when two are given, or a file cannot be used.
    """
    if connection.token_file is not None and connection.api_key_file is not None:
        raise CommandError(ExitCode.USAGE, "--token-file and --api-key-file are two credentials: give one")
    if connection.token_file is not None:
        return Credential(token=_secret(connection.token_file, "token"))
    if connection.api_key_file is not None:
        return Credential(api_key=_secret(connection.api_key_file, "API key"))
    token, api_key = os.environ.get(TOKEN_VARIABLE), os.environ.get(API_KEY_VARIABLE)
    if token and api_key:
        raise CommandError(ExitCode.USAGE, f"{TOKEN_VARIABLE} and {API_KEY_VARIABLE} are two credentials: unset one")
    return Credential(token or None, api_key or None)


def tls(connection: ConnectionOptions) -> groundwire.Tls | None:
    """What secures the connection; None when nothing was said about it.

    Raises:
        CommandError: when a file cannot be used, or one comes without the other.
    """
    if not connection.secured:
        return None
    if (connection.tls_cert is None) != (connection.tls_key is None):
        raise CommandError(ExitCode.USAGE, "--tls-cert and --tls-key belong together: give both, or neither")
    return groundwire.Tls(
        roots=_pem(connection.tls_ca, "--tls-ca", "CERTIFICATE"),
        certificate=_pem(connection.tls_cert, "--tls-cert", "CERTIFICATE"),
        key=_pem(connection.tls_key, "--tls-key", "PRIVATE KEY"),
    )


def check_way(connection: ConnectionOptions, proof: Credential) -> None:
    """Holds back a credential that would be readable on its way.

    Raises:
        CommandError: when it is.
    """
    if proof.given and not connection.secured and not on_this_machine(connection.server):
        told = f"a credential is not sent to {connection.server} over a connection that anybody on the way can read"
        raise CommandError(
            ExitCode.USAGE, f"{told}: add --tls, or --tls-ca FILE where the server's authority is your own"
        )


def tenant(connection: ConnectionOptions, proof: Credential) -> str:
    """The tenant to name in the call; none where a credential names it."""
    if connection.tenant is not None:
        return connection.tenant
    return "" if proof.given or connection.tls_cert is not None else DEFAULT_TENANT


def _secret(path: Path, what: str) -> str:
    try:
        text = _bounded(path, _SECRET_LIMIT, what).decode("ascii").strip()
    except UnicodeDecodeError:
        raise CommandError(ExitCode.USAGE, f"{path} holds no {what}: it must be printable ASCII") from None
    if not text:
        raise CommandError(ExitCode.USAGE, f"{path} is empty: it should hold the {what} and nothing else")
    return text


def _pem(path: Path | None, option: str, label: str) -> bytes | None:
    if path is None:
        return None
    pem = _bounded(path, _PEM_LIMIT, option)
    if f"{label}-----".encode() not in pem:
        raise CommandError(ExitCode.USAGE, f"{option} {path} holds no PEM of a {label.lower()}")
    return pem


def _bounded(path: Path, limit: int, what: str) -> bytes:
    """A file's bytes, unless there are far more than it should hold."""
    try:
        with path.open("rb") as file:
            read = file.read(limit + 1)
    except OSError as failed:
        raise CommandError(ExitCode.USAGE, f"{path} ({what}) cannot be read: {failed.strerror}") from None
    if len(read) > limit:
        raise CommandError(ExitCode.USAGE, f"{path} is over {limit // 1024} KiB, which no {what} is: give another file")
    return read
