"""Opening the database of records for a server: it is there, of this program's schema, and keeps what it accepts."""

import asyncio
import logging
import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from groundwire_server.adapters.records import schema
from groundwire_server.adapters.records.database_clock import ADVICE, apart, seconds_ahead
from groundwire_server.adapters.records.durability import losing_settings, network_file_system
from groundwire_server.adapters.records.encryption import Sealing
from groundwire_server.adapters.records.engine import RecordsDatabase, records_database
from groundwire_server.adapters.records.keys import open_keys
from groundwire_server.adapters.records.options import RecordsOptions
from groundwire_server.adapters.records.transactions import RecordsDialect
from groundwire_server.domain.failure import SetupError
from groundwire_server.ports.operations import RecordsError

_log = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class OpenedRecords:
    """The database of records, with what seals its texts, and its options."""

    database: RecordsDatabase
    sealing: Sealing
    options: RecordsOptions


@asynccontextmanager
async def opened_records(options: RecordsOptions) -> AsyncIterator[OpenedRecords]:
    """Yield the database, checked; a file of SQLite is made with its tables and its key where there is none.

    Raises:
        SetupError: when it cannot be used as it is; the message says what to do.
    """
    if options.file is not None:
        await asyncio.to_thread(prepare_file, options.file)
    async with records_database(options) as database:
        try:
            found = await schema.revision(database)
            if found is None and database.dialect is RecordsDialect.SQLITE:
                await schema.upgrade(database)
            elif (fault := schema.fault_of(found)) is not None:
                raise RecordsError(fault)
            losing = await losing_settings(database)
            clocks = apart(await seconds_ahead(database))
            sealing = await open_keys(database, options)
        except RecordsError as wrong:
            raise SetupError(f"records.url {options.place}: {wrong}") from None
        if losing:
            raise SetupError(losing[0])
        if clocks:
            _log.warning("%s: %s", clocks, ADVICE)
        yield OpenedRecords(database, sealing, options)


def prepare_file(file: Path) -> None:
    """Make the folder of a file of SQLite, and the file, which its owner alone may read.

    Raises:
        SetupError: when they cannot be made.
    """
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        os.close(os.open(file, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
    except OSError as failed:
        raise SetupError(f"records.url: {file} cannot be written: {failed.strerror}") from None
    if (kind := network_file_system(file)) is not None:
        _log.warning(
            "the file of records is on a network file system, whose locks may fail: move it to a local disk",
            extra={"file": str(file), "file_system": kind},
        )
