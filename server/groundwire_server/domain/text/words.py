"""Words, and the content words among them: what indexes hold, and by which texts are compared.

A question and a text are compared by the rules of the question's language, whatever the text is in: the same word then
has the same stem in both. An index cannot know the language of the questions that will come; see `terms_of`.
"""

import re
from collections.abc import Collection, Iterable, Sequence
from itertools import chain

from groundwire_server.domain.text.fold import fold, fold_case
from groundwire_server.domain.text.grams import UNSPACED, cut, has_unspaced, is_unspaced, unspaced_letters
from groundwire_server.domain.text.languages import Language, stem_in, stop_words_of
from groundwire_server.domain.text.languages import language_of as language_of_words
from groundwire_server.domain.text.stems import stem
from groundwire_server.domain.text.stop_words import STOP_WORDS

_SHORT_TEXT = 1000
_BEGINNING = 1500
"""Code points that tell a text's language."""

_MARKS = (
    "\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u0610-\u061a\u064b-\u065f\u0670"
    "\u06d6-\u06dc\u06df-\u06e4\u06e7\u06e8\u06ea-\u06ed\u0711\u0730-\u074a\u07a6-\u07b0\u0900-\u0963\u0966-\u096f"
    "\u0971-\u0df3\u0e31\u0e34-\u0e3a\u0e47-\u0e4e\u0eb1\u0eb4-\u0ebc\u0ec8-\u0ece\u0f18\u0f19\u0f35\u0f37\u0f39"
    "\u0f71-\u0f84\u0f86-\u0f97\u0f99-\u0fbc\u102b-\u103e\u1056-\u1059\u135d-\u135f\u1712-\u1715\u17b4-\u17d3\u180b-\u180d"
    "\u1920-\u193b\u1b00-\u1b04\u1b34-\u1b44\u1dc0-\u1dff\u200c\u200d\u20d0-\u20f0\u3099\u309a\ufe00-\ufe0f\ufe20-\ufe2f"
)
"""Combining marks, which belong to the letter before them and which `\\w` leaves out."""

_WORD = re.compile(rf"[\w{_MARKS}]+")
_SPACED_WORD = re.compile(rf"(?:(?!{UNSPACED.pattern})[\w{_MARKS}])+")
"""The same up to where an unspaced script begins."""

_SYMBOLS = re.compile("[\u2010-\u205e\u2190-\u245f\u2500-\u2bff]+")
"""Quotation marks, dashes, arrows and the like: many a text has no other characters outside ASCII."""

_ASCII_SPACES = {code: " " for code in range(128) if not chr(code).isalnum()}
"""What parts words; finding them so takes a third of the time."""


def words(text: str) -> list[str]:
    """Return the runs of letters, marks and digits, case folded, in one width and without accents."""
    return _words(fold(text))


def language_of(text: str) -> Language:
    """Return the language of a text, by its beginning; English where it is not known."""
    return language_of_words(_words(fold_case(text[:_BEGINNING])))


def content_words(text: str, language: Language = Language.ENGLISH) -> frozenset[str]:
    """Return the content words of a text, each stemmed: without stop words, and without accents.

    Stems are for comparing with each other only: singular and plural, and regular verb forms, share one. Scripts
    without spaces count in pairs of characters, without those that function words make.
    """
    return _stemmed(set(words_in(language, text)) - stop_words_of(language), language, asked=True)


def words_in(language: Language, text: str) -> list[str]:
    """Return the words of a text in the form that a language's rules read: only those of English know no accents."""
    return _words(fold(text) if language is Language.ENGLISH else fold_case(text))


def terms_of(language: Language, word: str) -> Sequence[str]:
    """Return the terms by which an index finds a word of `words_in`; none for a stop word.

    A word of another language than English has two stems where they differ, by the rules of both: a question of a few
    words may not tell its language, and one in another language may have the name.
    """
    if word in stop_words_of(language):
        return ()
    found = _stems(word, language, asked=False)
    if language is Language.ENGLISH or has_unspaced(word):
        return found
    return tuple(dict.fromkeys((*found, *_stems(fold(word), Language.ENGLISH, asked=False))))


