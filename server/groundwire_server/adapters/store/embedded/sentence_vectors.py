"""Sentences as they were embedded when their document was stored."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from functools import partial

from groundwire_server.adapters.store.embedded.connections import Connections, Job
from groundwire_server.adapters.store.packing import unpacked_sentences
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import Sentence
from groundwire_server.domain.requester import Requester


class EmbeddedSentenceVectors:
    """The SentenceVectors of the embedded store."""

    def __init__(self, connections: Connections) -> None:
        self._connections = connections

    async def sentences(
        self, tenant: str, chunk_ids: Sequence[str], deadline: Deadline
    ) -> Mapping[str, Sequence[Sentence]]:
        """Look sentences up; see the port."""
        return await self._connections.read(partial(_sentences, tenant, chunk_ids), deadline, Requester(tenant))


def _sentences(
    tenant: str, chunk_ids: Sequence[str], connection: sqlite3.Connection, job: Job
) -> dict[str, Sequence[Sentence]]:
    rows = connection.execute(
        "SELECT c.chunk_id, s.spans, s.vectors FROM chunks AS c JOIN sentences AS s ON s.chunk = c.id "
        "WHERE c.tenant = (SELECT id FROM tenants WHERE name = ?) AND c.chunk_id IN (SELECT value FROM json_each(?))",
        (tenant, json.dumps(list(chunk_ids))),
    ).fetchall()
    return {chunk_id: unpacked_sentences(spans, vectors) for chunk_id, spans, vectors in rows}
