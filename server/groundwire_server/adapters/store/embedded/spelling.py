"""A second chance for a question none of whose words was found: the nearest words that the caller may read.

Corrections are taken from passages in scope alone: they must not reveal words of documents that the caller cannot
read.
"""

import re
import sqlite3
from collections.abc import Iterator, Sequence
from typing import Final

from groundwire_server.adapters.store.embedded import keyword
from groundwire_server.adapters.store.embedded.connections import Job
from groundwire_server.adapters.store.embedded.schema import vocabulary_table
from groundwire_server.adapters.store.embedded.scope import Scope
from groundwire_server.domain.text.edits import edits
from groundwire_server.domain.text.fold import fold
from groundwire_server.domain.text.languages import Language
from groundwire_server.domain.text.words import terms_of, words

_LETTERS: Final = re.compile(r"[^\W\d_]+")
_LEAST_LETTERS: Final = 5
"""A shorter word is near too many others."""

_LETTERS_FOR_TWO: Final = 8
"""Letters from which two edits are allowed in place of one."""

_MOST_WORDS: Final = 4
_MOST_COMPARED: Final = 20_000
_MOST_TRIED: Final = 8


def corrected(connection: sqlite3.Connection, scope: Scope, text: str, job: Job) -> str:
    """Return a question with the nearest words in scope in place of its own; empty where none is near.

    Args:
        connection: that searches.
        scope: what the caller may search.
        text: the question.
        job: is checked between words: its time may end.
    """
    corrections: dict[str, str] = {}
    candidates = [word for word in dict.fromkeys(words(text)) if _may_be_misspelt(word)]
    for word in candidates[:_MOST_WORDS]:
        job.check()
        found = next(_in_scope(connection, scope, _nearest(connection, scope.tenant, _term(word))), None)
        if found is not None:
            corrections[word] = found
    if not corrections:
        return ""
    return _LETTERS.sub(lambda match: corrections.get(fold(match.group()), match.group()), text)


def _may_be_misspelt(word: str) -> bool:
    return len(word) >= _LEAST_LETTERS and word.isalpha() and len(terms_of(Language.ENGLISH, word)) == 1


def _term(word: str) -> str:
    (term,) = terms_of(Language.ENGLISH, word)
    return term


def _nearest(connection: sqlite3.Connection, tenant: int, term: str) -> Sequence[str]:
    """Return a tenant's terms that begin with the same letter and are near: the nearest, then most frequent, first."""
    most = 2 if len(term) >= _LETTERS_FOR_TWO else 1
    rows = connection.execute(
        f"SELECT term, doc FROM {vocabulary_table(tenant)} "  # noqa: S608 - a number
        "WHERE term >= ? AND term < ? AND length(term) BETWEEN ? AND ? LIMIT ?",
        (term[0], chr(ord(term[0]) + 1), len(term) - most, len(term) + most, _MOST_COMPARED),
    ).fetchall()
    near = [(distance, -count, other) for other, count in rows if 0 < (distance := edits(term, other, most)) <= most]
    return [other for _, _, other in sorted(near)[:_MOST_TRIED]]


def _in_scope(connection: sqlite3.Connection, scope: Scope, terms: Sequence[str]) -> Iterator[str]:
    """Yield a word for each term that a passage in scope has, as it is written there."""
    for term in terms:
        for chunk in keyword.rank(connection, scope, [term], 1):
            (text,) = connection.execute("SELECT text FROM chunks WHERE id = ?", (chunk,)).fetchone()
            yield next((word for word in words(text) if term in terms_of(Language.ENGLISH, word)), term)
