"""Erasing recordings: a row goes whole, for all of it is the text of its call."""

import asyncio
from collections.abc import Sequence
from math import isinf
from typing import Final

from sqlalchemy import Connection, delete, select

from groundwire_server.adapters.records.encryption import Sealing
from groundwire_server.adapters.records.recordings.writing import RecordingWriter
from groundwire_server.adapters.records.selecting import selected
from groundwire_server.adapters.records.tables.recordings import recording_documents, recordings
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.erasure import ErasedPlace, ErasedPlaceKind, Erasure, RecordErasure
from groundwire_server.ports.clock import Clock

_BATCH: Final = 200
"""Recordings that are erased in one transaction."""


def erase_some_recordings(connection: Connection, erasure: Erasure | RecordErasure, sealing: Sealing) -> int:
    """Delete a batch of the recordings that an erasure means; return how many there were.

    Args:
        connection: within a transaction.
        erasure: what is meant.
        sealing: knows the names of end users in rows.
    """
    meant = selected(erasure, recordings, recording_documents, sealing)
    chosen = (
        select(recordings.c.recording_id)
        .where(recordings.c.tenant == erasure.tenant, meant)
        .order_by(recordings.c.recording_id)
        .limit(_BATCH)
    )
    ids = list(connection.execute(chosen).scalars())
    return connection.execute(delete(recordings).where(recordings.c.recording_id.in_(ids))).rowcount if ids else 0


class PendingRecordingErasure:
    """The ErasableRecords of recordings in memory: it waits until they are in the database, where they are erased.

    It goes after answers in flight, which may still be recorded, and before the database.

    Args:
        writer: of this process.
        clock: says how much time is left.
    """

    def __init__(self, writer: RecordingWriter, clock: Clock) -> None:
        self._writer = writer
        self._clock = clock

    async def erase(self, erasure: Erasure | RecordErasure, deadline: Deadline) -> Sequence[ErasedPlace]:
        """Wait for the recordings that are on their way, whatever they hold; see the port."""
        left = deadline.remaining(self._clock.now())
        try:
            async with asyncio.timeout(None if isinf(left) else left):
                await self._writer.settle()
        except TimeoutError:
            note = "Recordings were still being written: erase it again."
            return [ErasedPlace(ErasedPlaceKind.RECORDINGS, 0, complete=False, note=note)]
        return []
