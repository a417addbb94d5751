"""How a client connects, as environment variables say it; the `groundwire` command says the same with its options."""

import os
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from pathlib import Path
from typing import TypedDict

from groundwire.channels import DEFAULT_SERVER
from groundwire.security import Credential, Tls, Token

DEFAULT_TENANT = "local"
"""The tenant of a caller that has no credential and names none."""

_SECRET_LIMIT = 64 * 1024
_PEM_LIMIT = 1024 * 1024
_YES = frozenset({"1", "true", "t", "yes", "y", "on"})
_NO = frozenset({"0", "false", "f", "no", "n", "off"})


class Identity(TypedDict):
    """The caller and its proof, as a client takes them."""

    tenant: str
    token: Token | None
    api_key: str | None
    tls: Tls | None


@dataclass(frozen=True, slots=True)
class Settings:
    """What is said about a connection; nothing is read before it is asked for, and no secret reaches a message.

    Attributes:
        server: the address.
        tenant: whose documents the calls are about; None where nothing is said.
        token: the bearer token itself.
        token_file: the file that holds it; goes before the token.
        api_key: the API key itself.
        api_key_file: the file that holds it; goes before the key.
        tls: whether the connection is secured; implied by the three below.
        tls_ca: PEM of the authority of the server's certificate.
        tls_cert: PEM of the client's own certificate.
        tls_key: PEM of that certificate's key.
        names: what each of these is called where the user says it, by the names above.
    """

    server: str = DEFAULT_SERVER
    tenant: str | None = None
    token: str | None = field(default=None, repr=False)
    token_file: Path | None = None
    api_key: str | None = field(default=None, repr=False)
    api_key_file: Path | None = None
    tls: bool = False
    tls_ca: Path | None = None
    tls_cert: Path | None = None
    tls_key: Path | None = None
    names: Mapping[str, str] = field(default_factory=dict, repr=False)

    @classmethod
    def from_environment(cls, environ: Mapping[str, str] | None = None) -> "Settings":
        """Return what ``GROUNDWIRE_SERVER``, ``GROUNDWIRE_TOKEN`` and so on say; an empty one says nothing.

        Args:
            environ: the variables; None takes those of the process.

        Raises:
            ValueError: when ``GROUNDWIRE_TLS`` is neither yes nor no.
        """
        said = os.environ if environ is None else environ
        names = {each.name: variable(each.name) for each in fields(cls) if each.name != "names"}
        given = {name: said[named] for name, named in names.items() if said.get(named)}

        def path(name: str) -> Path | None:
            return Path(given[name]) if name in given else None

        return cls(
            server=given.get("server", DEFAULT_SERVER),
            tenant=given.get("tenant"),
            token=given.get("token"),
            token_file=path("token_file"),
            api_key=given.get("api_key"),
            api_key_file=path("api_key_file"),
            tls=_yes(given.get("tls", "no"), names["tls"]),
            tls_ca=path("tls_ca"),
            tls_cert=path("tls_cert"),
            tls_key=path("tls_key"),
            names=names,
        )

    @property
    def secured(self) -> bool:
        """Whether the connection is secured."""
        return self.tls or any(path is not None for path in (self.tls_ca, self.tls_cert, self.tls_key))

    def credential(self) -> Credential:
        """Return the token or the API key: that of a file, or else the one that is said itself.

        Raises:
            ValueError: when two are given, or a file cannot be used.
        """
        if self.token_file is not None and self.api_key_file is not None:
            raise ValueError(f"{self._both('token_file', 'api_key_file')} are two credentials: give one")
        if self.token_file is not None:
            return Credential(token=_secret(self.token_file, "token"))
        if self.api_key_file is not None:
            return Credential(api_key=_secret(self.api_key_file, "API key"))
        if self.token is not None and self.api_key is not None:
            raise ValueError(f"{self._both('token', 'api_key')} are two credentials: unset one")
        return Credential(self.token, self.api_key)

    def security(self) -> Tls | None:
        """Return what secures the connection; None when nothing does.

        Raises:
            ValueError: when a file cannot be used, or a certificate comes without its key.
        """
        if not self.secured:
            return None
        if (self.tls_cert is None) != (self.tls_key is None):
            raise ValueError(f"{self._both('tls_cert', 'tls_key')} belong together: give both, or neither")
        return Tls(
            roots=self._pem(self.tls_ca, "tls_ca", "CERTIFICATE"),
            certificate=self._pem(self.tls_cert, "tls_cert", "CERTIFICATE"),
            key=self._pem(self.tls_key, "tls_key", "PRIVATE KEY"),
        )

    def identity(self) -> Identity:
        """Return the caller and its proof, with what the files hold now.

        Raises:
            ValueError: as from `credential` and `security`.
        """
        credential = self.credential()
        return {
            "tenant": self.caller_tenant(credential),
            "token": credential.token,
            "api_key": credential.api_key,
            "tls": self.security(),
        }

    def caller_tenant(self, credential: Credential) -> str:
        """Return the tenant to name in a call; none where a credential names it."""
        if self.tenant is not None:
            return self.tenant
        return "" if credential.given or self.tls_cert is not None else DEFAULT_TENANT

    def _both(self, first: str, second: str) -> str:
        return f"{self.names.get(first, first)} and {self.names.get(second, second)}"

    def _pem(self, path: Path | None, name: str, label: str) -> bytes | None:
        if path is None:
            return None
        called = self.names.get(name, name)
        pem = _bounded(path, _PEM_LIMIT, called)
        if f"{label}-----".encode() not in pem:
            raise ValueError(f"{called} {path} does not hold a {label.lower()} in PEM")
        return pem


def variable(name: str) -> str:
    """Return the environment variable of a setting."""
    return f"GROUNDWIRE_{name.upper()}"


def _yes(said: str, called: str) -> bool:
    if said.lower() not in _YES | _NO:
        raise ValueError(f"{called} is {said!r}: set it to 1 or 0")
    return said.lower() in _YES


def _secret(path: Path, what: str) -> str:
    try:
        text = _bounded(path, _SECRET_LIMIT, what).decode("ascii").strip()
    except UnicodeDecodeError:
        raise ValueError(f"{path} does not hold a {what}: it must be printable ASCII") from None
    if not text:
        raise ValueError(f"{path} is empty: it should hold the {what} and nothing else")
    return text


def _bounded(path: Path, limit: int, what: str) -> bytes:
    """Return a file's bytes, unless it is far too large."""
    try:
        with path.open("rb") as file:
            read = file.read(limit + 1)
    except OSError as failed:
        raise ValueError(f"{path} ({what}) cannot be read: {failed.strerror}") from None
    if len(read) > limit:
        raise ValueError(f"{path} ({what}) is larger than {limit // 1024} KiB: is it the right file?")
    return read
