"""How far the cited passages carry what is said, judged by words: cheap, strict on names and numbers."""

from collections.abc import Iterable, Sequence

from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.text import content_words, sentences


def support(statement: str, passages: Iterable[Passage]) -> float:
    """Return the share, 0 to 1, of the statement's content words that occur in the passages.

    A statement without a content word says nothing that could be supported: 0.
    """
    said = content_words(statement)
    if not said:
        return 0.0
    held = frozenset[str]().union(*(content_words(passage.text) for passage in passages))
    return len(said & held) / len(said)


def quote(statement: str, passage: Passage) -> str:
    """Return the passage's sentence that shares most with the statement, verbatim; empty when none shares a word."""
    said = content_words(statement)
    best, most = "", 0.0
    for candidate in _sentences(passage.text):
        words = content_words(candidate)
        shared = len(said & words)
        # Of two sentences that share as many words, the shorter says less besides.
        rating = shared + 1.0 / (2.0 + len(words)) if shared else 0.0
        if rating > most:
            best, most = candidate, rating
    return best


def _sentences(text: str) -> Sequence[str]:
    return [text[start:end] for start, end in sentences(text)]
