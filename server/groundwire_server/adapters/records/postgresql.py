"""Records in PostgreSQL, through asyncpg."""

import ssl
from collections.abc import Mapping
from typing import Any, Final

import asyncpg
from sqlalchemy import URL
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from groundwire_server.adapters.records.faults import RecordsFault
from groundwire_server.adapters.records.options import RecordsOptions

READING: Final[Mapping[str, Any]] = {"postgresql_readonly": True}
WRITING: Final[Mapping[str, Any]] = {}
BARE: Final[Mapping[str, Any]] = {"isolation_level": "AUTOCOMMIT"}

FOREIGN: Final[tuple[type[Exception], ...]] = (asyncpg.PostgresError, asyncpg.InterfaceError, OSError)
"""What making a connection raises; `TimeoutError` and `ssl.SSLError` are kinds of OSError."""

_FAULTS: Final = {
    "28": RecordsFault.WRONG_CREDENTIAL,
    "3D000": RecordsFault.NO_DATABASE,
    "42501": RecordsFault.FORBIDDEN,
    "42P01": RecordsFault.NO_SCHEMA,
    "42703": RecordsFault.OLD_SCHEMA,
    "25006": RecordsFault.READ_ONLY,
    "53100": RecordsFault.FULL,
    "53200": RecordsFault.OUT_OF_MEMORY,
    "53300": RecordsFault.BUSY,
    "55P03": RecordsFault.BUSY,
    "40001": RecordsFault.BUSY,
    "40P01": RecordsFault.BUSY,
    "25P03": RecordsFault.SLOW,
    "57014": RecordsFault.SLOW,
    "57P": RecordsFault.UNREACHABLE,
    "08": RecordsFault.UNREACHABLE,
    "58": RecordsFault.DISK,
    "XX001": RecordsFault.CORRUPT,
    "XX002": RecordsFault.CORRUPT,
    "XX000": RecordsFault.OTHER,
}
"""By PostgreSQL's codes and the beginnings of them, which are its classes."""

_PATIENCE: Final = 1.0
"""Seconds that PostgreSQL has to end a statement by itself before the connection is given up: a lost network."""

_LONGEST_PAUSE: Final = 5.0
"""Seconds between two statements of a transaction, beyond which its process is taken for stopped."""


def engine(options: RecordsOptions) -> AsyncEngine:
    """Return an engine, all of whose waits are bounded."""
    connecting: dict[str, Any] = {
        # Beside the URL: the folder of a socket cannot be a host in it.
        "host": options.host,
        "ssl": _tls(options),
        "timeout": options.connect_seconds,
        "command_timeout": options.statement_seconds + _PATIENCE,
        "server_settings": {
            "application_name": "groundwire",
            "statement_timeout": _milliseconds(options.statement_seconds),
            # Shorter: a lock that another holds is told from a slow statement.
            "lock_timeout": _milliseconds(options.statement_seconds / 2),
            # A process that was stopped in the middle must not hold its locks for ever.
            "idle_in_transaction_session_timeout": _milliseconds(options.statement_seconds + _LONGEST_PAUSE),
        },
    }
    password = None if options.password is None else options.password.reveal()
    return create_async_engine(
        URL.create("postgresql+asyncpg", options.username, password, port=options.port, database=options.database),
        connect_args=connecting,
        # They are names and sealed texts, and errors are logged.
        hide_parameters=True,
        pool_size=options.pool,
        max_overflow=0,
        pool_timeout=options.connect_seconds,
        # A PostgreSQL that was restarted has closed the connections that wait here.
        pool_pre_ping=True,
    )


def fault_of(error: BaseException) -> RecordsFault | None:
    """Return what is wrong; None for a broken constraint or a defect of ours."""
    # SQLAlchemy's wrapper has the code, and the driver's own error as its cause.
    code = getattr(error, "sqlstate", None)
    if code:
        return next((fault for begins, fault in _FAULTS.items() if code.startswith(begins)), None)
    cause = error.__cause__
    # The driver says with the bare class alone that the server has no TLS.
    if any(isinstance(each, ssl.SSLError) or type(each) is ConnectionError for each in (error, cause)):
        return RecordsFault.TLS
    if any(isinstance(each, (OSError, asyncpg.InterfaceError)) for each in (error, cause)):
        return RecordsFault.UNREACHABLE
    return None


def _milliseconds(seconds: float) -> str:
    return str(max(1, round(seconds * 1000)))


def _tls(options: RecordsOptions) -> ssl.SSLContext | bool:
    return ssl.create_default_context(cafile=options.ca_file) if options.verified else False
