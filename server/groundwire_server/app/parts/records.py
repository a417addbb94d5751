"""The database of what outlives the process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from groundwire_server.adapters.records.options import RecordsOptions

if TYPE_CHECKING:
    from groundwire_server.adapters.records.opening import Records


@asynccontextmanager
async def open_records(options: RecordsOptions | None) -> AsyncIterator["Records | None"]:
    """Yield the database of records; None where there is none.

    Raises:
        SetupError: when it cannot be used as it is.
    """
    if options is None:
        yield None
        return
    # Imported here: a server without records starts without what speaks SQL.
    from groundwire_server.adapters.records.opening import opened_records  # noqa: PLC0415

    async with opened_records(options) as records:
        yield records
