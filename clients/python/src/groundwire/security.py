"""The credential of a client, and how its connection is secured."""

import ipaddress
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeAlias

import grpc

from groundwire.caller import Metadata

AUTHORIZATION = "authorization"
API_KEY = "groundwire-api-key"

Token: TypeAlias = str | Callable[[], str]
"""A bearer token, or a function that returns the one to send; it is called for every call, and must not wait."""

_SCHEMES = ("dns:///", "dns:", "ipv4:", "ipv6:")


@dataclass(frozen=True, slots=True)
class Tls:
    """What secures a connection: PEM, as bytes or as a file's path.

    Attributes:
        roots: authorities of the server's certificate; None takes those that come with gRPC.
        certificate: the client's own certificate, where the server asks for one.
        key: its private key.
    """

    roots: bytes | str | Path | None = None
    certificate: bytes | str | Path | None = None
    key: bytes | str | Path | None = field(default=None, repr=False)

    def credentials(self) -> grpc.ChannelCredentials:
        """Return what gRPC connects with.

        Raises:
            ValueError: when a certificate comes without its key, or a key without its certificate.
            OSError: when a file cannot be read.
        """
        if (self.certificate is None) != (self.key is None):
            raise ValueError("a client certificate and its key belong together: give both, or neither")
        return grpc.ssl_channel_credentials(_pem(self.roots), _pem(self.key), _pem(self.certificate))


@dataclass(frozen=True, slots=True)
class Credential:
    """What proves the caller's identity with every call: at most one of the two, and it stays out of every text.

    Attributes:
        token: a bearer token, or a function that returns one.
        api_key: an API key.
    """

    token: Token | None = field(default=None, repr=False)
    api_key: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        if self.token is not None and self.api_key is not None:
            raise ValueError("give a token or an API key, not both: a server takes one credential")
        if self.api_key is not None:
            _check(self.api_key, "API key")
        if isinstance(self.token, str):
            _check(self.token, "token")

    @property
    def given(self) -> bool:
        """Whether there is one."""
        return self.token is not None or self.api_key is not None

    @property
    def kind(self) -> str:
        """What kind of credential it is, and nothing of it."""
        return "API key" if self.api_key is not None else "token" if self.token is not None else "no credential"

    def check_connection(self, server: str, *, secured: bool) -> None:
        """Hold back a credential that would be readable on its way.

        Raises:
            ValueError: when there is one, the connection is not secured, and the server is on another machine.
        """
        if self.given and not secured and not on_this_machine(server):
            raise ValueError(
                f"no credential is sent to {server} over an unencrypted connection: "
                "give tls=groundwire.Tls(), with roots= for a private certificate authority"
            )

    def metadata(self) -> Metadata:
        """Return the entry to send.

        Raises:
            ValueError: when the function of the token returns one that cannot be sent.
        """
        if self.api_key is not None:
            return ((API_KEY, self.api_key),)
        if self.token is None:
            return ()
        token = self.token if isinstance(self.token, str) else self.token()
        _check(token, "token")
        return ((AUTHORIZATION, f"Bearer {token}"),)


def channel_credentials(tls: Tls | None, credentials: grpc.ChannelCredentials | None) -> grpc.ChannelCredentials | None:
    """Return what secures a connection; None when nothing does.

    Raises:
        ValueError: when it is said in two ways.
    """
    if tls is not None and credentials is not None:
        raise ValueError("give tls or credentials, not both")
    return credentials if tls is None else tls.credentials()


def on_this_machine(server: str) -> bool:
    """Return whether an address never leaves this machine; one that is not understood does."""
    if server.startswith(("unix:", "unix-abstract:")):
        return True
    for scheme in _SCHEMES:
        server = server.removeprefix(scheme)
    host = server.rpartition(":")[0].strip("[]")
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _check(secret: str, what: str) -> None:
    """Refuse what metadata cannot carry; the message does not repeat the secret."""
    if not secret or not (secret.isascii() and secret.isprintable()) or " " in secret or "," in secret:
        raise ValueError(f"the {what} must be printable ASCII without white space and commas, and not empty")


def _pem(given: bytes | str | Path | None) -> bytes | None:
    return given if given is None or isinstance(given, bytes) else Path(given).read_bytes()
