"""The database of what outlives the process."""

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import TYPE_CHECKING, Final

from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.app.clock import SystemClock
from groundwire_server.ports.erasable import ErasableRecords

if TYPE_CHECKING:
    from groundwire_server.adapters.records.opening import OpenedRecords


_KEY_BYTES: Final = 32


def record_erasure(records: "OpenedRecords") -> ErasableRecords:
    """Return what erases queued questions with their answers."""
    from groundwire_server.adapters.records.erasure import SqlRecordErasure  # noqa: PLC0415  # as below

    keep = timedelta(days=records.options.retention.done_days)
    return SqlRecordErasure(records.database, records.sealing, SystemClock(), keep)


def share_key(records: "OpenedRecords | None") -> bytes:
    """Return the key by which shares of requests are drawn: the same in every process of a service with records."""
    if records is None:
        return os.urandom(_KEY_BYTES)
    from groundwire_server.adapters.records.encryption import SealedPlace  # noqa: PLC0415  # as below

    return records.sealing.digests(b"", SealedPlace("", "", "", "share"))[0]


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
