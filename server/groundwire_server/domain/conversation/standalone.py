"""A follow-up question, put so that it can be understood without the turns before it.

By rules alone: what they cannot resolve is left to a model, or to the person who asks.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice
from typing import Final

from groundwire_server.domain.conversation.east_asian import east_asian_language, standalone_east_asian
from groundwire_server.domain.conversation.ellipsis import (
    about_topic,
    added,
    asks_alone,
    completed,
    fragment,
    is_bare,
    leading,
    of_topic,
)
from groundwire_server.domain.conversation.history import ConversationExchange
from groundwire_server.domain.conversation.openings import is_reaction, without_opening
from groundwire_server.domain.conversation.other_languages import (
    knows_language,
    may_be_english,
    other_language,
    standalone_in,
)
from groundwire_server.domain.conversation.phrases import ParsedSentence
from groundwire_server.domain.conversation.references import compared, references, substituted
from groundwire_server.domain.question import Turn

_TURNS: Final = 8
"""Turns, the last ones, that a follow-up may refer to."""

_REFERENCES: Final = 8
"""Words of one question that may refer back."""

_LONGEST_QUESTION: Final = 1000
"""Characters of a question that may refer to earlier turns; a longer one says itself what it is about."""

_LONGEST_TURN: Final = 1000
"""Characters of a turn that are read: of a question its end, of an answer its beginning."""


@dataclass(frozen=True, slots=True)
class Standalone:
    """What rules make of a question.

    Attributes:
        text: the question without need of earlier turns, which is the question itself where it stands alone; None where
            it refers to what cannot be told from them.
        certain: whether the rules know the question's language.
    """

    text: str | None
    certain: bool


def standalone(question: str, turns: Sequence[Turn]) -> Standalone:
    """Return a question put so that it needs no earlier turns, by rules.

    Args:
        question: in one line.
        turns: oldest first.
    """
    exchanges: list[ConversationExchange] = []
    for turn, answer in _exchanges(turns[-_TURNS:]):
        opened = without_opening(turn)
        if opened.changes_topic:
            exchanges.clear()
        if is_reaction(opened.text):
            if exchanges and answer:
                # The topic is what it was; a list in the answer is the one that counts.
                exchanges.insert(0, ConversationExchange(exchanges[0].question, answer))
            continue
        exchange = ConversationExchange(_resolved(opened.text, exchanges) or opened.text, answer)
        if not exchange.is_empty:
            exchanges.insert(0, exchange)
    opened = without_opening(question)
    return Standalone(_resolved(opened.text, [] if opened.changes_topic else exchanges), knows_language(question))


def _exchanges(turns: Sequence[Turn]) -> Sequence[tuple[str, str]]:
    """Return what the user said with what was answered."""
    said: list[tuple[str, str]] = []
    for turn in turns:
        if turn.by_user:
            said.append((turn.text[-_LONGEST_TURN:], ""))
        elif said:
            question, answer = said[-1]
            said[-1] = (question, f"{answer}\n{turn.text[:_LONGEST_TURN]}".strip())
    return said


def _resolved(question: str, exchanges: Sequence[ConversationExchange]) -> str | None:
    """Return a question that needs none of the exchanges, which are the newest first; None where it does."""
    if len(question) > _LONGEST_QUESTION:
        return question
    if is_reaction(question):
        return None
    earlier = exchanges[0].question if exchanges else ""
    before = east_asian_language(earlier)
    if (east_asian := east_asian_language(question, before)) is not None:
        return standalone_east_asian(east_asian, question, earlier if before is east_asian else None)
    spoken = other_language(earlier)
    if (language := other_language(question, spoken)) is not None:
        same = spoken is language
        return standalone_in(language, question, [exchange.question for exchange in exchanges] if same else [])
    if before is not None or spoken is not None or not may_be_english(earlier):
        # What was spoken of in another language is no part of an English question.
        exchanges = []
    return _resolved_in_english(question, exchanges)


def _resolved_in_english(question: str, exchanges: Sequence[ConversationExchange]) -> str | None:
    sentence = ParsedSentence(question)
    start = leading(sentence)
    if start >= len(sentence.tokens):
        return question
    if word := asks_alone(sentence, start):
        return _with_question_word(word, exchanges)
    if is_bare(sentence, start):
        return None
    if (first := fragment(sentence, start)) is not None:
        part = _without_references(ParsedSentence(sentence.text[sentence.tokens[first].start :]), 0, exchanges)
        return None if part is None else completed(part, exchanges)
    try:
        found = (
            of_topic(sentence, start, exchanges)
            or about_topic(sentence, start, exchanges)
            or compared(sentence, start, exchanges)
        )
    except LookupError:
        return None
    if found is not None:
        return _capitalized(found)
    resolved = _without_references(sentence, start, exchanges)
    if resolved is not None and (whole := added(ParsedSentence(resolved), exchanges, leads=start > 0)) is not None:
        return whole
    unchanged = sentence.text[sentence.tokens[start].start :]
    return question if resolved == unchanged else None if resolved is None else _capitalized(resolved)


def _without_references(sentence: ParsedSentence, start: int, exchanges: Sequence[ConversationExchange]) -> str | None:
    found = list(islice(references(sentence, start, exchanges), _REFERENCES + 1))
    return (
        None
        if len(found) > _REFERENCES or any(each.text is None for each in found)
        else substituted(sentence, start, found)
    )


def _with_question_word(word: str, exchanges: Sequence[ConversationExchange]) -> str | None:
    if not exchanges:
        return None
    asked = exchanges[0].asked.text.strip().rstrip("?!. ")
    return f"{asked}, and {word}?"


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
