"""Erasing recordings: a row goes whole, for all of it is the text of its call."""

from typing import Final

from sqlalchemy import Connection, delete, select

from groundwire_server.adapters.records.encryption import Sealing
from groundwire_server.adapters.records.selecting import selected
from groundwire_server.adapters.records.tables import recording_documents, recordings
from groundwire_server.domain.erasure import Erasure, RecordErasure

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
