"""The accounts of what models have consumed."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from groundwire_server.admission.usage_book import STALE_SECONDS, UsageBook
from groundwire_server.app.background import kept_going
from groundwire_server.app.clock import SystemClock
from groundwire_server.ports.erasable import ErasableRecords
from groundwire_server.ports.metrics import Metrics
from groundwire_server.ports.usage import UsageRecords

if TYPE_CHECKING:
    from groundwire_server.adapters.records.opening import OpenedRecords


@dataclass(frozen=True, slots=True)
class OpenedUsage:
    """The accounts, and what this process writes to them."""

    records: UsageRecords
    book: UsageBook


@asynccontextmanager
async def open_usage(records: "OpenedRecords | None", recorder: Metrics) -> AsyncIterator[OpenedUsage | None]:
    """Yield the accounts, which are written in the background; None where there are no records.

    Args:
        records: the database.
        recorder: reads how long consumption has waited.
    """
    if records is None:
        yield None
        return
    # Imported here: a server without records starts without what speaks SQL.
    from groundwire_server.adapters.records.usage.accounts import SqlUsageRecords  # noqa: PLC0415

    keep = timedelta(days=records.options.retention.usage_days)
    accounts = SqlUsageRecords(records.database, SystemClock(), keep)
    book = UsageBook(accounts, SystemClock(), recorder)
    # Before anything is consumed: a process that is killed has a book that stays open.
    await book.write()
    task = kept_going("usage", book.keep)
    try:
        yield OpenedUsage(accounts, book)
    finally:
        task.cancel()
        await asyncio.wait([task])
        await book.close()


def usage_erasure(records: "OpenedRecords", book: UsageBook) -> ErasableRecords:
    """Return what takes subjects out of the accounts, and out of what this process has to write."""
    from groundwire_server.adapters.records.usage.erasure import SqlUsageErasure  # noqa: PLC0415  # as above

    return SqlUsageErasure(records.database, SystemClock(), book.write, STALE_SECONDS)