def query_terms(text: str) -> list[str]:
    """Return the terms to search a question by, each once: its content words, by both stems where they differ."""
    language = language_of(text)
    left_out = stop_words_of(language)
    found: list[str] = []
    for word in words_in(language, text):
        if word not in left_out:
            found += _stems(word, language, asked=True)
            if language is not Language.ENGLISH:
                found += _stems(fold(word), Language.ENGLISH, asked=True)
    return list(dict.fromkeys(found))


def occurring(wanted: frozenset[str], text: str, language: Language = Language.ENGLISH) -> frozenset[str]:
    """Return which of some content words are among the text's: `wanted & content_words(text)`, many times faster.

    What is written without spaces counts wherever it stands.

    Args:
        wanted: content words.
        text: any.
        language: by whose rules the words were found, whatever the text is in.
    """
    if language is not Language.ENGLISH or len(text) > _SHORT_TEXT:
        # Looking each stem up costs stems times length, and worse where words run together; this costs the length once.
        return ContentWords(text, language).occurring(wanted)
    folded = fold(text).replace("_", " ")
    return frozenset([word for word in wanted if _occurs(word, folded)])


def letters(found: Iterable[str]) -> int:
    """Return how many letters some content words have; pairs overlap, so each letter of theirs counts once."""
    pairs: set[str] = set()
    count = 0
    for word in found:
        if is_unspaced(word):
            pairs.update(word)
        else:
            count += len(word)
    return count + len(pairs)


class ContentWords:
    """The content words of a text that is looked into more than once, by the rules of a language."""

    def __init__(self, text: str, language: Language = Language.ENGLISH) -> None:
        found = set(words_in(language, text)) - stop_words_of(language)
        self._stems = _stemmed(found, language, asked=False)
        if not all(map(str.isascii, found)):
            # A single letter of an unspaced script counts, too.
            self._stems = self._stems.union(chain.from_iterable(map(unspaced_letters, found)))

    def occurring(self, wanted: frozenset[str]) -> frozenset[str]:
        """Return which of some content words are among them, as `occurring` does."""
        return wanted & self._stems


def _stemmed(found: Collection[str], language: Language, *, asked: bool) -> frozenset[str]:
    if language is Language.ENGLISH and all(map(str.isascii, found)):
        return frozenset(map(stem, found))
    return frozenset(chain.from_iterable([_stems(word, language, asked=asked) for word in found]))


def _stems(word: str, language: Language, *, asked: bool) -> Sequence[str]:
    if word.isascii() or not has_unspaced(word):
        return (stem_in(language, word) if language is not Language.ENGLISH else stem(word),)
    spaced, terms = cut(word, asked=asked)
    left_out = stop_words_of(language)
    return [*(stem_in(language, each) for each in spaced if each not in left_out), *terms]


def _words(folded: str) -> list[str]:
    if not folded.isascii():
        folded = _SYMBOLS.sub(" ", folded)
    return folded.translate(_ASCII_SPACES).split() if folded.isascii() else _WORD.findall(folded.replace("_", " "))


def _occurs(wanted: str, folded: str) -> bool:
    # Every form of a word begins with its stem, but for a `y` that became an `i`, or an `i` that became a `y`.
    beginning = wanted[:-1] if wanted.endswith(("i", "y")) else wanted
    start = folded.find(beginning)
    if start >= 0 and is_unspaced(wanted):
        return True
    while start >= 0:
        if not start or not _SPACED_WORD.fullmatch(folded, start - 1, start):
            word = _SPACED_WORD.match(folded, start)
            if word and word.group() not in STOP_WORDS and stem(word.group()) == wanted:
                return True
        start = folded.find(beginning, start + 1)
    return False
