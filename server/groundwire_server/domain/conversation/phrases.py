"""Noun phrases of an English sentence, found by the words around them.

There is no dictionary of nouns: what is no function word and no verb, by a short list or by its place, is taken for
part of a noun phrase. Questions are short, and their order is fixed; that is what makes this enough.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from groundwire_server.domain.conversation.lexicon import (
    ACCOUNTS,
    ADJECTIVES,
    ADVERBS,
    ARTICLES,
    ATTRIBUTES,
    AUXILIARIES,
    BE,
    COMPARED,
    DEMONSTRATIVES,
    DETERMINERS,
    MEASURES,
    ORDINALS,
    PAST_FORMS,
    PREDICATE_ENDINGS,
    PREDICATES,
    PREPOSITIONS,
    PRONOUNS,
    QUESTION_WORDS,
    SMALL_TALK,
    SUBJECTS,
    SUBORDINATORS,
    TIMES,
    VERBS,
)
from groundwire_server.domain.text.stems import stem

_SHORTENED: Final = {"'s": "is", "'re": "are", "'m": "am", "'d": "would", "'ve": "have", "'ll": "will"}
_TOKEN: Final = re.compile(
    r"```.*?```|`[^`]*`|“[^”]{1,80}”|\"[^\"]{1,80}\"|(?<!\w)'[^'\s][^']{0,80}'(?!\w)"
    r"|\b(?:what|who|where|when|how|that|there|it|he|she|i|you|we|they)(?=['’](?:s|re|m|d|ve|ll)\b)"
    r"|['’](?:s|re|m|d|ve|ll)\b|[^\W_]+(?:(?:['’.&/-]|_+)[^\W_]+)*|[^\w\s]",
    re.IGNORECASE,
)
"""A word, code, what stands in quotes, or a mark; "what's" is two words."""

_ACRONYMS: Final = frozenset({"it", "us", "who", "he"})
"""Function words that are names where they are written in capitals."""

_LOOK_ALIKES: Final = PRONOUNS | DEMONSTRATIVES | _ACRONYMS
_BEFORE_PRONOUNS: Final = frozenset({"all", "both", "another"})
_GLUE: Final = frozenset("$@#-/\\")
"""What stands before a name in code: "$this", "--it"."""

_OPENING: Final = DETERMINERS | DEMONSTRATIVES
_CLOSED: Final = _OPENING | QUESTION_WORDS | AUXILIARIES | PREPOSITIONS | SUBORDINATORS | PRONOUNS | ADVERBS
_AFTER_DEGREE: Final = AUXILIARIES | DETERMINERS | PRONOUNS
_JOINING: Final = frozenset({"of", "for", "in", "with", "from", "at", "on"})
"""Prepositions by which a phrase goes on: "the return fee in Austria"."""

_BEFORE_TIMES: Final = TIMES | MEASURES | ADJECTIVES | ORDINALS.keys() | frozenset({"next", "same", "following"})
"""What stands before a time and leaves it one: "Saturday morning", "the last week"."""

_BEFORE_SENTENCE: Final = SUBORDINATORS | SMALL_TALK | ADVERBS | {","}
_SENTENCE_ENDS: Final = frozenset({".", "?", "!", ":", ";"})
_LONGEST_OPENING: Final = 12
"""Words that may stand before a sentence's own: "Thanks, and then"."""

_HAVE: Final = frozenset({"have", "has", "had", "having"})
_CLITIC: Final = re.compile(r"['’]s$")
_LEAST_INFLECTED: Final = 4


@dataclass(frozen=True, slots=True)
class SentenceToken:
    """A word or a mark.

    Attributes:
        word: in lower case, with a straight apostrophe; as it is written where it is a name that looks like a pronoun.
        start: its place in the text.
    """

    text: str
    word: str
    start: int
    end: int

    @property
    def is_word(self) -> bool:
        """Whether it is no mark."""
        return self.text[-1].isalnum() or self.is_verbatim

    @property
    def is_verbatim(self) -> bool:
        """Whether it is code, or what stands in quotes."""
        return len(self.text) > 1 and self.text[0] in "`\"“'" and not self.text[-1].isalnum()

    @property
    def is_open(self) -> bool:
        """Whether it is no function word."""
        return self.is_word and self.word not in _CLOSED

    @property
    def is_capital(self) -> bool:
        """Whether it begins with a capital."""
        return self.text[0].isupper()


