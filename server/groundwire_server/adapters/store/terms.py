"""The terms of the keyword indexes, the same in every store: words as `domain/text/words.py` cuts them, as one text.

No engine has all languages: SQLite stems English alone, Weaviate none, and neither cuts scripts without spaces as the
other does. So words are cut here, by the same rules that rate passages.
"""

import re
from collections.abc import Iterable, Sequence
from functools import cache
from typing import Final

from groundwire_server.domain.document import Chunk
from groundwire_server.domain.text import words
from groundwire_server.domain.text.languages import Language

MOST_QUERY_TERMS: Final = 64
_MOST_COMPOUNDS: Final = 8
_LONGEST_TERM: Final = 64
_REMEMBERED: Final = 32_768

_COMPOUND: Final = re.compile(r"[^\W_]+(?:[._/-]+[^\W_]+)+")
"""What several words make without white space: version 8.4.1, tmp_path, Ctrl-C, snapshot-count."""
_VERSION: Final = re.compile(r"v?\d+")


def index_terms(whole: str, texts: Sequence[str]) -> list[str]:
    """Return the terms of some texts, each as often as it occurs, with white space between them.

    Args:
        whole: the document that they are of, which tells the language.
        texts: its chunks, or its title.
    """
    language = words.language_of(whole)
    terms_of = _terms_of(language).__getitem__
    return [" ".join(filter(None, map(terms_of, words.words_in(language, text)))) for text in texts]


def passage_terms(whole: str, chunks: Sequence[Chunk]) -> list[str]:
    """Return the terms of the chunks of a document, as `index_terms` does.

    The headings above a chunk are among them: all that it says is about them, and only the first chunk of a section has
    them in its text.
    """
    return index_terms(whole, [_with_headings(chunk) for chunk in chunks])


def query_phrases(text: str) -> list[str]:
    """Return what a question is searched by where an index knows which terms follow each other.

    These are its terms, and for each of its compounds the terms of its parts, with a space between them. The digits of
    `8.4.1` stand everywhere, and the version itself in few places: they are left out by themselves, and the version is
    there once for each of them.
    """
    language = words.language_of(text)
    terms_of = _terms_of(language).__getitem__
    compounds = [words.words_in(language, compound) for compound in _COMPOUND.findall(text)[:_MOST_COMPOUNDS]]
    parts = [each for compound in compounds if len(each := list(filter(None, map(terms_of, compound)))) > 1]
    digits = {part for each in parts for part in each if part.isdigit()}
    # "v3.6" and "3.6" are one version.
    parts += [[_other_version(each[0]), *each[1:]] for each in parts if _VERSION.fullmatch(each[0])]
    phrases = {" ".join(each): max(1, len(digits.intersection(each))) for each in parts}
    terms = [term for term in query_terms(text) if term not in digits]
    return [*terms, *(phrase for phrase, count in phrases.items() for _ in range(count))]


def query_terms(text: str) -> list[str]:
    """Return the first terms of a question, each once; none when it has no content word."""
    return list(dict.fromkeys(_bounded(words.query_terms(text))))[:MOST_QUERY_TERMS]


def _other_version(term: str) -> str:
    return term[1:] if term.startswith("v") else f"v{term}"


def _with_headings(chunk: Chunk) -> str:
    above = (heading for heading in chunk.place.section if heading not in chunk.text)
    return "\n".join((*above, chunk.text))


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
