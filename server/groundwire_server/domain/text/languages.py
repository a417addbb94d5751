"""Languages: which one a text is in, its stop words and its stems.

Only languages whose words have spaces between them are told apart; `grams.py` cuts the others.
"""

from collections.abc import Collection, Iterable, Mapping, Sequence
from enum import StrEnum
from functools import cache, lru_cache
from typing import Final

import Stemmer
import stop_words

from groundwire_server.domain.text.fold import fold, fold_case, unaccented
from groundwire_server.domain.text.stems import stem
from groundwire_server.domain.text.stop_words import STOP_WORDS


class Language(StrEnum):
    """A language that has a list of stop words, by its name in the packages that know it.

    English comes first: its rules are also those of a text whose language is unknown. Of two languages with the same
    stop words in a text, the one that more people write comes first.
    """

    ENGLISH = "english"
    SPANISH = "spanish"
    FRENCH = "french"
    GERMAN = "german"
    PORTUGUESE = "portuguese"
    RUSSIAN = "russian"
    ITALIAN = "italian"
    DUTCH = "dutch"
    ARABIC = "arabic"
    POLISH = "polish"
    TURKISH = "turkish"
    INDONESIAN = "indonesian"
    VIETNAMESE = "vietnamese"
    HINDI = "hindi"
    PERSIAN = "persian"
    SWEDISH = "swedish"
    DANISH = "danish"
    NORWEGIAN = "norwegian"
    FINNISH = "finnish"
    CZECH = "czech"
    HUNGARIAN = "hungarian"
    ROMANIAN = "romanian"
    GREEK = "greek"
    UKRAINIAN = "ukrainian"
    HEBREW = "hebrew"
    BULGARIAN = "bulgarian"
    SLOVAK = "slovak"
    CATALAN = "catalan"


_STEMMED: Final = frozenset(Stemmer.algorithms())
_ASKING: Final = {
    Language.HINDI: "कब कहाँ कहां कितना कितने कितनी क्या क्यों कैसे कैसा कौन किस किसे किसका कौनसा होता होती होते",
}
"""Words that only ask, which the package's list does not have."""

_LEAST_SCORE: Final = 0.5
_MANY: Final = 30
_SURELY_ENGLISH: Final = 0.2
"""The share of English stop words among many words from which no other language is looked for."""


def language_of(words: Collection[str]) -> Language:
    """Return the language whose stop words are the most telling among some words.

    A stop word counts for each language that has it, the less the more of them do. English is returned where no
    language is ahead.

    Args:
        words: of a text, case folded, with their accents.
    """
    distinct = frozenset(words)
    if len(distinct) >= _MANY and len(distinct & STOP_WORDS) > _SURELY_ENGLISH * len(distinct):
        return Language.ENGLISH
    languages = _languages()
    found = [word for word in distinct if word in languages]
    if STOP_WORDS.issuperset(found):
        # No language can be ahead.
        return Language.ENGLISH
    scores = scores_of(found)
    best = max(Language, key=scores.__getitem__)
    return best if scores[best] >= _LEAST_SCORE else Language.ENGLISH


def scores_of(words: Iterable[str]) -> Mapping[Language, float]:
    """Return how much the stop words among some words tell for each language.

    Args:
        words: different ones, case folded, with their accents.
    """
    languages = _languages()
    scores = dict.fromkeys(Language, 0.0)
    for word in sorted(words):
        sharing = languages.get(word, ())
        for language in sharing:
            scores[language] += 1.0 / len(sharing)
    return scores


@cache
def stop_words_of(language: Language) -> frozenset[str]:
    """Return a language's stop words, case folded, with their accents; what an apostrophe parts is one each."""
    if language is Language.ENGLISH:
        return STOP_WORDS
    listed = [*stop_words.get_stop_words(language), *_ASKING.get(language, "").split()]
    return frozenset(part for word in listed for part in fold_case(word).replace("’", "'").split("'") if part)


@lru_cache(maxsize=65_536)
def stem_in(language: Language, word: str) -> str:
    """Return a word's stem in a language, without accents; the word itself where the language has no stemmer."""
    if language is Language.ENGLISH:
        return stem(fold(word))
    if language.value not in _STEMMED:
        return unaccented(word)
    # A stemmer has a state, and making one takes less time than using it.
    return unaccented(Stemmer.Stemmer(language.value, 0).stemWord(word))


@cache
def _languages() -> Mapping[str, Sequence[Language]]:
    """The languages that have each stop word."""
    found: dict[str, list[Language]] = {}
    for language in Language:
        for word in stop_words_of(language):
            found.setdefault(word, []).append(language)
    return found