@dataclass(frozen=True, slots=True)
class NounPhrase:
    """Tokens of a sentence that name something.

    Attributes:
        first: the number of its first token, a determiner where it has one.
        end: the number of the token after its last.
        asked: whether it is what a question word asks for, as in "which fence" or "how many slots".
    """

    tokens: Sequence[SentenceToken]
    first: int
    end: int
    asked: bool = False

    @property
    def has_determiner(self) -> bool:
        """Whether it begins with a determiner."""
        return self.tokens[self.first].word in _OPENING

    @property
    def nouns(self) -> Sequence[SentenceToken]:
        """Its tokens after the determiner."""
        return self.tokens[self.first + self.has_determiner : self.end]

    @property
    def head(self) -> str:
        """Its last word, which names the kind of thing."""
        return _CLITIC.sub("", self.tokens[self.end - 1].word)

    @property
    def is_plural(self) -> bool:
        """Whether the form of its head is a plural."""
        return self.head.endswith("s") and not self.head.endswith(("ss", "us", "is"))

    @property
    def is_name(self) -> bool:
        """Whether it is written like a name, without a determiner."""
        return not self.has_determiner and self.nouns[0].is_capital and self.first > 0

    @property
    def is_time(self) -> bool:
        """Whether it says when; "the opening hours" and "the delivery time" are things."""
        first = self.nouns[0].word
        return self.head in TIMES and (len(self.nouns) == 1 or first in _BEFORE_TIMES or first[0].isdigit())

    @property
    def is_topic(self) -> bool:
        """Whether it names something that a later question may refer to."""
        words = {token.word for token in self.nouns}
        first = self.nouns[0].word
        return not (self.is_time or words <= SMALL_TALK or first in MEASURES or first[0].isdigit())


class ParsedSentence:
    """A sentence with its noun phrases.

    Attributes:
        tokens: words and marks.
        phrases: in their order.
    """

    def __init__(self, text: str) -> None:
        self.text = text
        self.tokens = tuple(_tokens(text))
        self._open = [token.is_open for token in self.tokens]
        helping = (place for place, token in enumerate(self.tokens) if token.word in AUXILIARIES)
        self._first_auxiliary = next(helping, len(self.tokens))
        for index in range(len(self.tokens)):
            self._find_verb(index)
        self.phrases = tuple(self._phrases())

    def slice(self, first: int, end: int) -> str:
        """Return the text of tokens."""
        return self.text[self.tokens[first].start : self.tokens[end - 1].end] if first < end else ""

    def word(self, index: int) -> str:
        """Return the word of a token, which is empty before the first and after the last."""
        return self.tokens[index].word if 0 <= index < len(self.tokens) else ""

    def is_open(self, index: int) -> bool:
        """Return whether a token may be part of a noun phrase."""
        return 0 <= index < len(self.tokens) and self._open[index]

    def is_verb(self, index: int) -> bool:
        """Return whether a token is a verb, or what is said of a subject."""
        return 0 <= index < len(self.tokens) and self.tokens[index].is_open and not self._open[index]

    def extended(self, phrase: NounPhrase) -> tuple[int, int]:
        """Return the tokens of a phrase with those that go on from it: "the return fee in Austria".

        What a thing has is left out: "the price of the fence" is about the fence.
        """
        first, end = phrase.first, phrase.end
        by_start = {each.first: each for each in self.phrases}
        about = phrase.head in ATTRIBUTES | ACCOUNTS
        while self.word(end) in _JOINING and (following := by_start.get(end + 1)) is not None:
            if about and self.word(end) in {"of", "for"}:
                first = following.first
            about = about and following.head in ATTRIBUTES | ACCOUNTS
            end = following.end
        return first, end

    def _phrases(self) -> Iterator[NounPhrase]:
        index = 0
        while index < len(self.tokens):
            if not self._open[index]:
                index += 1
                continue
            end = index
            while end < len(self.tokens) and self._open[end]:
                end += 1
                if _CLITIC.search(self.tokens[end - 1].word):
                    # "the fence's height" is about the fence.
                    break
            first = index - (self.word(index - 1) in _OPENING)
            asked = self.word(index - 1) in {"which", "what", "whose", "many", "much"}
            yield NounPhrase(self.tokens, first, end, asked)
            while end < len(self.tokens) and self._open[end]:
                end += 1
            index = end

    def _run_end(self, index: int) -> int:
        end = index
        while end < len(self.tokens) and self._open[end]:
            end += 1
        return end

    def _find_verb(self, index: int) -> None:
        """Mark the verb, or what is said of a subject, that a token gives away by its place."""
        word = self.word(index)
        following = self.word(index + 1)
        if word == "how" and self.is_open(index + 1) and self.word(index + 2) in _AFTER_DEGREE:
            self._open[index + 1] = False
        elif word in {"last", "next"} and following in TIMES:
            self._open[index] = False
        elif (
            (word in SUBJECTS and self.is_open(index + 1) and following not in DETERMINERS)
            or (word == "what" and self.is_open(index + 1) and self._inflected(index + 1))
            or (word == "to" and following in VERBS and self.is_open(index + 1))
        ):
            self._open[index + 1] = False
        elif word in BE:
            self._find_predicate(index)
        elif word in AUXILIARIES and not self._is_main_verb(index):
            self._find_base_form(index)
        elif (
            (self.is_open(index) and following in _OPENING - {"that"} and self.word(index - 1) not in _OPENING)
            or (self._open[index] and self._begins(index) and word in VERBS)
            or (
                self.is_open(index)
                and self.is_open(index - 1)
                and (self._inflected(index) or self._between_names(index))
            )
        ):
            self._open[index] = False

    def _find_base_form(self, index: int) -> None:
        """After `does` or `can`: the verb is the last of the words after the subject."""
        start = index + 1
        while self.word(start) in ADVERBS or self.word(start) in SUBJECTS or self.word(start) in _OPENING:
            start += 1
        if self.word(start - 1) in SUBJECTS or self.word(start - 1) in ADVERBS:
            if self.is_open(start):
                self._open[start] = False
            return
        end = self._run_end(start)
        demonstrative = self.word(start - 1) in DEMONSTRATIVES and end - start == 1
        if self.word(end) in AUXILIARIES or (end - start == 1 and demonstrative and self.word(start) not in VERBS):
            return
        verbs = [place for place in range(start + (not demonstrative), end) if self.word(place) in VERBS]
        if not verbs and (place := self._verb_after_phrase(end)) is not None:
            verbs = [place]
        if verbs or end - start > 1:  # one word is the subject alone
            self._open[verbs[0] if verbs else end - 1] = False

    def _verb_after_phrase(self, end: int) -> int | None:
        """Return the verb at the end of what goes on from the subject: "the train to Graz leave"."""
        while self.word(end) in PREPOSITIONS:
            start = end + 1 + (self.word(end + 1) in _OPENING)
            end = self._run_end(start)
            if end - start > 1 and self.word(end - 1) in VERBS:
                return end - 1
        return None

    def _is_main_verb(self, index: int) -> bool:
        """Whether a form of `have` says what the subject before it has, and helps no other verb."""
        return self.word(index) in _HAVE and (self.word(index - 1) in SUBJECTS or self.is_open(index - 1))

    def _find_predicate(self, index: int) -> None:
        """After `is`: in a question to be answered with yes or no, the last word is said of the subject."""
        start = index + 1
        while self.word(start) in _OPENING or self.word(start) in ADVERBS or self.word(start) == "there":
            start += 1
        end = self._run_end(start)
        last = self.word(end - 1)
        looks = last in PREDICATES | COMPARED or last.endswith(PREDICATE_ENDINGS)
        subject = self.word(start - 1) in (_OPENING - DEMONSTRATIVES if looks else _OPENING)
        if end - start < 1 or (end - start < 2 and subject):  # "is the fence"
            return
        asks = self._begins(index) and self.word(start - 1) != "there" and end - start > 1
        said = self.word(index - 1) in PRONOUNS - {"who"} and self.word(start - 1) not in _OPENING
        if looks or asks or said or self._ends_names(start, end - 1):
            self._open[end - 1] = False

    def _begins(self, index: int) -> bool:
        """Whether no word of the same sentence stands before, but for a conjunction."""
        before = index - 1
        while index - before <= _LONGEST_OPENING and self.word(before) in _BEFORE_SENTENCE:
            before -= 1
        return before < 0 or self.word(before) in _SENTENCE_ENDS

    def _ends_names(self, start: int, last: int) -> bool:
        """Whether a word is said of the name before it: "was Ann Weber born"."""
        capitals = start < last and all(token.is_capital for token in self.tokens[start:last])
        return capitals and not self.tokens[last].is_capital and self.word(start - 1) not in _OPENING

    def _between_names(self, index: int) -> bool:
        """Whether a word is what one name did with another: "Jane Doe founded Acme"."""
        names = self.tokens[index - 1].is_capital and self.is_open(index + 1) and self.tokens[index + 1].is_capital
        word = self.word(index)
        return names and not self.tokens[index].is_capital and (word.endswith("ed") or word in PAST_FORMS)

    def _inflected(self, index: int) -> bool:
        """Whether a word is a verb in a form that does not follow an auxiliary: "late returns" of "is" are none."""
        word = self.word(index)
        return (
            index < self._first_auxiliary
            and len(word) >= _LEAST_INFLECTED
            and word.endswith(("s", "ed"))
            and (stem(word) in _STEMMED_VERBS)
            and self.word(index - 1) not in _OPENING
        )


