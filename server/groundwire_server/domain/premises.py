"""What a question takes for granted, compared with the answer that it gets.

"In what year did demand decline?" takes for granted that demand declined. A sentence about growth in 1913 has a year,
and answers another question. The lists of words are English, as those of `domain/claims/lexicon.py` mostly are: of a
question in another language they find little, and object to nothing.
"""

import math
import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from enum import Enum, auto
from itertools import pairwise
from typing import Final

from groundwire_server.domain.claims.irregular import IRREGULAR
from groundwire_server.domain.claims.lexicon import NEGATORS, STRONG_NEGATORS
from groundwire_server.domain.claims.number_words import MONTHS, NUMBER_WORDS, ORDINALS
from groundwire_server.domain.claims.opposites import OPPOSITES, opposed
from groundwire_server.domain.text.composing import nfkc
from groundwire_server.domain.text.fold import fold
from groundwire_server.domain.text.languages import Language
from groundwire_server.domain.text.stems import stem
from groundwire_server.domain.text.words import content_words, language_of, occurring, words

_NUMBER = re.compile(r"\d+(?:[.,]\d+)*")
_LEAST_DIGITS = 2
"""A single digit counts things more often than it names them: the text lists "the 3 phases" without a 3."""

_CAPITAL = re.compile(r"(?<=[\s(\"“‘/-])[^\W\d_a-z][\w]*")
"""A word that may have a capital and is not the first of its text."""

_NOT = re.compile(r"n['’]t\b")
_DENIALS = NEGATORS - {"t", "n"}
"""Without what is left of `didn't` and of French `n'est`: a letter alone denies nothing."""

_LEAST_STEM = 4
_STEM_SHARE = 0.6
_LEAST_MISSPELT = 5
_HEADLINE = 3
"""A question of more capitals than this, and hardly a word without, is written like a headline: they say nothing."""

_MOSTLY = 0.6

_OF_TIME = frozenset(
    """
    year years decade decades century centuries month months week weeks day days today yesterday tomorrow monday tuesday
    wednesday thursday friday saturday sunday spring summer autumn winter noon midnight morning evening night era age
    period ago once before after during when while until since daily weekly monthly annually annual hour hours minute
    minutes second seconds time times date dates early late now immediately
    """.split()
).union(MONTHS, NUMBER_WORDS)
_OF_NUMBER = frozenset(
    """
    a an single once twice double triple half quarter pair dozen dozens hundred hundreds thousand thousands million
    millions billion several few many most all none no both every each couple majority minority some
    """.split()
).union(NUMBER_WORDS, ORDINALS)
_TIMES_ASKED = frozenset(map(stem, "year date day month century decade".split()))
_WHETHER = frozenset("am are can could did do does has have is may must shall should was were will would".split())
_NUMBERS_ASKED = frozenset("many much".split())


AGREEMENT: Final = (
    "held",
    "numbered",
    "coverage",
    "missing_names",
    "missing_numbers",
    "denied",
    "opposed",
    "lacking",
)
"""The names of `Agreement.features`; `held`: how many of the question's words are held, as a logarithm."""


class Expected(Enum):
    """What an answer must hold to be one."""

    NAME = auto()
    TIME = auto()
    NUMBER = auto()
    ANYTHING = auto()


@dataclass(frozen=True, slots=True)
class Premises:
    """What a question takes for granted.

    Attributes:
        words: its content words, each stemmed.
        names: those of them that it writes with a capital.
        numbers: its numbers of two digits or more.
        opposites: the stems of those of its words that have an opposite.
        negated: whether it asks for what is not.
        expected: what an answer must hold.
        language: of the question.
    """

    words: frozenset[str]
    names: frozenset[str]
    numbers: frozenset[str]
    opposites: frozenset[str]
    negated: bool
    expected: Expected
    language: Language = Language.ENGLISH

    @classmethod
    def of(cls, question: str) -> "Premises":
        """Return what a question takes for granted."""
        asked = words(question)
        expected = _expected(asked)
        language = language_of(question)
        # "In what year" is answered by a number: no text says the word.
        content = content_words(question, language) - (_TIMES_ASKED if expected is Expected.TIME else frozenset())
        return cls(
            content,
            names_of(question, content, language),
            _numbers(question),
            # Whether something is so is answered by its opposite, too.
            frozenset() if asked[:1] and asked[0] in _WHETHER else _with_opposites(asked),
            not STRONG_NEGATORS.isdisjoint(asked) or _NOT.search(question) is not None,
            expected,
            language,
        )


