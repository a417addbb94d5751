"""Searching: two legs over one snapshot, fused by relative score, then the texts of the best chunks."""

import json
import sqlite3
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Final

from groundwire_server.adapters.resilience.instrumentation import Instrumentation
from groundwire_server.adapters.store.embedded import keyword, spelling
from groundwire_server.adapters.store.embedded.connections import Connections, Job
from groundwire_server.adapters.store.embedded.scope import Scope, resolve
from groundwire_server.adapters.store.embedded.vectors import Rows, VectorIndex
from groundwire_server.adapters.store.embedded.visible import VisibilityReader
from groundwire_server.adapters.store.packing import read_place, typed_metadata
from groundwire_server.adapters.store.relative import fused
from groundwire_server.adapters.store.terms import query_phrases, query_terms
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import EMPTY_VERSION
from groundwire_server.domain.evidence import Evidence, Passage, Query, Scores, VisiblePassages, ordinals_around
from groundwire_server.domain.requester import Requester
from groundwire_server.telemetry import names

_DEPTH: Final = 4
_LEAST_DEPTH: Final = 64
"""The fewest candidates of each leg: relative scores need a tail to be relative to."""

_ROW: Final = (
    "json_array(c.id, c.chunk_id, c.text, d.document_id, d.title, d.source_uri, c.ordinal, json(c.place), d.revision, "
    "json(d.metadata), json(a.principals))"
)
"""A chunk `c` of a document `d` with an access list `a`."""


@dataclass(frozen=True, slots=True)
class _Ranking:
    """Chunks, best first, with their scores in each leg, and what words were searched in place of the question's."""

    combined: Mapping[int, float]
    keywords: Mapping[int, float]
    similarities: Mapping[int, float]
    searched: str = ""


class EmbeddedRetriever:
    """The Retriever of the embedded store."""

    def __init__(
        self, connections: Connections, vectors: VectorIndex | None, alpha: float, instrumentation: Instrumentation
    ) -> None:
        self._connections = connections
        self._instrumentation = instrumentation
        self._vectors = vectors
        self._alpha = alpha
        self._visible = VisibilityReader(connections)

    async def search(self, caller: Caller, query: Query, deadline: Deadline) -> Evidence:
        """Search; see the port."""
        with self._instrumentation.span({names.DB_NAMESPACE: caller.tenant}, deadline) as span:
            requester = Requester(caller.tenant, caller.subject, priority=query.priority)
            found = await self._connections.read(partial(self._search, caller, query), deadline, requester)
            span.set_attribute(names.DB_RETURNED_ROWS, len(found.passages))
            return found

    async def around(self, caller: Caller, passages: Sequence[Passage], reach: int, deadline: Deadline) -> Evidence:
        """Read neighbours; see the port."""
        requester = Requester(caller.tenant, caller.subject)
        return await self._connections.read(partial(_around, caller, passages, reach), deadline, requester)

    async def still_visible(self, caller: Caller, passages: Sequence[Passage], deadline: Deadline) -> VisiblePassages:
        """Compare passages with what is stored; see the port."""
        return await self._visible.read(caller, passages, deadline)

    def _search(self, caller: Caller, query: Query, connection: sqlite3.Connection, job: Job) -> Evidence:
        while True:
            scope = resolve(connection, caller, query.filter)
            if scope is None:
                return Evidence(corpus_version=EMPTY_VERSION)
            rows = self._rows(connection, scope, query, job)
            if rows is None or rows.change == scope.change:
                break
            # Another search has brought the vectors past this snapshot: they no longer have what was replaced since.
            connection.execute("COMMIT")
            connection.execute("BEGIN")
            job.check()
        ranking = self._ranked(connection, scope, query, rows, job)
        job.check()
        unknown = keyword.unknown(connection, scope, query_terms(ranking.searched or query.text))
        passages = _passages(connection, scope, ranking)
        return Evidence(passages, scope.version, searched=ranking.searched, unknown=unknown)

    def _rows(self, connection: sqlite3.Connection, scope: Scope, query: Query, job: Job) -> Rows | None:
        if query.vector is None or self._vectors is None:
            return None
        return self._vectors.current(connection, scope, job)

    def _ranked(
        self, connection: sqlite3.Connection, scope: Scope, query: Query, rows: Rows | None, job: Job
    ) -> _Ranking:
        alpha = self._alpha if query.alpha is None else query.alpha
        depth = max(query.top_k * _DEPTH, _LEAST_DEPTH)
        terms, searched = query_phrases(query.text), ""
        by_keyword = keyword.rank(connection, scope, terms, depth) if terms else None
        if by_keyword is not None and not by_keyword:
            searched = spelling.corrected(connection, scope, query.text, job)
            by_keyword = keyword.rank(connection, scope, query_phrases(searched), depth) if searched else {}
        if query.vector is None or rows is None:
            combined = fused(None, by_keyword, alpha)
            return _Ranking(_first(combined, query.top_k), by_keyword or {}, {}, searched)
        by_vector = rows.rank(scope, query.vector, depth)
        best = _first(fused(by_vector, by_keyword, alpha), query.top_k)
        return _Ranking(best, by_keyword or {}, rows.similarities(best, query.vector), searched)


