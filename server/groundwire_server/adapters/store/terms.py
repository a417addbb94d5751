"""The terms of the keyword indexes, the same in every store: words as `domain/text/words.py` cuts them, as one text.

No engine has all languages: SQLite stems English alone, Weaviate none, and neither cuts scripts without spaces as the
other does. So words are cut here, by the same rules that rate passages.
"""

from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

from groundwire_server.domain.text import words
from groundwire_server.domain.text.languages import Language

MOST_QUERY_TERMS: Final = 64
_LONGEST_TERM: Final = 64
_REMEMBERED: Final = 32_768


def index_terms(whole: str, texts: Sequence[str]) -> list[str]:
    """Return the terms of some texts, each as often as it occurs, with white space between them.

    Args:
        whole: the document that they are of, which tells the language.
        texts: its chunks, or its title.
    """
    language = words.language_of(whole)
    terms_of = _terms_of(language).__getitem__
    return [" ".join(filter(None, map(terms_of, words.words_in(language, text)))) for text in texts]


def query_terms(text: str) -> list[str]:
    """Return the first terms of a question, each once; none when it has no content word."""
    return list(dict.fromkeys(_bounded(words.query_terms(text))))[:MOST_QUERY_TERMS]


class _RememberedTerms(dict[str, str]):
    """The terms of words, with spaces between them. They are remembered, as texts repeat words."""

    def __init__(self, language: Language) -> None:
        super().__init__()
        self._language = language

    def __missing__(self, word: str) -> str:
        if len(self) >= _REMEMBERED:
            self.clear()
        self[word] = found = " ".join(_bounded(words.terms_of(self._language, word)))
        return found


@cache
def _terms_of(language: Language) -> _RememberedTerms:
    return _RememberedTerms(language)


def _bounded(terms: Iterable[str]) -> list[str]:
    return [term if len(term) <= _LONGEST_TERM else term[:_LONGEST_TERM] for term in terms]