@dataclass(frozen=True, slots=True)
class Agreement:
    """How far an answer agrees with what its question takes for granted.

    Attributes:
        words: content words of the question.
        numbered: whether it has a number of two digits or more.
        coverage: the share of the question's content words that the answering sentence holds, or words of the same
            root, 0 to 1, leaving out those that it has the opposite of; 0 for a question without any.
        missing_names: names of the question that stand neither in the sentence nor near it.
        missing_numbers: the same of its numbers.
        denied: whether the question asks for what is not, and the sentence denies nothing.
        opposed: words of the question that the sentence has the opposite of in their place.
        lacking: whether the answer holds nothing of the kind that the question asks for.
    """

    words: int
    numbered: bool
    coverage: float
    missing_names: int
    missing_numbers: int
    denied: bool
    opposed: int
    lacking: bool

    @property
    def features(self) -> tuple[float, ...]:
        """What an estimate is computed from, in the order of `AGREEMENT`."""
        return (
            math.log1p(self.words * self.coverage),
            self.numbered,
            self.coverage,
            self.missing_names,
            self.missing_numbers,
            self.denied,
            self.opposed,
            self.lacking,
        )

    @property
    def contradicts(self) -> bool:
        """Whether the answer is one to another question.

        Two things may be opposites without being meant for each other, and a name may be another name of the same:
        these count only where most of the other words agree.
        """
        alike = self.coverage >= _MOSTLY
        return (
            self.denied
            or self.lacking
            or self.missing_numbers > 0
            or (alike and (self.missing_names > 0 or self.opposed > 0))
        )


def compare(premises: Premises, answer: Sequence[str], nearby: Callable[[], str]) -> Agreement:
    """Return how far an answer agrees with what its question takes for granted.

    Args:
        premises: of the question.
        answer: its sentences. The one with the most of the question's words is the answering one.
        nearby: returns what the answer was taken from: names and numbers may stand there. It is seldom called.
    """
    held = [occurring(premises.words, sentence, premises.language) for sentence in answer]
    best = max(range(len(answer)), key=lambda index: len(held[index]), default=None)
    sentence, found = ("", frozenset[str]()) if best is None else (answer[best], held[best])
    said = words(sentence)
    missing = premises.words - found
    if missing:
        # Most words have no relative: one look at the whole sentence tells.
        joined = f" {' '.join(said)}"
        missing = frozenset(
            word for word in missing if f" {word[:_LEAST_STEM]}" not in joined or not _has_relative(word, said)
        )
    names = premises.names & missing
    numbers = premises.numbers.difference(*map(_numbers, answer)) if premises.numbers else premises.numbers
    if names or numbers:
        text = nearby()
        names, numbers = _not_in(names, fold(text)), numbers - _numbers(text)
    opposites = _opposed(premises.opposites, said)
    compared = len(premises.words) - opposites
    return Agreement(
        words=len(premises.words),
        numbered=bool(premises.numbers),
        coverage=min(1.0, (len(premises.words) - len(missing)) / compared) if compared > 0 else 0.0,
        missing_names=len(names),
        missing_numbers=len(numbers),
        denied=premises.negated and not _denies(sentence, said),
        opposed=opposites,
        lacking=not _holds(premises, answer),
    )


def nowhere(wanted: frozenset[str], text: str) -> frozenset[str]:
    """Return the stems that a text has in no form: not within a word, misspelt by a letter, irregular or related."""
    absent = _not_in(wanted, fold(text))
    if not absent:
        return absent
    said = words(text)
    return frozenset(word for word in absent - frozenset(map(_base, said)) if not _has_relative(word, said))


