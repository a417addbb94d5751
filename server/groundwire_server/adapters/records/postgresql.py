"""Records in PostgreSQL, through asyncpg."""

import ssl
from collections.abc import Callable, Mapping
from typing import Any, Final, TypeVar

import asyncpg
from sqlalchemy import URL, Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from groundwire_server.adapters.records.engine import RecordsDialect, TransactionKind
from groundwire_server.adapters.records.faults import RecordsFault
from groundwire_server.adapters.records.options import RecordsOptions

T = TypeVar("T")

_OPTIONS: Final[Mapping[TransactionKind, Mapping[str, Any]]] = {
    TransactionKind.READING: {"postgresql_readonly": True},
    TransactionKind.WRITING: {},
    TransactionKind.NONE: {"isolation_level": "AUTOCOMMIT"},
}

_FAULTS: Final = {
    "28": RecordsFault.WRONG_CREDENTIAL,
    "3D000": RecordsFault.NO_DATABASE,
    "42501": RecordsFault.FORBIDDEN,
    "42P01": RecordsFault.NO_SCHEMA,
    # Somebody has upgraded the tables under this process.
    "42703": RecordsFault.OTHER_SCHEMA,
    "23502": RecordsFault.OTHER_SCHEMA,
    "0A000": RecordsFault.OTHER_SCHEMA,
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


_CUT_OFF: Final = (asyncpg.InterfaceError, asyncpg.InternalClientError, OSError)
"""The driver's own errors when its connection is gone: the second is that it was ended in the middle of a statement."""


class PostgresTransactions:
    """Transactions in PostgreSQL; see `engine.Transactions`."""

    dialect = RecordsDialect.POSTGRESQL
    # What making a connection raises; `TimeoutError` and `ssl.SSLError` are kinds of OSError.
    foreign = (asyncpg.PostgresError, *_CUT_OFF)

    def __init__(self, options: RecordsOptions) -> None:
        self._engine = _engine(options)
        self._engines = {kind: self._engine.execution_options(**_OPTIONS[kind]) for kind in TransactionKind}

    async def run(self, kind: TransactionKind, work: Callable[[Connection], T]) -> T:
        """Run work in a transaction; while the database works, other tasks run."""
        async with self._engines[kind].connect() as connection:
            result = await connection.run_sync(work)
            if kind is TransactionKind.WRITING:
                await connection.commit()
            return result

    def fault_of(self, error: BaseException) -> RecordsFault | None:
        """Return what is wrong; None for a broken constraint or a defect of ours."""
        # SQLAlchemy's wrapper has the code, and the driver's own error as its cause.
        code = getattr(error, "sqlstate", None)
        if code:
            return next((fault for begins, fault in _FAULTS.items() if code.startswith(begins)), None)
        cause = error.__cause__
        # The driver says with the bare class alone that the server has no TLS.
        if any(isinstance(each, ssl.SSLError) or type(each) is ConnectionError for each in (error, cause)):
            return RecordsFault.TLS
        if any(isinstance(each, _CUT_OFF) for each in (error, cause)):
            return RecordsFault.UNREACHABLE
        return None

    async def close(self) -> None:
        """Close the connections."""
        await self._engine.dispose()


def _engine(options: RecordsOptions) -> AsyncEngine:
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


def _milliseconds(seconds: float) -> str:
    return str(max(1, round(seconds * 1000)))


def _tls(options: RecordsOptions) -> ssl.SSLContext | bool:
    return ssl.create_default_context(cafile=options.ca_file) if options.verified else False
