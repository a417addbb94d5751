"""The schema of the tables: which one a database has, and bringing it to that of this program."""

import io
from pathlib import Path
from typing import TYPE_CHECKING, Final

from sqlalchemy import Connection, inspect, select, table, text
from sqlalchemy.sql import column

from groundwire_server.adapters.records.engine import RecordsDatabase
from groundwire_server.adapters.records.faults import RecordsFault
from groundwire_server.adapters.records.tables.all import ALL_TABLES
from groundwire_server.adapters.records.tables.base import VERSION_TABLE
from groundwire_server.adapters.records.transactions import RecordsDialect
from groundwire_server.ports.operations import RecordsError

if TYPE_CHECKING:
    from alembic.config import Config

REVISIONS: Final = ("0001", "0002", "0003")
"""The revisions that this program knows, the oldest first; written down so that a start needs no alembic."""

STEPS: Final = Path(__file__).with_name("migrations")
"""The folder of the steps from one revision to the next."""

_LOCK: Final = 0x6777_7265_636F
"""The advisory lock of PostgreSQL that an upgrade holds: "gwreco"."""

_VERSIONS: Final = table(VERSION_TABLE, column("version_num"))


async def revision(database: RecordsDatabase) -> str | None:
    """Return the revision of a database's schema; None where it has no tables yet.

    Raises:
        RecordsError: FOREIGN where another program has made its tables, and when the database cannot be asked.
    """
    return await database.read(_revision)


def fault_of(found: str | None) -> RecordsFault | None:
    """Return what is wrong with the revision of a schema; None where it is that of this program."""
    if found == REVISIONS[-1]:
        return None
    if found is None:
        return RecordsFault.NO_SCHEMA
    return RecordsFault.OLD_SCHEMA if found in REVISIONS else RecordsFault.NEW_SCHEMA


async def upgrade(database: RecordsDatabase) -> str | None:
    """Bring the schema to that of this program, whole or not at all; several that do it at once wait for each other.

    Returns:
        The revision that was found.

    Raises:
        RecordsError: NEW_SCHEMA or FOREIGN where there is nothing to upgrade, and when the database cannot be asked.
    """
    return await database.write(_upgrade)


def upgrade_sql(dialect: RecordsDialect, found: str | None) -> str:
    """Return the SQL that an upgrade from a revision runs; empty where there is nothing to do.

    Args:
        dialect: the kind of database.
        found: its revision; None where it has no tables yet.
    """
    from alembic import command  # noqa: PLC0415  # a start does not need it

    if found == REVISIONS[-1]:
        return ""
    written = io.StringIO()
    config = _config(written)
    config.attributes["dialect"] = dialect.value
    command.upgrade(config, f"{found or 'base'}:head", sql=True)
    return written.getvalue()


def _upgrade(connection: Connection) -> str | None:
    # A writer of SQLite is alone from the beginning.
    if connection.dialect.name == RecordsDialect.POSTGRESQL.value:
        connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
    found = _revision(connection)
    if fault_of(found) is RecordsFault.NEW_SCHEMA:
        raise RecordsError(RecordsFault.NEW_SCHEMA)
    if found != REVISIONS[-1]:
        _run_steps(connection)
    return found


def _revision(connection: Connection) -> str | None:
    # Of the schema that the tables would be made in: another one's tables are none of ours.
    known = set(inspect(connection).get_table_names())
    if VERSION_TABLE in known:
        found: str | None = connection.execute(select(_VERSIONS.c.version_num)).scalar_one_or_none()
        return found
    # A PostgreSQL may be shared, a file may not.
    foreign = known if connection.dialect.name == RecordsDialect.SQLITE.value else known & ALL_TABLES.tables.keys()
    if foreign:
        raise RecordsError(RecordsFault.FOREIGN)
    return None


def _run_steps(connection: Connection) -> None:
    from alembic import command  # noqa: PLC0415  # a start does not need it

    config = _config()
    config.attributes["connection"] = connection
    command.upgrade(config, "head")


def _config(output: io.StringIO | None = None) -> "Config":
    from alembic.config import Config  # noqa: PLC0415  # a start does not need it

    config = Config(output_buffer=output)
    config.set_main_option("script_location", str(STEPS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config