def _first(ranked: Mapping[int, float], count: int) -> dict[int, float]:
    return dict(list(ranked.items())[:count])


def _passages(connection: sqlite3.Connection, scope: Scope, ranking: _Ranking) -> tuple[Passage, ...]:
    # CROSS JOIN: from the few chunks, not through all of the tenant's.
    (found,) = connection.execute(
        f"SELECT json_group_array({_ROW}) FROM json_each(?) AS best "  # noqa: S608 - our own words
        "CROSS JOIN chunks AS c ON c.id = best.value CROSS JOIN documents AS d ON d.id = c.document "
        "CROSS JOIN access_lists AS a ON a.id = c.access WHERE c.tenant = ?",
        (json.dumps(list(ranking.combined)), scope.tenant),
    ).fetchone()
    rows = {row[0]: row[1:] for row in json.loads(found)}
    return tuple(_passage(rows[chunk], _scores(chunk, ranking)) for chunk in ranking.combined)


def _scores(chunk: int, ranking: _Ranking) -> Scores:
    return Scores(
        vector_similarity=ranking.similarities.get(chunk),
        keyword=ranking.keywords.get(chunk),
        fused=ranking.combined[chunk],
    )


def _around(
    caller: Caller, passages: Sequence[Passage], reach: int, connection: sqlite3.Connection, job: Job
) -> Evidence:
    scope = resolve(connection, caller, None)
    if scope is None:
        return Evidence(corpus_version=EMPTY_VERSION)
    given = json.dumps(
        [
            (each.chunk_id, each.revision, [ordinal - each.ordinal for ordinal in ordinals_around(each, reach)])
            for each in passages
        ]
    )
    # Chunks of one revision have consecutive ids. A chunk whose text is still there in the next one keeps its chunk_id.
    (found,) = connection.execute(
        f"SELECT json_group_array({_ROW}) FROM json_each(?) AS given "  # noqa: S608 - our own words
        "CROSS JOIN chunks AS g ON g.tenant = ? AND g.chunk_id = json_extract(given.value, '$[0]') "
        "CROSS JOIN documents AS d ON d.id = g.document AND d.revision = json_extract(given.value, '$[1]') "
        "CROSS JOIN json_each(given.value, '$[2]') AS step "
        "CROSS JOIN chunks AS c ON c.id = g.id + step.value AND c.document = g.document "
        "CROSS JOIN access_lists AS a ON a.id = c.access WHERE a.id IN (SELECT value FROM json_each(?))",
        (given, scope.tenant, json.dumps(scope.lists)),
    ).fetchone()
    rows = {row[0]: row[1:] for row in json.loads(found)}
    known = {passage.chunk_id for passage in passages}
    beside = (row for _, row in sorted(rows.items()) if row[0] not in known)
    return Evidence(tuple(_passage(row, Scores()) for row in beside), scope.version)


def _passage(row: Sequence[Any], scores: Scores) -> Passage:
    chunk_id, text, document_id, title, source_uri, ordinal, place, revision, metadata, principals = row
    return Passage(
        chunk_id=chunk_id,
        text=text,
        document_id=document_id,
        title=title,
        source_uri=source_uri,
        ordinal=ordinal,
        revision=revision,
        metadata=typed_metadata(metadata),
        allowed_principals=frozenset(principals),
        scores=scores,
        place=read_place(place),
    )
