"""Examines and upgrades the database of records for commands."""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Final, TypeVar

from groundwire_server.adapters.records import schema
from groundwire_server.adapters.records.database_clock import ADVICE, apart, seconds_ahead
from groundwire_server.adapters.records.durability import losing_settings, network_file_system
from groundwire_server.adapters.records.engine import RecordsDatabase, records_database
from groundwire_server.adapters.records.faults import RecordsFault
from groundwire_server.adapters.records.keys import examine_keys
from groundwire_server.adapters.records.opening import prepare_file
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.records.transactions import RecordsDialect
from groundwire_server.app.check_result import CheckResult
from groundwire_server.app.configuration.models.configuration import Configuration, records_options
from groundwire_server.domain.failure import SetupError
from groundwire_server.ports.operations import RecordsError

T = TypeVar("T")

LATEST: Final = schema.REVISIONS[-1]
"""The revision of this program's schema."""

_UPGRADE_SECONDS: Final = 600.0
"""How long one step of an upgrade may take, and how long it waits for another."""


def records_place(configuration: Configuration) -> str:
    """Return where the database is.

    Raises:
        SetupError: when there is none.
    """
    return _options(configuration).place


def records_revision(configuration: Configuration) -> str | None:
    """Return the revision of the schema; None where there are no tables, or the file is not there yet.

    Raises:
        SetupError: when the database cannot be asked.
    """
    options = _options(configuration)
    return None if _is_missing(options) else asyncio.run(_within(options, schema.revision))


def upgrade_records(configuration: Configuration) -> str | None:
    """Bring the schema to that of this program; return the revision that was found.

    Raises:
        SetupError: when it cannot be upgraded.
    """
    options = _options(configuration)
    if options.file is not None:
        prepare_file(options.file)
    patient = options.model_copy(update={"statement_seconds": _UPGRADE_SECONDS})
    return asyncio.run(_within(patient, schema.upgrade))


def upgrade_sql(configuration: Configuration) -> str:
    """Return the SQL that an upgrade would run; empty where there is nothing to do.

    Raises:
        SetupError: when the database cannot be asked, or has a newer schema.
    """
    options = _options(configuration)
    if _is_missing(options):
        return schema.upgrade_sql(RecordsDialect.SQLITE, None)

    async def written(database: RecordsDatabase) -> str:
        found = await schema.revision(database)
        if schema.fault_of(found) is RecordsFault.NEW_SCHEMA:
            raise RecordsError(RecordsFault.NEW_SCHEMA)
        return schema.upgrade_sql(database.dialect, found)

    return asyncio.run(_within(options, written))


def examine_records(configuration: Configuration) -> Sequence[CheckResult]:
    """Examine the database as a server would use it: reach, schema, keys and durability. Nothing is changed."""
    options = records_options(configuration)
    if options is None:
        return ()
    if _is_missing(options):
        return [CheckResult.ok("records", f"{options.file} is made at the first start")]
    try:
        return asyncio.run(_within(options, lambda database: _examined(database, options)))
    except SetupError as unusable:
        return [CheckResult.fail("records", str(unusable))]


def _options(configuration: Configuration) -> RecordsOptions:
    options = records_options(configuration)
    if options is None:
        raise SetupError("there is no database of records: records.enabled is false")
    return options


async def _examined(database: RecordsDatabase, options: RecordsOptions) -> Sequence[CheckResult]:
    found = await schema.revision(database)
    if (fault := schema.fault_of(found)) is not None:
        return [CheckResult.fail("records", fault.message, fault.advice)]
    results = [CheckResult.ok("records", f"{options.place} has revision {found}, which this version uses")]
    try:
        await examine_keys(database, options)
    except (RecordsError, SetupError) as wrong:
        results.append(CheckResult.fail("records", str(wrong)))
    for setting in await losing_settings(database):
        message, _, advice = setting.partition(": ")
        results.append(CheckResult.fail("records", message, advice))
    if clocks := apart(await seconds_ahead(database)):
        results.append(CheckResult.warn("records", clocks, ADVICE))
    if options.file is not None and (kind := network_file_system(options.file)) is not None:
        message = f"{options.file} is on {kind}, whose locks may fail"
        results.append(CheckResult.warn("records", message, "move it to a local disk, or use PostgreSQL"))
    return results


async def _within(options: RecordsOptions, work: Callable[[RecordsDatabase], Awaitable[T]]) -> T:
    async with records_database(options) as database:
        try:
            return await work(database)
        except RecordsError as error:
            raise SetupError(f"{options.place}: {error}") from None


def _is_missing(options: RecordsOptions) -> bool:
    return options.file is not None and not options.file.exists()
