"""Reads the accounts of usage of all tenants from the database of records, for a command."""

import asyncio
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from groundwire_server.adapters.records import schema
from groundwire_server.adapters.records.engine import records_database
from groundwire_server.adapters.records.usage.tenants import SqlTenantsUsage
from groundwire_server.admission.usage_book import STALE_SECONDS
from groundwire_server.app.clock import SystemClock
from groundwire_server.app.configuration.models.configuration import Configuration, records_options
from groundwire_server.domain.failure import SetupError
from groundwire_server.ports.operations import RecordsError
from groundwire_server.ports.usage import TenantsUsage, TenantsUsageQuery, UsageBooks, UsageRow

_PAGE: Final = 1000
"""Rows of one statement, which the database has `records.statement_seconds` for."""


@dataclass(frozen=True, slots=True)
class FoundUsage:
    """Sums over tenants, and how far they go."""

    rows: Sequence[UsageRow]
    books: UsageBooks


def read_tenants_usage(configuration: Configuration, query: TenantsUsageQuery) -> FoundUsage:
    """Return what a query asks for. The database is read, and never changed.

    Raises:
        SetupError: when there is none, it cannot be asked, or its tables are not of this version.
    """
    options = records_options(configuration)
    if options is None:
        raise SetupError("there is no database of records: records.enabled is false")
    # Opening would make the file.
    if options.file is not None and not options.file.exists():
        raise SetupError(f"{options.place} is not there: run this where the server keeps it, or correct records.url")

    async def read() -> FoundUsage:
        async with records_database(options) as database:
            if (fault := schema.fault_of(await schema.revision(database))) is not None:
                raise RecordsError(fault)
            return await _found(SqlTenantsUsage(database, SystemClock()), query)

    try:
        return asyncio.run(read())
    except RecordsError as error:
        raise SetupError(f"{options.place}: {error}") from None


async def _found(accounts: TenantsUsage, query: TenantsUsageQuery) -> FoundUsage:
    # Before the sums: these hold at least what is said to be counted.
    books = await accounts.books(query, STALE_SECONDS)
    rows: list[UsageRow] = []
    while page := await accounts.query(query, rows[-1] if rows else None, _PAGE):
        rows += page
        if len(page) < _PAGE:
            break
    return FoundUsage(rows, books)
