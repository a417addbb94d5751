"""Words of a question that refer to earlier turns, and what they stand for: "it", "this kettle", "the second"."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from groundwire_server.domain.conversation.ellipsis import in_place_of_one
from groundwire_server.domain.conversation.history import (
    ConversationExchange,
    Topic,
    items_of,
    person_of,
    referent_of,
    topic_of,
)
from groundwire_server.domain.conversation.lexicon import (
    AUXILIARIES,
    BE,
    CHOICES,
    CLAUSES,
    COMPARED,
    DEMONSTRATIVES,
    DETERMINERS,
    GENERIC,
    IDIOMS,
    ORDINALS,
    PERSON_PRONOUNS,
    PLURAL_PRONOUNS,
    POSSESSIVES,
    PREPOSITIONS,
    PRONOUNS,
    QUESTION_WORDS,
    REFERRING,
    SUBORDINATORS,
    TIMES,
    WEATHER,
)
from groundwire_server.domain.conversation.phrases import NounPhrase, ParsedSentence
from groundwire_server.domain.text.stems import stem

_MARKS: Final = frozenset({",", ";", ":", ".", "?", "!", "(", "–", "—"})
_CLAUSE_OPENERS: Final = frozenset({"before", "after", "until", "as", "since", "than"})
_TO_CLAUSE: Final = frozenset({"to", "that", "if"})
_NEAR: Final = 6
_TAKING: Final = frozenset({"take", "cost", "require", "need", "mean", "matter", "make"})
_COMPARES: Final = frozenset({"compare", "differ"})
_DIFFERENCES: Final = frozenset({"difference", "differences"})
_CLOCK: Final = frozenset({"time", "day", "date"})
_DOING: Final = frozenset({"do", "does", "did", "doing"})
_RELATIVE: Final = frozenset({"who", "that", "which", "of", "with"})
_DETERMINED: Final = frozenset({"the", "a", "an", "this", "that", "which", "another", "other", "each", "every"})


@dataclass(frozen=True, slots=True)
class Reference:
    """Tokens that refer back, and what they stand for.

    Attributes:
        first: the number of the first token.
        end: the number of the token after the last.
        text: what stands in their place; None where nothing in the turns can.
    """

    first: int
    end: int
    text: str | None


def references(sentence: ParsedSentence, start: int, exchanges: Sequence[ConversationExchange]) -> Iterator[Reference]:
    """Yield what in a question refers to earlier turns, in its order.

    Args:
        sentence: the question.
        start: the number of its first token that is needed.
        exchanges: the newest first.
    """
    index = start
    while index < len(sentence.tokens):
        found = _reference(sentence, index, exchanges)
        if found is not None:
            yield found
        index = index + 1 if found is None else found.end


def substituted(sentence: ParsedSentence, start: int, found: Sequence[Reference]) -> str:
    """Return a question with what its references stand for."""
    pieces: list[str] = []
    at = sentence.tokens[start].start
    for each in found:
        pieces += [sentence.text[at : sentence.tokens[each.first].start], each.text or ""]
        at = sentence.tokens[each.end - 1].end
    return "".join([*pieces, sentence.text[at:]])


def compared(sentence: ParsedSentence, start: int, exchanges: Sequence[ConversationExchange]) -> str | None:
    """Return "which one is cheaper?" or "what is the difference?" with what it is between; None for other questions.

    Raises:
        LookupError: when nothing was listed that it could choose from.
    """
    asked = sentence.text[sentence.tokens[start].start :].rstrip("?!. ")
    if _asks_for_difference(sentence):
        first, last = _choices(exchanges)
        return f"{asked} between {first} and {last}?"
    following = sentence.word(start + 1)
    if sentence.word(start) != "which" or following not in AUXILIARIES | {"one", "ones"}:
        return None
    named = (phrase for phrase in sentence.phrases if phrase.is_topic and not _compares(sentence, phrase))
    if following in AUXILIARIES and any(named):
        return None
    first, last = _choices(exchanges)
    return f"{asked}, {first} or {last}?"


def _choices(exchanges: Sequence[ConversationExchange]) -> tuple[str, str]:
    """Return what was listed, all but the last together, and the last."""
    items = items_of(exchanges)
    if len(items) < 2:  # one is no choice
        raise LookupError
    return ", ".join(items[:-1]), items[-1]


def _asks_for_difference(sentence: ParsedSentence) -> bool:
    """Whether a question asks for a difference and does not say between what."""
    topics = [phrase for phrase in sentence.phrases if phrase.is_topic]
    return len(topics) == 1 and topics[0].head in _DIFFERENCES and _ends(sentence, topics[0].end)


def _compares(sentence: ParsedSentence, phrase: NounPhrase) -> bool:
    """Whether a phrase is a comparative alone, "cheaper" or "the cheapest"."""
    bare = len(phrase.nouns) == 1 and _ends(sentence, phrase.end)
    return phrase.head.endswith("est") or (bare and not phrase.has_determiner and phrase.head.endswith("er"))


def _reference(sentence: ParsedSentence, index: int, exchanges: Sequence[ConversationExchange]) -> Reference | None:
    word = sentence.word(index)
    if word in ORDINALS or word in {"number", "option"}:
        return _ordinal(sentence, index, exchanges)
    if word in {"one", "ones"}:
        return _one(sentence, index, exchanges)
    if word in DEMONSTRATIVES:
        return _demonstrative(sentence, index, exchanges)
    if word == "there":
        return _place(sentence, index, exchanges)
    if word in REFERRING and not _means_nothing(sentence, index) and not _has_antecedent(sentence, index):
        return Reference(index, index + 1, _named(sentence, index, exchanges))
    return None


def _named(sentence: ParsedSentence, index: int, exchanges: Sequence[ConversationExchange]) -> str | None:
    word = sentence.word(index)
    if word == "it" and sentence.word(index - 1) in _DOING and _ends(sentence, index + 1):  # something that was done
        return None
    if word == "it" and sentence.word(index + 1) == "take" and exchanges and exchanges[0].action:
        return exchanges[0].action
    topic = referent_of(exchanges, plural=word in PLURAL_PRONOUNS)
    if topic is not None and not topic.is_plural and _COMPARES & {token.word for token in sentence.tokens}:
        return None
    text = person_of(exchanges) if word in PERSON_PRONOUNS else topic.text if topic else None
    owns = word in POSSESSIVES and (word != "her" or sentence.is_open(index + 1))
    return text if text is None or not owns else f"{text}'" if text.endswith("s") else f"{text}'s"


def _ordinal(sentence: ParsedSentence, index: int, exchanges: Sequence[ConversationExchange]) -> Reference | None:
    """Return what "the second one" or "option 2" stands for; "the second floor" refers to no list."""
    word, following = sentence.word(index), sentence.word(index + 1)
    if word in {"number", "option"}:
        place = int(following) - 1 if following.isdecimal() else None
        end = index + 2
    else:
        place = ORDINALS[word]
        end = index + 1 + (following in CHOICES)
        ends = end >= len(sentence.tokens) or sentence.word(end) in {"?", ".", "!"}
        whole = following in CHOICES | AUXILIARIES or ends
        whole = whole or (word in {"latter", "former"} and not sentence.is_open(end))
        if not whole or sentence.word(index - 1) != "the" or sentence.word(end) == "of":
            return None
    if place is None:
        return None
    items = items_of(exchanges)
    first = index - (sentence.word(index - 1) == "the")
    return Reference(first, end, items[place] if -len(items) <= place < len(items) else None)


def _one(sentence: ParsedSentence, index: int, exchanges: Sequence[ConversationExchange]) -> Reference | None:
    """Return what "the oak one" or "a cheaper one" stands for; "one panel" is a number."""
    number = sentence.word(index) == "one" and sentence.is_open(index + 1)
    if number or sentence.word(index + 1) in {"of", "who", "that", "which"}:
        return None
    first = index
    while sentence.is_open(first - 1) or sentence.word(first - 1) in COMPARED:
        first -= 1
    before = sentence.word(index - 1)
    if (
        first == index
        and before not in _DETERMINED
        and not (sentence.is_verb(index - 1) and _ends(sentence, index + 1))
    ):
        return None
    if _has_antecedent(sentence, index) or (sentence.word(index) == "ones" and _has_plural(sentence, first)):
        return None
    topic = topic_of(exchanges)
    if topic is None:
        return Reference(first, index + 1, None)
    if first == index:
        return Reference(index - (before in _DETERMINED), index + 1, topic.text)
    part = ParsedSentence(sentence.text[sentence.tokens[first].start : sentence.tokens[index].end])
    return Reference(first, index + 1, in_place_of_one(part, topic))


def _demonstrative(sentence: ParsedSentence, index: int, exchanges: Sequence[ConversationExchange]) -> Reference | None:
    word, before = sentence.word(index), sentence.word(index - 1)
    if sentence.word(index + 1) == ":" or any(token.is_verbatim for token in sentence.tokens[index + 1 :]):
        # "How about this: can I export logs?", "What does this do: `it()`?"
        return None
    opens = not before or before in AUXILIARIES | PREPOSITIONS | QUESTION_WORDS | SUBORDINATORS or before in _MARKS
    if sentence.is_open(index + 1):
        if word == "that" and not (opens and before not in QUESTION_WORDS):
            return None
        return _demonstrative_phrase(sentence, index, exchanges)
    alone = (
        _ends(sentence, index + 1)
        or word == "this"
        or (word == "that" and sentence.is_verb(index - 1) and sentence.word(index + 1) in PREPOSITIONS)
        or (opens and sentence.word(index + 1) not in DETERMINERS | PRONOUNS)
    )
    if word in {"these", "those"}:
        alone = sentence.word(index + 1) not in _RELATIVE
    if before in _DOING and _ends(sentence, index + 1):  # what was asked how to do
        return Reference(index, index + 1, None)
    if sentence.word(index + 1) == "of" and sentence.phrases and sentence.phrases[0].end <= index:
        return None
    if not (alone or (word == "that" and before in BE)) or _has_antecedent(sentence, index):
        return None
    topic = referent_of(exchanges, plural=word in PLURAL_PRONOUNS)
    action = exchanges[0].action if exchanges and word in {"this", "that"} else ""
    if not action and topic is not None and topic.is_plural and word in {"this", "that"}:
        # "Do employees get vacation?", "Does that apply to contractors?": all of it, not the employees.
        topic = None
    return Reference(index, index + 1, action or (None if topic is None else topic.text))


def _demonstrative_phrase(
    sentence: ParsedSentence, index: int, exchanges: Sequence[ConversationExchange]
) -> Reference | None:
    """Return what "this kettle" stands for; of what is of another kind, the thing is named beside it."""
    end = next((phrase.end for phrase in sentence.phrases if phrase.first == index), index + 1)
    head, noun = sentence.word(end - 1), sentence.slice(index + 1, end)
    described = sentence.word(index) == "those" and (sentence.word(end) in _RELATIVE or head.endswith("ing"))
    if (
        {head, sentence.word(index + 1)} & (TIMES | IDIOMS)
        or described
        or _has_antecedent(sentence, index)
        or _names_already(sentence, index, head)
    ):
        return None
    topic = _of_kind(head, exchanges) or topic_of(exchanges)
    if topic is None or _is_kind(topic, head) or head in GENERIC:
        return Reference(index, end, None if topic is None else topic.text)
    return Reference(index, end, f"the {topic.core} {noun}")


def _place(sentence: ParsedSentence, index: int, exchanges: Sequence[ConversationExchange]) -> Reference | None:
    """Return where "there" is; of "is there" it is nowhere."""
    beside = {sentence.word(index - 1), sentence.word(index + 1), sentence.word(index + 2)}
    if beside & (BE | {"be", "exist", "exists"}) or _has_antecedent(sentence, index):
        return None
    topic = topic_of(exchanges)
    preposition = "to" if sentence.word(index - 1) in {"get", "go", "come", "travel", "drive"} else "at"
    return Reference(index, index + 1, None if topic is None else f"{preposition} {topic.text}")


def _means_nothing(sentence: ParsedSentence, index: int) -> bool:
    """Whether an "it" refers to nothing: "is it possible to rent a trailer?", "how long does it take to ship it?"."""
    if sentence.word(index) != "it":
        return False
    words = [sentence.word(place) for place in range(index + 1, index + 1 + _NEAR)]
    before = {sentence.word(place) for place in range(max(index - _NEAR, 0), index)}
    asked = sentence.word(index - 1) in BE
    if words[0] in WEATHER or (asked and _CLOCK & before) or (asked and "far" in before and "from" in words):
        return True
    marks = _TO_CLAUSE | ({"when"} if words[0] in {"called", "mean"} else set())
    if words[0] in _TAKING and words[1] == "for" and "to" in words:
        marks |= {"for"}
    to = next((place for place, word in enumerate(words) if word in marks), None)
    if to is None or not (words[0] in _TAKING or asked or words[0] in BE):
        return False
    after = range(index + 2 + to, len(sentence.tokens))
    return any(sentence.is_open(place) or sentence.word(place) in {"it", "one"} for place in after)


def _has_antecedent(sentence: ParsedSentence, index: int) -> bool:
    """Whether a phrase of the same question is what a pronoun refers to.

    The object of a clause is not its subject: it takes another clause, unless the pronoun says whose something is.
    """
    word, before = sentence.word(index), sentence.word(index - 1)
    owns = word in POSSESSIVES
    who = next((place for place in range(index) if sentence.word(place) == "who"), index)
    if owns and who < index and sentence.word(who + 1) not in BE:
        return True
    clause = before in _CLAUSE_OPENERS or (
        sentence.is_verb(index - 1) and sentence.word(index + 1) in AUXILIARIES and before not in AUXILIARIES
    )
    for phrase in sentence.phrases:
        if phrase.end > index or phrase.is_time:
            continue
        between = {sentence.word(place) for place in range(phrase.end, index)}
        if owns and between != {"of"}:
            return True
        if clause or between & (_MARKS | CLAUSES) or before == "with":
            return True
    return False


def _ends(sentence: ParsedSentence, end: int) -> bool:
    """Whether a sentence, or a part of it, ends before a token."""
    return end >= len(sentence.tokens) or not sentence.tokens[end].is_word


def _names_already(sentence: ParsedSentence, index: int, head: str) -> bool:
    return any(phrase.end <= index and stem(phrase.head) == stem(head) for phrase in sentence.phrases)


def _of_kind(head: str, exchanges: Sequence[ConversationExchange]) -> Topic | None:
    """Return the topic of this kind that was spoken of last: "this kettle" is "the Atlas kettle"."""
    topics = (topic for exchange in exchanges for topic in exchange.topics)
    return next((topic for topic in topics if _is_kind(topic, head)), None)


def _is_kind(topic: Topic, head: str) -> bool:
    return stem(topic.core.split()[-1].lower()) == stem(head)


def _has_plural(sentence: ParsedSentence, index: int) -> bool:
    return any(phrase.end <= index and phrase.is_plural for phrase in sentence.phrases)
