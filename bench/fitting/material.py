"""What edits and rewordings of true statements are made with: patterns, and the words of some passages."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random

Span = tuple[int, int]

NUMBER = re.compile(r"(?<![\w.,])\d[\d,]*(?:\.\d+)?(?![\w%]*\d)")
AUXILIARY = re.compile(
    r"\b(is|are|was|were|has|have|had|can|could|will|would|may|might|must|should|does|do|did)\b(?!\s*(?:not|never)\b)"
)
_NAME = re.compile(r"(?<![.!?] )(?<!^)\b(?:[A-Z][\w’'-]+)(?:(?: of| the| de| von| la)?(?: [A-Z][\w’'-]+))*")
_PHRASE = re.compile(
    r"\b(?:in|by|with|for|from|under|during|after|within|through|against|because of|as part of|together with|despite"
    r"|on behalf of) (?:the |a |an |its |his |their )?[\w’-]+(?: [\w’-]+){0,3}"
)
_ADJECTIVE = re.compile(r"\bthe ([a-z]{4,}(?:al|ic|ous|ive|ful|ary)) ")


@dataclass(frozen=True, slots=True)
class Material:
    """What can be put into a statement, and the chance that chooses.

    Attributes:
        chance: decides everything that is left to chance.
        names: of the passages, in their order, as are the rest.
        numbers: in digits.
        phrases: that begin with a preposition.
        adjectives: before nouns.
    """

    chance: Random
    names: Sequence[str]
    numbers: Sequence[str]
    phrases: Sequence[str]
    adjectives: Sequence[str]

    @classmethod
    def of(cls, passages: Sequence[str], chance: Random) -> "Material":
        return cls(
            chance,
            [text[start:end] for text in passages for start, end in names(text)],
            [number for text in passages for number in NUMBER.findall(text)],
            [match.group() for text in passages for match in _PHRASE.finditer(text)],
            [word for text in passages for word in _ADJECTIVE.findall(text)],
        )


def names(text: str) -> list[Span]:
    """Return where names stand, by their capitals; the first word of a sentence is left out."""
    return [match.span() for match in _NAME.finditer(text) if match.group() != "I"]


def spans(pattern: re.Pattern[str], text: str) -> list[Span]:
    return [match.span() for match in pattern.finditer(text)]


def replace(text: str, span: Span, words: str) -> str:
    return text[: span[0]] + words + text[span[1] :]


def capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