def _tokens(text: str) -> Iterator[SentenceToken]:
    matches = list(_TOKEN.finditer(text))
    mixed = any(match.group().islower() for match in matches)  # with capitals everywhere they say nothing
    for index, match in enumerate(matches):
        word = match.group().lower().replace("’", "'")
        glued = text[match.start() - 1 : match.start()] in _GLUE
        if word in _LOOK_ALIKES and (glued or (mixed and _is_name(matches, index))):
            word = match.group() if not match.group().islower() else word.upper()
        yield SentenceToken(match.group(), _SHORTENED.get(word, word), match.start(), match.end())


def _is_name(matches: Sequence[re.Match[str]], index: int) -> bool:
    """Whether a word is a name though it looks like a pronoun: "the IT department", "It Must Have Been Love"."""
    word = matches[index].group()
    before = matches[index - 1].group() if index else ""
    if before.lower() in (DETERMINERS - _BEFORE_PRONOUNS if word.lower() == "it" else ARTICLES):
        return True
    if word.isupper() and word.lower() in _ACRONYMS:
        return True
    after = matches[index + 1].group() if index + 1 < len(matches) else ""
    opens = not before or not before[-1].isalnum()
    return len(word) > 1 and word.istitle() and not opens and (after.istitle() or (index > 1 and before.istitle()))


_STEMMED_VERBS: Final = frozenset(map(stem, VERBS))
