"""Guessing the language of a text by its script and its function words."""

import re
from collections import Counter

_LEAST = 2
"""Function words below which nothing is said."""

_FUNCTION_WORDS = {
    "en": "the of and to is was are were for with that this from by be not which has have it as at an or can may must",
    "de": "der die das und ist sind wird werden mit von den dem ein eine nicht auf für im zu des oder bei nach",
    "fr": "le la les des et est sont dans pour une du que qui sur avec par au aux ne pas plus ce cette ou être",
    "es": "el la los las y es son en para una del que con por se su no al como más o fue está",
    "it": "il lo la gli le e è sono per una del della che con di si non al come più o nel alla",
    "nl": "de het een en is zijn van voor met niet op aan door bij naar wordt worden dat ook te",
    "pt": "o os as e é são para uma do da que com por se não ao como mais ou em no na",
}
_WORDS = {code: frozenset(words.split()) for code, words in _FUNCTION_WORDS.items()}

_LETTERS = {"de": "äöüß", "fr": "éèêçàù", "es": "ñ¿¡áíóú", "pt": "ãõ", "it": "èìòù"}
"""Letters that few other languages have."""

_SCRIPTS = re.compile(
    r"(?P<cyrillic>[\u0400-\u052f])|(?P<greek>[\u0370-\u03ff])|(?P<hebrew>[\u0590-\u05ff])|(?P<arabic>[\u0600-\u06ff])"
    r"|(?P<devanagari>[\u0900-\u097f])|(?P<thai>[\u0e00-\u0e7f])|(?P<kana>[\u3040-\u30ff])|(?P<hangul>[\uac00-\ud7af])"
    r"|(?P<han>[\u4e00-\u9fff])"
)
_SAMPLE = 500
_PLENTY = 3
"""English function words that no text of another language in Latin letters has by chance."""

CAPITALS_MARK_NAMES = frozenset(("", "en", "fr", "es", "it", "nl", "pt"))
"""Languages in which a capital within a sentence marks a name."""

ORDER_TELLS_ROLES = frozenset(("", "en", "fr", "es", "it", "pt"))
"""Languages in which who does it stands before the verb."""

COMPOUNDING = frozenset(("de", "nl"))
"""Languages that write compounds as one word."""

PAIRED = frozenset(("thai", "kana", "han"))
"""Scripts without spaces between words, whose terms are pairs of characters."""

IDEOGRAPHIC = frozenset(("kana", "han"))
"""Scripts whose pairs of characters are found almost anywhere: their order is what tells."""


def language(text: str, least: int = _LEAST) -> str:
    """Return the code of a text's language, the name of its script where it is not Latin, or nothing when unsure.

    Args:
        text: any; the beginning of a long one tells.
        least: function words, and letters of its own, from which it is sure.
    """
    sample = text[:_SAMPLE].lower()
    found = set(sample.split())
    english = len(_WORDS["en"] & found)
    if english > _PLENTY and sample.isascii():
        return "en"
    if not sample.isascii():
        scripts = Counter(match.lastgroup or "" for match in _SCRIPTS.finditer(sample))
        if 2 * scripts.total() > sum(map(str.isalpha, sample)):
            return "kana" if scripts["kana"] else scripts.most_common(1)[0][0]
    counts = Counter({code: number for code, words in _WORDS.items() if (number := len(words & found))})
    if not sample.isascii():
        letters = set(sample)
        counts.update(code for code, own in _LETTERS.items() if not letters.isdisjoint(own))
    if not counts:
        return ""
    (best, most), *rest = counts.most_common(2)
    return best if most >= least and (not rest or most > rest[0][1]) else ""


def differ(one: str, other: str) -> bool:
    """Return whether two texts are known to be in different languages."""
    return bool(one and other) and one != other
