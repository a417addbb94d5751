"""The keyword leg: BM25 over stemmed words, in SQLite's FTS5."""

import json
import re
import sqlite3
from typing import Final

from groundwire_server.adapters.store.embedded.schema import passages_table
from groundwire_server.adapters.store.embedded.scope import Scope

_MOST_TERMS: Final = 64
_WORD: Final = re.compile("(?:[^\\W_]|[\u0300-\u0331])+")
"""A word of the index: letters and digits, with the accents that it strips."""

_STOP_WORDS: Final = frozenset(
    """
    a about after all also am an and any are as at be because been before being between both but by can could d did do
    does doing down during each few for from further had has have having he her here hers him his how i if in into is
    it its just ll m may me might more most must my no nor not of off on once only or other our ours out over own re s
    same shall she should so some such t than that the their theirs them then there these they this those through to
    too under until up ve very was we were what when where which while who whom whose why will with would you your yours
    """.split()
)


def match_expression(text: str) -> str | None:
    """Turn free text into an FTS5 query: any of its words, each quoted, so that none can be an operator.

    Stop words are left out: they are in every text, and cost the most. None when no other word is left.
    """
    # The index folds case in another way than Python: it gets the words as they are.
    words = {word.casefold(): word for word in _WORD.findall(text)}
    telling = [word for folded, word in words.items() if folded not in _STOP_WORDS][:_MOST_TERMS]
    return " OR ".join(f'"{word}"' for word in telling) or None


def rank(connection: sqlite3.Connection, scope: Scope, text: str, depth: int) -> dict[int, float] | None:
    """Return the best chunks in scope that have one of the words, with their BM25; None when the text has no word."""
    expression = match_expression(text)
    if expression is None:
        return None
    table = passages_table(scope.tenant)
    narrowed = "" if scope.documents is None else " AND c.document IN (SELECT value FROM json_each(?))"
    narrowing = () if scope.documents is None else (json.dumps(scope.documents),)
    # CROSS JOIN: from the words to the rows that they occur in, not the other way.
    (found,) = connection.execute(
        "SELECT json_group_array(json_array(id, score)) FROM ("  # noqa: S608 - our own words and a number
        f"SELECT c.id AS id, -bm25({table}) AS score FROM {table} CROSS JOIN chunks AS c ON c.id = {table}.rowid "
        f"WHERE {table} MATCH ? AND c.access IN (SELECT value FROM json_each(?)){narrowed} "
        "ORDER BY score DESC, id LIMIT ?)",
        (expression, json.dumps(scope.lists), *narrowing, depth),
    ).fetchone()
    return dict(json.loads(found))
