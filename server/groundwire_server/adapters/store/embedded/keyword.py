"""The keyword leg: BM25 over prepared terms, in SQLite's FTS5."""

import json
import sqlite3
from collections.abc import Sequence
from typing import Final

from groundwire_server.adapters.store.embedded.schema import passages_table
from groundwire_server.adapters.store.embedded.scope import Scope

_MOST_LOOKED_UP: Final = 24
"""Terms: a question of more words than that is a text of its own."""


def rank(connection: sqlite3.Connection, scope: Scope, terms: Sequence[str], depth: int) -> dict[int, float]:
    """Return the best chunks in scope that have one of the terms, with their BM25.

    Args:
        connection: that searches.
        scope: what the caller may search.
        terms: of the index; those with spaces between them count where they follow each other.
        depth: how many chunks at most.
    """
    if not terms:
        return {}
    table = passages_table(scope.tenant)
    narrowed = "" if scope.documents is None else " AND c.document IN (SELECT value FROM json_each(?))"
    narrowing = () if scope.documents is None else (json.dumps(scope.documents),)
    # CROSS JOIN: from the words to the rows that they occur in, not the other way.
    (found,) = connection.execute(
        "SELECT json_group_array(json_array(id, score)) FROM ("  # noqa: S608 - our own words and a number
        f"SELECT c.id AS id, -bm25({table}) AS score FROM {table} CROSS JOIN chunks AS c ON c.id = {table}.rowid "
        f"WHERE {table} MATCH ? AND c.access IN (SELECT value FROM json_each(?)){narrowed} "
        "ORDER BY score DESC, id LIMIT ?)",
        (_expression(terms), json.dumps(scope.lists), *narrowing, depth),
    ).fetchone()
    return dict(json.loads(found))


def unknown(connection: sqlite3.Connection, scope: Scope, terms: Sequence[str]) -> frozenset[str]:
    """Return which terms no chunk in scope has."""
    table = passages_table(scope.tenant)
    narrowed = "" if scope.documents is None else " AND c.document IN (SELECT value FROM json_each(?))"
    narrowing = () if scope.documents is None else (json.dumps(scope.documents),)
    (found,) = connection.execute(
        "SELECT json_group_array(asked.value) FROM json_each(?) AS asked WHERE NOT EXISTS ("  # noqa: S608 - as above
        f"SELECT 1 FROM {table} CROSS JOIN chunks AS c ON c.id = {table}.rowid "
        f"WHERE {table} MATCH '\"' || asked.value || '\"' AND c.access IN (SELECT value FROM json_each(?)){narrowed})",
        (json.dumps(terms[:_MOST_LOOKED_UP]), json.dumps(scope.lists), *narrowing),
    ).fetchone()
    return frozenset(json.loads(found))


def _expression(terms: Sequence[str]) -> str:
    """Return an FTS5 query: any of the terms, each quoted, so that none can be an operator."""
    return " OR ".join(f'"{term}"' for term in terms)
