"""What the form of a question says about its answer."""

import re
from dataclasses import dataclass
from typing import Final

from groundwire_server.domain.numbered import Numbered, identifiers, numbered
from groundwire_server.domain.text.languages import Language
from groundwire_server.domain.text.words import content_words, language_of

_DEFINITION: Final = re.compile(
    r"\W*(?:what|who)(?:['’]s| is| are| was| were)\s+(?:an?\s|the\s)?(?P<is>[^?]{1,60}?)"
    r"(?:\s+(?:in|of|for)\b[^?]*)?\?*\s*$"
    r"|\W*what\s+(?:does|do|did)\s+(?:an?\s|the\s)?(?P<does>[^?]{1,60}?)\s+(?:do|mean|stand for)\b",
    re.IGNORECASE,
)
_WAY: Final = re.compile(r"\bhow\s+(?:(?:do|can|could|may|must|should|would)\s+(?:i|we|you|one)|to)\b", re.IGNORECASE)
_QUANTITY: Final = re.compile(
    r"\bhow\s+(?:many|much|long|large|big|small|high|low|fast|slow|old|often|far|deep|wide|heavy)\b"
    r"|\b(?:which|what)\s+(?:versions?|numbers?|port|size|limit|percentage|share)\b",
    re.IGNORECASE,
)
_OF_TIME: Final = re.compile(r"^\W*when\b|\b(?:which|what)\s+(?:year|date|day|month)\b", re.IGNORECASE)
_TIME: Final = re.compile(r"\d")
_NUMBER: Final = re.compile(r"(?<!\d)(?!(?:1\d|20)\d\d(?!\d))\d")
"""A digit that is not of a year."""
_MEASURE: Final = re.compile(
    r"\bhow\s+(?:long|large|big|small|high|low|fast|slow|old|often|far|deep|wide|heavy)\b", re.IGNORECASE
)


@dataclass(frozen=True, slots=True)
class AskedFor:
    """What a question asks for. The forms of a definition, a way and a quantity are known in English alone.

    Attributes:
        words: its content words.
        language: by whose rules they are compared.
        numbered: what it tells apart by numbers.
        identifiers: its versions, files and names of programs.
        defined: the words that are to be defined; none where it asks for something else.
        way: whether it asks how something is done.
        quantity: what a number in the answer looks like; None where none is asked for.
    """

    words: frozenset[str]
    language: Language
    numbered: Numbered
    identifiers: frozenset[str]
    defined: frozenset[str]
    way: bool
    quantity: re.Pattern[str] | None

    @classmethod
    def by(cls, question: str) -> "AskedFor":
        """Return what a question asks for."""
        language = language_of(question)
        definition = _DEFINITION.match(question)
        return cls(
            # "How large" is answered by a size.
            content_words(_MEASURE.sub(" ", question), language),
            language,
            numbered(question, language),
            identifiers(question),
            content_words(definition["is"] or definition["does"], language) if definition else frozenset(),
            _WAY.search(question) is not None,
            _TIME if _OF_TIME.search(question) else _NUMBER if _QUANTITY.search(question) else None,
        )
