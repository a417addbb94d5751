"""Options of the database of records."""

import base64
import binascii
from pathlib import Path
from typing import Annotated, Final, Self
from urllib.parse import SplitResult, parse_qs, unquote, urlsplit

from pydantic import AfterValidator, Field, model_validator

from groundwire_server.domain.loopback import on_this_machine
from groundwire_server.options import Options
from groundwire_server.options.login import LoginOptions
from groundwire_server.options.secret import Secret

KEY_BYTES: Final = 32
FILE: Final = "records.sqlite3"
"""The name of the file of SQLite where none is named."""

_SQLITE: Final = "sqlite:///"
_POSTGRESQL: Final = "postgresql://"


def _url(url: str) -> str:
    if url.startswith(_SQLITE):
        if url == _SQLITE or "?" in url or "#" in url or ":memory:" in url:
            raise ValueError("must name a file, such as sqlite:///groundwire-data/records.sqlite3")
        return url
    if not url.startswith(_POSTGRESQL):
        raise ValueError("must begin with sqlite:/// and a path, or with postgresql://")
    try:
        parts = urlsplit(url)
        asked = parse_qs(parts.query, strict_parsing=True) if parts.query else {}
        port = parts.port
    except ValueError:
        raise ValueError("must be like postgresql://HOST:PORT/DATABASE") from None
    if "@" in parts.netloc:
        raise ValueError("must hold no user name or password: set `username` and `password`")
    if port == 0 or parts.path in {"", "/"} or "/" in parts.path[1:]:
        raise ValueError("must be like postgresql://HOST:PORT/DATABASE")
    if asked.keys() - {"host"} or len(asked.get("host", [""])) != 1 or (parts.hostname and asked):
        raise ValueError("takes nothing after `?` but the folder of a socket: postgresql:///DATABASE?host=/FOLDER")
    if not parts.hostname and not asked.get("host", [""])[0].startswith("/"):
        raise ValueError("must name a host, or the folder of a socket: postgresql:///DATABASE?host=/FOLDER")
    return url


def key_bytes(written: str) -> bytes:
    """Return the bytes of a key that is written in base64.

    Raises:
        ValueError: when it is not 32 bytes in base64; the message holds no part of it.
    """
    try:
        key = base64.b64decode(written, validate=True)
    except binascii.Error:
        key = b""
    if len(key) != KEY_BYTES:
        raise ValueError("must be 32 bytes in base64: `openssl rand -base64 32` makes one")
    return key


def _key(key: Secret) -> Secret:
    key_bytes(key.reveal())
    return key


class RecordsKeyOptions(Options):
    """A key that texts in records are encrypted with."""

    id: str = Field(
        pattern="^[a-z0-9][a-z0-9_.-]{0,15}$",
        description="Name of the key, which each record carries.",
        examples=["k1"],
    )
    key: Annotated[Secret, AfterValidator(_key)] = Field(
        description="The key, a reference: env://NAME or file:///PATH of 32 bytes in base64, as "
        "`openssl rand -base64 32` prints them.",
        examples=["env://RECORDS_KEY"],
    )


class RetentionOptions(Options):
    """How long records are kept."""

    done_days: float = Field(7.0, gt=0, le=3650, description="Days that a finished operation keeps its answer.")
    history_days: float = Field(
        90.0, gt=0, le=3650, description="Days of the history of operations: events and times, no texts."
    )
    ledger_days: float = Field(
        400.0, gt=0, le=3650, description="Days of what operations have consumed: numbers, no texts."
    )
    review_days: float = Field(
        30.0,
        gt=0,
        le=3650,
        description="Days that reviews are kept with their texts after their end, where the route does not say. The "
        "audit trail of them, which has no texts, is kept for good.",
    )
    feedback_days: float = Field(
        90.0,
        gt=0,
        le=3650,
        description="Days that feedback is kept, and the answers that are kept for it, where the route does not say.",
    )
    recording_days: float = Field(
        14.0, gt=0, le=3650, description="Days that recordings of calls are kept, where the route does not say."
    )
    usage_days: float = Field(
        400.0, gt=0, le=3650, description="Days of the accounts of usage: numbers by tenant, subject and day, no texts."
    )
    experiment_days: float = Field(
        180.0,
        gt=0,
        le=3650,
        description="Days that the results of an experiment are kept after its end: numbers by unit, which is a keyed "
        "digest.",
    )


