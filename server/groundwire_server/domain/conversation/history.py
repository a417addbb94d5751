"""What earlier turns were about: the things that a follow-up may refer to, the newest first."""

import itertools
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Final

from groundwire_server.domain.conversation.lexicon import ARTICLES, BE, PERSONS, PREPOSITIONS
from groundwire_server.domain.conversation.phrases import NounPhrase, ParsedSentence
from groundwire_server.domain.text.sentences import sentences

_LINES: Final = re.compile(r"^[ \t]*(?:\d{1,2}[.)]|[-*•–])[ \t]+(?P<item>\S.*)$", re.MULTILINE)
_ITEM_END: Final = re.compile(r"[:(,;.]|\s[–—-]\s")
_PERSON_ENDINGS: Final = ("er", "or", "ist", "ant", "man", "woman")
_DOUBLING: Final = re.compile(r"(?:^|re|be)[^aeiou]*[aeiou][^aeiouwxy]$")
_COMPARING: Final = frozenset({"than", "vs", "versus"})
_MOST_SENTENCES: Final = 32
"""Sentences of an answer that are read."""

_LONGEST_ITEM: Final = 12
"""Words of an item in a list."""


@dataclass(frozen=True, slots=True)
class Topic:
    """A thing that was spoken of.

    Attributes:
        core: its noun phrase, without a determiner.
        text: the phrase with what goes on from it, as it can stand in another sentence.
        is_plural: whether it is more than one.
    """

    core: str
    text: str
    is_plural: bool

    @classmethod
    def of(cls, sentence: ParsedSentence, phrase: NounPhrase) -> "Topic":
        """Return the topic that a phrase of a sentence is."""
        first, end = sentence.extended(phrase)
        core = sentence.slice(phrase.end - len(phrase.nouns), phrase.end)
        determiner = sentence.word(first)
        text = sentence.slice(first, end)
        if determiner in ARTICLES:
            text = f"the {sentence.slice(first + 1, end)}"
        elif phrase.has_determiner and first == phrase.first:
            text = text[:1].lower() + text[1:]
        return cls(core, text.removesuffix("'s").removesuffix("’s"), phrase.is_plural)


@dataclass(frozen=True)
class ConversationExchange:
    """A question that stands alone, and what was answered.

    Attributes:
        question: without need of the turns before it.
        answer: empty where there was none.
    """

    question: str
    answer: str

    @cached_property
    def asked(self) -> ParsedSentence:
        """The question, the last sentence of what the user said."""
        return ParsedSentence(_last_question(self.question))

    @cached_property
    def answered(self) -> Sequence[ParsedSentence]:
        """The first sentences of the answer."""
        found = itertools.islice(sentences(self.answer), _MOST_SENTENCES)
        return [ParsedSentence(self.answer[start:end]) for start, end in found]

    @cached_property
    def topics(self) -> Sequence[Topic]:
        """What was asked about, most likely first; of "which fence lasts longest?" that is the answer."""
        named = [phrase for phrase in self.asked.phrases if phrase.is_topic]
        asked_for = [phrase for phrase in named if phrase.asked]
        others = [phrase for phrase in named if not phrase.asked]
        found = [Topic.of(self.asked, phrase) for phrase in others]
        if not found and asked_for:
            heads = {phrase.head for phrase in asked_for}
            found = [
                Topic.of(sentence, phrase)
                for sentence in self.answered[:1]
                for phrase in sentence.phrases
                if phrase.is_topic and phrase.head in heads
            ][:1]
        return [*found, *(Topic.of(self.asked, phrase) for phrase in asked_for)]

    @cached_property
    def rivals(self) -> Sequence[Topic]:
        """The things between which an "it" after this question could not choose: "is the oak or the pine fence…"."""
        together = _coordinated_phrases(self.asked)
        if len(together) < 2:
            together = _compared_phrases(self.asked)
        return [Topic.of(self.asked, phrase) for phrase in together]

    @cached_property
    def action(self) -> str:
        """What was asked how to do, as a noun: "opening an account"; empty where it was about a thing."""
        sentence = self.asked
        for phrase in sentence.phrases:
            verb, subject = sentence.word(phrase.first - 1), sentence.word(phrase.first - 2)
            if phrase.is_topic and sentence.is_verb(phrase.first - 1) and subject in {"i", "you", "we", "to"}:
                _, end = sentence.extended(phrase)
                return f"{gerund(verb)} {sentence.slice(phrase.first, end)}"
        return ""

    @cached_property
    def persons(self) -> Sequence[str]:
        """The persons that were named, those of the answer first where the question is who."""
        said = [name for sentence in self.answered for name in _persons(sentence)]
        asked = list(_persons(self.asked))
        words = [token.word for token in self.asked.tokens]
        if "who" not in words:
            return [*asked, *said]
        # "Who founded Acme?" names nobody; "who is Ann Weber?" does.
        return [*said, *asked] if set(words[words.index("who") + 1 :][:1]) & BE else said

    @cached_property
    def items(self) -> Sequence[str]:
        """What was listed, in order: in the answer, or else in the question; empty without a list."""
        lines = [_item(match["item"]) for match in _LINES.finditer(self.answer)]
        if len(lines) > 1:
            return lines
        listed = ([topic.text for topic in _coordinated(sentence)] for sentence in self.answered)
        named = next((found for found in listed if len(found) > 1), [])
        return named or ([topic.text for topic in self.rivals] if len(self.rivals) > 1 else [])

    @property
    def is_empty(self) -> bool:
        """Whether nothing was spoken of."""
        return not any(phrase.is_topic for phrase in self.asked.phrases)


