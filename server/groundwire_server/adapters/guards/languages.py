"""The guard `languages`: questions in a language that a route does not serve."""

import re
from collections import Counter
from collections.abc import Collection, Mapping, Sequence
from itertools import chain
from typing import Final

from groundwire_server.domain.failure import GroundwireError
from groundwire_server.domain.guards.finding import Finding
from groundwire_server.domain.text.fold import fold_case
from groundwire_server.domain.text.languages import Language, scores_of

LANGUAGES_VERSION: Final = "1"

_TOLD_BY_WORDS: Final[Mapping[str, Language]] = {
    "en": Language.ENGLISH, "es": Language.SPANISH, "fr": Language.FRENCH, "de": Language.GERMAN,
    "pt": Language.PORTUGUESE, "ru": Language.RUSSIAN, "it": Language.ITALIAN, "nl": Language.DUTCH,
    "ar": Language.ARABIC, "pl": Language.POLISH, "tr": Language.TURKISH, "id": Language.INDONESIAN,
    "vi": Language.VIETNAMESE, "hi": Language.HINDI, "fa": Language.PERSIAN, "sv": Language.SWEDISH,
    "da": Language.DANISH, "no": Language.NORWEGIAN, "fi": Language.FINNISH, "cs": Language.CZECH,
    "hu": Language.HUNGARIAN, "ro": Language.ROMANIAN, "el": Language.GREEK, "uk": Language.UKRAINIAN,
    "he": Language.HEBREW, "bg": Language.BULGARIAN, "sk": Language.SLOVAK, "ca": Language.CATALAN,
}  # fmt: skip
"""Languages that their most frequent words tell, by their codes (ISO 639-1)."""

_SCRIPTS: Final[Mapping[str, tuple[str, frozenset[str]]]] = {
    "kana": ("\u3041-\u30ff\uff66-\uff9d", frozenset({"ja"})),
    "han": ("\u3400-\u9fff\uf900-\ufaff\U00020000-\U000323af", frozenset({"zh", "ja"})),
    "hangul": ("\u1100-\u11ff\u3130-\u318f\uac00-\ud7a3", frozenset({"ko"})),
    "thai": ("\u0e01-\u0e4e", frozenset({"th"})),
    "lao": ("\u0e81-\u0ede", frozenset({"lo"})),
    "burmese": ("\u1000-\u109f", frozenset({"my"})),
    "khmer": ("\u1780-\u17d3", frozenset({"km"})),
    "devanagari": ("\u0900-\u097f", frozenset({"hi", "mr", "ne"})),
    "bengali": ("\u0980-\u09fe", frozenset({"bn"})),
    "gurmukhi": ("\u0a01-\u0a75", frozenset({"pa"})),
    "gujarati": ("\u0a81-\u0aff", frozenset({"gu"})),
    "tamil": ("\u0b82-\u0bfa", frozenset({"ta"})),
    "telugu": ("\u0c00-\u0c7f", frozenset({"te"})),
    "kannada": ("\u0c80-\u0cf2", frozenset({"kn"})),
    "malayalam": ("\u0d00-\u0d7f", frozenset({"ml"})),
    "sinhala": ("\u0d81-\u0df4", frozenset({"si"})),
    "georgian": ("\u10a0-\u10ff", frozenset({"ka"})),
    "armenian": ("\u0531-\u0587", frozenset({"hy"})),
    "ethiopic": ("\u1200-\u137f", frozenset({"am"})),
    "hebrew": ("\u05d0-\u05ea", frozenset({"he", "yi"})),
    "greek": ("\u0370-\u03ff\u1f00-\u1fff", frozenset({"el"})),
    "cyrillic": ("\u0400-\u052f", frozenset({"ru", "uk", "bg", "sr", "mk", "be", "kk"})),
    "arabic": ("\u0620-\u065f\u066e-\u06d3\u06fa-\u06ff\u0750-\u077f", frozenset({"ar", "fa", "ur"})),
}
"""Scripts other than Latin: their letters, and the languages that are written in them."""

_LATIN: Final = frozenset(_TOLD_BY_WORDS) - frozenset(chain(*(codes for _, codes in _SCRIPTS.values())))
CODES: Final = frozenset(_TOLD_BY_WORDS) | frozenset(chain(*(codes for _, codes in _SCRIPTS.values())))
"""The codes of all languages that are told apart."""

_LETTERS: Final = re.compile("|".join(f"(?P<{name}>[{letters}]+)" for name, (letters, _) in _SCRIPTS.items()))
_WORD: Final = re.compile(r"[^\W\d_]+")

_MOST: Final = 0.6
"""The share of a question's letters in one script from which it is in a language of that script: others are names."""

_SURE: Final = 1.2
"""How much the frequent words have to tell for a language: two that it has alone, or more that it shares."""

_AHEAD: Final = 2.0
"""How far it must be ahead of every language that is served."""


class UnknownLanguageError(GroundwireError):
    """A code of a language that is not told apart."""


class LanguagesGuard:
    """A guard that finds questions in a language that is not served, where that is certain.

    Args:
        served: the codes (ISO 639-1) of the languages that a route serves.

    Raises:
        UnknownLanguageError: when one of them is not told apart from others.
    """

    by_word = False
    finds_data = False

    def __init__(self, served: Collection[str]) -> None:
        unknown = sorted(set(served) - CODES)
        if unknown:
            raise UnknownLanguageError(f"{', '.join(unknown)}: not among {', '.join(sorted(CODES))}")
        self._served = frozenset(served)

    def __repr__(self) -> str:
        return f"LanguagesGuard({', '.join(sorted(self._served))})"

    def about(self, rule: str) -> str:
        """Return what a rule of it looks for: nothing, as it is the code of the language, or the name of the script."""
        return ""

    def find(self, text: str) -> Sequence[Finding]:
        """Return the whole text where it is surely in another language."""
        other = self._other(text)
        return [Finding("language", 0, len(text), other)] if other else []

    def _other(self, text: str) -> str:
        """Return the code of the language that a text is in, or a script's name; empty where it may be served."""
        script, written = _script(text)
        if script and self._served.isdisjoint(written):
            return script if len(written) > 1 else next(iter(written))
        if not script and self._served.isdisjoint(_LATIN):
            written = _LATIN
        scores = scores_of(frozenset(_WORD.findall(fold_case(text))))
        told = {code: scores[language] for code, language in _TOLD_BY_WORDS.items() if code in written}
        if not told:
            return ""
        best = max(told, key=told.__getitem__)
        if best in self._served or told[best] < _SURE:
            return ""
        return best if all(told[best] >= _AHEAD * told[code] for code in self._served & told.keys()) else ""


def _script(text: str) -> tuple[str, frozenset[str]]:
    """Return the script of most of a text's letters and its languages; an empty name for Latin or none."""
    if text.isascii():
        return "", _LATIN
    counts = Counter[str]()
    for found in _LETTERS.finditer(text):
        counts[found.lastgroup or ""] += len(found[0])
    # Japanese is written in both; Chinese has no kana.
    if counts["kana"]:
        counts["kana"] += counts.pop("han", 0)
    most = counts.most_common(1)
    letters = sum(map(str.isalpha, text))
    if not most or most[0][1] < _MOST * letters:
        return "", _LATIN
    name = most[0][0]
    return name, _SCRIPTS[name][1]
