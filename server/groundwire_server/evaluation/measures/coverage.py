"""Plain word coverage: the baseline that a checker of statements has to beat."""

from collections.abc import Iterable

from groundwire_server.domain.text.words import ContentWords, content_words


def word_coverage(statement: str, passages: Iterable[str]) -> float:
    """Return the share, 0 to 1, of a statement's content words that occur in the passages; 0 without a content word."""
    said = content_words(statement)
    missing = said
    for passage in passages:
        missing -= ContentWords(passage).occurring(missing)
    return 1.0 - len(missing) / len(said) if said else 0.0
