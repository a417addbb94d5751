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
    """Return where the passage says the statement, or else its sentence that shares most words with it; verbatim.

    Empty when none shares a word. Of two sentences that share as many words, the shorter says less besides.
    """
    # Words alone cannot tell `x < y` from `x > y`, and looking for the very words is much cheaper besides.
    verbatim = _stretch(statement.split(), passage.text)
    if verbatim:
        return verbatim
    said = content_words(statement)
    candidates = [passage.text[start:end] for start, end in sentences(passage.text)]
    best = max(candidates, key=lambda candidate: (len(occurring(said, candidate)), -len(candidate)), default="")
    return best if occurring(said, best) else ""


def _stretch(words: list[str], text: str) -> str:
    """The stretch of a text that has these words in a row, however they are spaced; empty when there is none."""
    count = len(words)
    start = text.find(words[0]) if words else -1
    while start >= 0:
        *begun, rest = [*text[start:].split(None, count), ""][: count + 1]
        if begun == words and (start == 0 or not text[start - 1].isalnum()):
            return text[start : len(text) - len(rest)].rstrip()
        start = text.find(words[0], start + 1)
    return ""