def names_of(question: str, content: frozenset[str], language: Language = Language.ENGLISH) -> frozenset[str]:
    """Return those of a question's content words that it writes with a capital; none in German, as all nouns have one.

    Args:
        question: as it was asked.
        content: its content words, by the rules of its language.
        language: of the question.
    """
    if language is Language.GERMAN:
        return frozenset()
    capitals = [word for word in _CAPITAL.findall(question) if word[0].isupper()]
    names = content_words(" ".join(capitals), language) & content
    return frozenset() if len(names) > _HEADLINE and len(names) >= len(content) - 1 else names


def _with_opposites(asked: Sequence[str]) -> frozenset[str]:
    return frozenset(base for base in map(_base, asked) if base in OPPOSITES)


def _base(word: str) -> str:
    return stem(IRREGULAR.get(word, word))


def _numbers(text: str) -> frozenset[str]:
    """The numbers of a text, without the commas of thousands."""
    found = (number.replace(",", "") for number in _NUMBER.findall(nfkc(text)))
    return frozenset(number for number in found if len(number) >= _LEAST_DIGITS)


def _expected(asked: Sequence[str]) -> Expected:
    for word, following in pairwise((*asked, "")):
        match word:
            case "who" | "whom" | "whose":
                return Expected.NAME
            case "when":
                return Expected.TIME
            case "how" if following in _NUMBERS_ASKED:
                return Expected.NUMBER
            case "what" | "which":
                return Expected.TIME if stem(following) in _TIMES_ASKED else Expected.ANYTHING
            case "how" | "why" | "where":
                return Expected.ANYTHING
            case _:
                continue
    return Expected.ANYTHING


def _holds(premises: Premises, answer: Sequence[str]) -> bool:
    """Whether an answer has a word of the kind that is asked for."""
    match premises.expected:
        case Expected.ANYTHING:
            return True
        case Expected.NAME:
            # "The travel desk" names somebody without a capital: any word will do that the question does not have.
            return any(content_words(sentence, premises.language) - premises.words for sentence in answer)
        case Expected.TIME:
            return any(map(_NUMBER.search, answer)) or _has_any(_OF_TIME, answer)
        case Expected.NUMBER:
            return any(map(_NUMBER.search, answer)) or _has_any(_OF_NUMBER, answer)


def _has_any(wanted: frozenset[str], answer: Sequence[str]) -> bool:
    return any(not wanted.isdisjoint(words(sentence)) for sentence in answer)


def _denies(sentence: str, said: Sequence[str]) -> bool:
    return not _DENIALS.isdisjoint(said) or _NOT.search(sentence) is not None


def _has_relative(word: str, others: Iterable[str]) -> bool:
    """Whether one of the others is of the same root, as far as their beginnings tell."""
    if len(word) < _LEAST_STEM:
        return False
    beginning = word[:_LEAST_STEM]
    return any(
        other.startswith(beginning) and _shared(word, stem(other)) >= _STEM_SHARE * max(len(word), len(stem(other)))
        for other in others
    )


def _shared(one: str, other: str) -> int:
    """How many letters two words share at their beginnings."""
    size = min(len(one), len(other))
    return next((index for index in range(size) if one[index] != other[index]), size)


def _not_in(names: frozenset[str], text: str) -> frozenset[str]:
    """Return the names that stand nowhere in a folded text, not even within a word or misspelt by a letter."""
    absent = frozenset(name for name in names if name not in text)
    if not absent:
        return absent
    others = frozenset(map(stem, words(text)))
    return frozenset(name for name in absent if not any(_misspelt(name, word) for word in others))


def _misspelt(name: str, word: str) -> bool:
    """Whether two words differ in one letter: another, one more, one less, or two exchanged."""
    if abs(len(name) - len(word)) > 1 or min(len(name), len(word)) < _LEAST_MISSPELT:
        return False
    start = _shared(name, word)
    rest, other = name[start:], word[start:]
    return (
        rest[1:] == other[1:]
        or rest[1:] == other
        or rest == other[1:]
        or (rest[:2] == other[1::-1] and rest[2:] == other[2:])
    )


def _opposed(opposites: frozenset[str], said: Sequence[str]) -> int:
    """How many words a sentence has an opposite of in their place."""
    if not opposites:
        return 0
    bases = frozenset(map(_base, said))
    others = [base for base in bases if base in OPPOSITES]
    return sum(any(opposed(word, other) for other in others) for word in opposites - bases)
