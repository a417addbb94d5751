"""The database of what outlives the process."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING

from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.app.clock import SystemClock
from groundwire_server.ports.erasable import ErasableRecords

if TYPE_CHECKING:
    from groundwire_server.adapters.records.opening import OpenedRecords


def record_erasure(records: "OpenedRecords") -> ErasableRecords:
    """Return what erases queued questions with their answers."""
    from groundwire_server.adapters.records.erasure import SqlRecordErasure  # noqa: PLC0415  # as below

    keep = timedelta(days=records.options.retention.done_days)
    return SqlRecordErasure(records.database, records.sealing, SystemClock(), keep)


@asynccontextmanager
async def open_records(options: RecordsOptions | None) -> AsyncIterator["OpenedRecords | None"]:
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