class RecordsOptions(LoginOptions):
    """The database of what outlives the process, such as queued questions: a file, or a PostgreSQL that many share."""

    enabled: bool = Field(
        True, description="Whether there is one; without it nothing is queued, and nothing outlives the process."
    )
    url: Annotated[str, AfterValidator(_url)] | None = Field(
        None,
        description="Where it is: sqlite:/// and the path of a file, which is made at the first start; or "
        "postgresql://HOST:PORT/DATABASE, or postgresql:///DATABASE?host=/FOLDER of a socket, which need the extra "
        "`postgres` and `groundwire db upgrade`; if unset, `records.sqlite3` in the folder of the first embedded "
        "store, or in `groundwire-data`.",
        examples=["postgresql://127.0.0.1:5432/groundwire"],
    )
    tls: bool | None = Field(
        None,
        description="Whether PostgreSQL must prove its identity over TLS; if unset, where it is on another machine.",
    )
    ca_file: Path | None = Field(
        None,
        description="Authorities of PostgreSQL's certificate, PEM; the system's if unset.",
        examples=["/etc/groundwire/postgresql-ca.pem"],
    )
    keys: tuple[RecordsKeyOptions, ...] | None = Field(
        None,
        description="Keys that texts are encrypted with: the first encrypts, all decrypt. If unset, a key is made in "
        "`records.key` beside the SQLite file; PostgreSQL needs one here.",
        examples=[[{"id": "k1", "key": "env://RECORDS_KEY"}]],
    )
    pool: int = Field(8, ge=2, le=1000, description="Open connections of each process.")
    connect_seconds: float = Field(2.0, gt=0, le=60, description="Longest wait for a connection.")
    statement_seconds: float = Field(
        5.0, gt=0, le=600, description="Longest time of one statement, or wait for a lock."
    )
    retention: RetentionOptions = Field(
        default_factory=RetentionOptions, description="How long records are kept, by what they hold."
    )

    @model_validator(mode="after")
    def _fits(self) -> Self:
        if self.file is not None:
            for name in ("username", "password", "tls", "ca_file"):
                if getattr(self, name) is not None:
                    raise ValueError(f"`{name}` is of PostgreSQL, and `url` names a file")
        elif self.keys is None:
            raise ValueError(
                "PostgreSQL needs `keys`, which encrypt what it keeps: `openssl rand -base64 32` makes one"
            )
        if self.keys == ():
            raise ValueError("`keys` must hold one, or be left out")
        ids = [each.id for each in self.keys or ()]
        if len(set(ids)) < len(ids):
            raise ValueError("two of `keys` have the same id")
        return self

    @property
    def file(self) -> Path | None:
        """The file of SQLite; None where the database is PostgreSQL."""
        if self.url is None:
            return Path("groundwire-data", FILE)
        return Path(self.url.removeprefix(_SQLITE)) if self.url.startswith(_SQLITE) else None

    def beside(self, folder: Path) -> "RecordsOptions":
        """Return the options with the default file in a folder, unless they name a database."""
        return self.model_copy(update={"url": f"{_SQLITE}{folder / FILE}"}) if self.url is None else self

    @property
    def place(self) -> str:
        """Where it is, for messages."""
        return self.url or f"{_SQLITE}{self.file}"

    @property
    def host(self) -> str:
        """The host of PostgreSQL, or the folder of its socket."""
        parts = self._parts
        return parts.hostname or parse_qs(parts.query)["host"][0]

    @property
    def port(self) -> int:
        """The port of PostgreSQL."""
        return self._parts.port or 5432

    @property
    def database(self) -> str:
        """The name of the database in PostgreSQL."""
        return unquote(self._parts.path[1:])

    @property
    def verified(self) -> bool:
        """Whether PostgreSQL must prove its identity over TLS."""
        return not (self.host.startswith("/") or on_this_machine(self.host)) if self.tls is None else self.tls

    @property
    def _parts(self) -> SplitResult:
        return urlsplit(self.url or "")
