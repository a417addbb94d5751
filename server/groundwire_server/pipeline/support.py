"""How far the cited passages carry what is said, judged by words: cheap, strict on names and numbers."""

from collections.abc import Iterable

from groundwire_server.domain.evidence import Passage
from groundwire_server.domain.text import content_words, occurring, sentences


def support(statement: str, passages: Iterable[Passage]) -> float:
    """Return the share, 0 to 1, of the statement's content words that occur in the passages.

    A statement without a content word says nothing that could be supported: 0.
    """
    said = content_words(statement)
    if not said:
        return 0.0
    missing = said
    for passage in passages:
        missing -= occurring(missing, passage.text)
    return 1.0 - len(missing) / len(said)


def quote(statement: str, passage: Passage) -> str:
    """Return the passage's sentence that says or else shares most with the statement, verbatim.

    Empty when none shares a word. Of two sentences that share as many words, the shorter says less besides.
    """
    said, verbatim = content_words(statement), _folded(statement)
    candidates = [passage.text[start:end] for start, end in sentences(passage.text)]
    for candidate in candidates:
        # Words alone cannot tell `x < y` from `x > y`.
        if verbatim and verbatim in _folded(candidate):
            return candidate
    best = max(candidates, key=lambda candidate: (len(occurring(said, candidate)), -len(candidate)), default="")
    return best if occurring(said, best) else ""


def _folded(text: str) -> str:
    return " ".join(text.split())
