"""Searching: two legs over one snapshot, fused by relative score, then the texts of the best chunks."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from groundwire_server.adapters.resilience.instrumentation import Instrumentation
from groundwire_server.adapters.store.embedded import keyword, spelling
from groundwire_server.adapters.store.embedded.access import decoded
from groundwire_server.adapters.store.embedded.connections import Connections, Job
from groundwire_server.adapters.store.embedded.scope import Scope, resolve
from groundwire_server.adapters.store.embedded.vectors import Rows, VectorIndex
from groundwire_server.adapters.store.packing import unpacked_metadata, unpacked_place
from groundwire_server.adapters.store.relative import relative
from groundwire_server.adapters.store.terms import query_terms
from groundwire_server.domain.caller import Caller
from groundwire_server.domain.deadline import Deadline
from groundwire_server.domain.document import EMPTY_VERSION
from groundwire_server.domain.evidence import Evidence, Passage, Query, Scores
from groundwire_server.domain.requester import Requester
from groundwire_server.telemetry import names

_DEPTH: Final = 4
_LEAST_DEPTH: Final = 64
"""The fewest candidates of each leg: relative scores need a tail to be relative to."""


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

    async def search(self, caller: Caller, query: Query, deadline: Deadline) -> Evidence:
        """Search; see the port."""
        with self._instrumentation.span({names.DB_NAMESPACE: caller.tenant}, deadline) as span:
            requester = Requester(caller.tenant, caller.subject, priority=query.priority)
            found = await self._connections.read(partial(self._search, caller, query), deadline, requester)
            span.set_attribute(names.DB_RETURNED_ROWS, len(found.passages))
            return found

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
        return Evidence(_passages(connection, scope, ranking), scope.version, searched=ranking.searched)

    def _rows(self, connection: sqlite3.Connection, scope: Scope, query: Query, job: Job) -> Rows | None:
        if query.vector is None or self._vectors is None:
            return None
        return self._vectors.current(connection, scope, job)

    def _ranked(
        self, connection: sqlite3.Connection, scope: Scope, query: Query, rows: Rows | None, job: Job
    ) -> _Ranking:
        alpha = self._alpha if query.alpha is None else query.alpha
        depth = max(query.top_k * _DEPTH, _LEAST_DEPTH)
        terms, searched = query_terms(query.text), ""
        by_keyword = keyword.rank(connection, scope, terms, depth) if terms else None
        if by_keyword is not None and not by_keyword:
            searched = spelling.corrected(connection, scope, query.text, job)
            by_keyword = keyword.rank(connection, scope, query_terms(searched), depth) if searched else {}
        if query.vector is None or rows is None:
            combined = _fused(None, by_keyword, alpha)
            return _Ranking(_first(combined, query.top_k), by_keyword or {}, {}, searched)
        by_vector = rows.rank(scope, query.vector, depth)
        best = _first(_fused(by_vector, by_keyword, alpha), query.top_k)
        return _Ranking(best, by_keyword or {}, rows.similarities(best, query.vector), searched)


def _fused(vector: Mapping[int, float] | None, keyword: Mapping[int, float] | None, alpha: float) -> dict[int, float]:
    """Combine the legs, best first.

    A chunk that a leg did not find gets nothing from it, as does the last one that it found. Equal scores keep the
    order in which the documents were stored.

    Args:
        vector: the cosines of one leg; None when it did not run, which gives all the weight to the other.
        keyword: the same for the other leg.
        alpha: the weight of the vector leg, 0 to 1.
    """
    if vector is None or keyword is None:
        combined = _relative(vector or keyword or {})
    else:
        by_vector, by_keyword = _relative(vector), _relative(keyword)
        combined = {
            chunk: alpha * by_vector.get(chunk, 0.0) + (1 - alpha) * by_keyword.get(chunk, 0.0)
            for chunk in by_vector.keys() | by_keyword.keys()
        }
    # Sorting is stable, so equal scores stay in the order of their ids.
    ranked = sorted(sorted(combined), key=combined.__getitem__, reverse=True)
    return {chunk: combined[chunk] for chunk in ranked}


def _relative(scores: Mapping[int, float]) -> dict[int, float]:
    return dict(zip(scores, relative(list(scores.values())), strict=True))


def _first(ranked: Mapping[int, float], count: int) -> dict[int, float]:
    return dict(list(ranked.items())[:count])


def _passages(connection: sqlite3.Connection, scope: Scope, ranking: _Ranking) -> tuple[Passage, ...]:
    # CROSS JOIN: from the few chunks, not through all of the tenant's.
    (found,) = connection.execute(
        "SELECT json_group_array(json_array(c.id, c.chunk_id, c.text, d.document_id, d.title, d.source_uri, c.ordinal, "
        "c.place, d.revision, d.metadata, a.principals)) FROM json_each(?) AS best "
        "CROSS JOIN chunks AS c ON c.id = best.value CROSS JOIN documents AS d ON d.id = c.document "
        "CROSS JOIN access_lists AS a ON a.id = c.access WHERE c.tenant = ?",
        (json.dumps(list(ranking.combined)), scope.tenant),
    ).fetchone()
    rows = {row[0]: row[1:] for row in json.loads(found)}
    return tuple(_passage(chunk, rows[chunk], ranking) for chunk in ranking.combined)


def _passage(chunk: int, row: tuple[str, str, str, str, str, int, str, int, str, str], ranking: _Ranking) -> Passage:
    chunk_id, text, document_id, title, source_uri, ordinal, place, revision, metadata, principals = row
    return Passage(
        chunk_id=chunk_id,
        text=text,
        document_id=document_id,
        title=title,
        source_uri=source_uri,
        ordinal=ordinal,
        revision=revision,
        metadata=unpacked_metadata(metadata),
        allowed_principals=decoded(principals),
        scores=Scores(
            vector_similarity=ranking.similarities.get(chunk),
            keyword=ranking.keywords.get(chunk),
            fused=ranking.combined[chunk],
        ),
        place=unpacked_place(place),
    )
