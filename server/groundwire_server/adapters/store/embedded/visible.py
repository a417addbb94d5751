"""Which passages still stand as they were and may be seen: read in a thread, and remembered until the file changes."""

import json
import sqlite3
from collections.abc import Sequence
from functools import partial
from hashlib import blake2b
from typing import Final

from groundwire_server.adapters.store.embedded import documents
from groundwire_server.adapters.store.embedded.access import visible_lists
from groundwire_server.adapters.store.embedded.connections import Connections, Job
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.evidence import Passage, VisiblePassages
from groundwire_server.domain.requester import Requester

_MOST: Final = 4_096
"""Lists of passages that are remembered, half a kilobyte each; the oldest is forgotten for another."""

_DIGEST_BYTES: Final = 32


class VisibilityReader:
    """Says which passages are visible. An earlier answer is looked at again at each of its hits, and rarely differs.

    What was read is remembered by a digest and by places, so that no text, name or id stays in memory once a document
    is erased. It counts for as long as nobody has changed the file, this process or another.

    Args:
        connections: of the file.
    """

    def __init__(self, connections: Connections) -> None:
        self._connections = connections
        self._change: int | None = None
        self._known: dict[bytes, tuple[tuple[bool, ...], str]] = {}

    async def read(self, caller: Caller, passages: Sequence[Passage], deadline: Deadline) -> VisiblePassages:
        """Compare passages with what is stored; see the port.

        Raises:
            Failure: of the store.
        """
        # Read first: what changes while a thread reads makes another number of it, and nothing old is remembered.
        change = self._connections.last_change(deadline)
        if change is None or change != self._change:
            self._known.clear()
            self._change = change
        key = _digest(caller, passages)
        known = self._known.get(key)
        if known is None:
            work = partial(_read, caller, passages)
            known = await self._connections.read(work, deadline, Requester(caller.tenant, caller.subject))
            if change is not None and change == self._change:
                self._remember(key, known)
        visible, version = known
        chunk_ids = (passage.chunk_id for passage, seen in zip(passages, visible, strict=True) if seen)
        return VisiblePassages(frozenset(chunk_ids), version)

    def _remember(self, key: bytes, known: tuple[tuple[bool, ...], str]) -> None:
        if len(self._known) >= _MOST:
            del self._known[next(iter(self._known))]
        self._known[key] = known


def _digest(caller: Caller, passages: Sequence[Passage]) -> bytes:
    """Return what a caller's rights and the passages are known by: no two have the same."""
    texts = [caller.tenant, *sorted(caller.principals)]
    for each in passages:
        texts += (each.chunk_id, each.document_id, each.text)
    # With their lengths, so that no text can be moved from one place to the next.
    form = repr((len(caller.principals), [each.revision for each in passages], [*map(len, texts)]))
    digest = blake2b(form.encode(), digest_size=_DIGEST_BYTES)
    for text in texts:
        # Piece by piece: for two kilobytes at once it would let other threads go first.
        digest.update(text.encode("utf-8", "surrogatepass"))
    return digest.digest()


def _read(
    caller: Caller, passages: Sequence[Passage], connection: sqlite3.Connection, job: Job
) -> tuple[tuple[bool, ...], str]:
    """Return of each passage whether it is visible, and the corpus version."""
    version = documents.version(caller, connection, job)
    lists = visible_lists(caller)
    given = json.dumps([(each.chunk_id, each.document_id, each.revision) for each in passages])
    # Texts are compared here: SQLite's JSON ends a text at NUL. A revision alone would not do, because an erased
    # document, or a restored snapshot, counts from an earlier number again.
    (found,) = connection.execute(
        "SELECT json_group_array(json_array(given.key, c.text)) FROM json_each(?) AS given "  # noqa: S608 - our own words
        "CROSS JOIN chunks AS c ON c.tenant = (SELECT id FROM tenants WHERE name = ?) "
        "AND c.chunk_id = json_extract(given.value, '$[0]') "
        "CROSS JOIN documents AS d ON d.id = c.document AND d.document_id = json_extract(given.value, '$[1]') "
        f"AND d.revision = json_extract(given.value, '$[2]') WHERE d.access IN {lists.sql}",
        (given, caller.tenant, *lists.parameters),
    ).fetchone()
    stored = {(place, text) for place, text in json.loads(found)}
    return tuple((place, each.text) in stored for place, each in enumerate(passages)), version