def referent_of(exchanges: Sequence[ConversationExchange], *, plural: bool) -> Topic | None:
    """Return what a pronoun refers to; None where nothing was spoken of, or one of several things that are alike.

    Args:
        exchanges: the newest first.
        plural: whether the pronoun stands for more than one.
    """
    if (together := topics_together(exchanges)) is not None:
        return together if plural else None
    return topic_of(exchanges, plural=plural)


def topics_together(exchanges: Sequence[ConversationExchange]) -> Topic | None:
    """Return several things that were last asked about side by side, as one; None where it was one thing.

    Args:
        exchanges: the newest first.
    """
    rivals = next((exchange.rivals for exchange in exchanges if exchange.topics), ())
    if len(rivals) < 2:
        return None
    text = f"{', '.join(topic.text for topic in rivals[:-1])} and {rivals[-1].text}"
    return Topic(text, text, is_plural=True)


def topic_of(exchanges: Sequence[ConversationExchange], *, plural: bool | None = None) -> Topic | None:
    """Return what was last asked about.

    Args:
        exchanges: the newest first.
        plural: whether it should be more than one; None says nothing.
    """
    for exchange in exchanges:
        if topics := exchange.topics:
            fitting = [topic for topic in topics if plural is None or topic.is_plural == plural]
            return (fitting or topics)[0]
    return None


def person_of(exchanges: Sequence[ConversationExchange]) -> str | None:
    """Return the person that was last named; None where several were, side by side."""
    for exchange in exchanges:
        if exchange.persons:
            together = [*(_coordinated_phrases(sentence) for sentence in exchange.answered), exchange.asked.phrases]
            several = any(sum(_is_full_name(phrase) for phrase in phrases) > 1 for phrases in together)
            return None if several else exchange.persons[0]
    return None


def items_of(exchanges: Sequence[ConversationExchange]) -> Sequence[str]:
    """Return what was last listed."""
    return next((exchange.items for exchange in exchanges if exchange.items), [])


def gerund(verb: str) -> str:
    """Return the form of a verb that ends in -ing."""
    if verb.endswith("e") and not verb.endswith(("ee", "oe", "ye")):
        return f"{verb[:-1]}ing"
    if _DOUBLING.search(verb):
        return f"{verb}{verb[-1]}ing"
    return f"{verb}ing"


def _last_question(text: str) -> str:
    said = [text[start:end] for start, end in sentences(text)]
    asked = [each for each in said if each.rstrip().endswith("?")]
    return (asked or said or [text])[-1]


def _item(line: str) -> str:
    text = line.replace("**", "").replace("`", "").strip()
    end = _ITEM_END.search(text)
    return " ".join(text[: end.start() if end else None].split()[:_LONGEST_ITEM])


def _coordinated(sentence: ParsedSentence) -> Sequence[Topic]:
    return [Topic.of(sentence, phrase) for phrase in _coordinated_phrases(sentence)]


def _coordinated_phrases(sentence: ParsedSentence) -> Sequence[NounPhrase]:
    """Return the first phrases of a sentence that nothing but commas and `and` or `or` part."""
    found: list[NounPhrase] = []
    end = -1
    for phrase in sentence.phrases:
        between = {sentence.word(index) for index in range(end, phrase.first)} if found else set[str]()
        if not found or not between or not between <= {",", "and", "or"}:
            if len(found) > 1:
                return found
            found = []
        if phrase.is_topic:
            found.append(phrase)
            end = phrase.end
    return found


def _compared_phrases(sentence: ParsedSentence) -> Sequence[NounPhrase]:
    """Return the two phrases on either side of "than" or "versus"; none where nothing is compared."""
    pairs = itertools.pairwise(phrase for phrase in sentence.phrases if phrase.is_topic)
    for first, second in pairs:
        if _COMPARING & {sentence.word(place) for place in range(first.end, second.first)}:
            return first, second
    return ()


def _is_full_name(phrase: NounPhrase) -> bool:
    return not phrase.has_determiner and len(phrase.nouns) > 1 and all(token.is_capital for token in phrase.nouns)


def _persons(sentence: ParsedSentence) -> Iterator[str]:
    for phrase in sentence.phrases:
        capitals = all(token.is_capital for token in phrase.nouns)
        before = sentence.word(phrase.first - 1)
        if capitals and not phrase.has_determiner and (phrase.first > 0 or len(phrase.nouns) > 1):
            if before not in PREPOSITIONS - {"by", "to", "about", "with", "from"}:
                yield sentence.slice(phrase.first, phrase.end)
        elif phrase.has_determiner and (phrase.head in PERSONS or phrase.head.endswith(_PERSON_ENDINGS)):
            yield Topic.of(sentence, phrase).text
