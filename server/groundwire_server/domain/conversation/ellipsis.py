"""Follow-ups that leave most of a question out: "And in Germany?", "What about the large one?", "Why?"."""

from collections.abc import Sequence
from typing import Final

from groundwire_server.domain.conversation.history import ConversationExchange, Topic, topic_of, topics_together
from groundwire_server.domain.conversation.lexicon import (
    ACCOUNTS,
    ADJECTIVES,
    ADVERBS,
    ATTRIBUTES,
    AUXILIARIES,
    COMPARED,
    DEMONSTRATIVES,
    LEADING,
    PREDICATE_ENDINGS,
    PREPOSITIONS,
    PRONOUNS,
    QUESTION_WORDS,
    REFERRING,
    SMALL_TALK,
    TIMES,
    VERBS,
)
from groundwire_server.domain.conversation.phrases import NounPhrase, ParsedSentence
from groundwire_server.domain.text.stems import stem

_LONGEST: Final = 7
"""Words of a follow-up that can be a part of a question."""

_WHERE: Final = frozenset({"in", "on", "at", "inside", "outside", "near", "under", "behind"})
_ABOUT: Final = frozenset({"what", "how"})
_ASKING: Final = frozenset({"not", "so", "come", "exactly", "else", "is", "that", "then"})
_CONDITIONS: Final = frozenset({"if", "unless", "after", "before", "until"})
_ADDING: Final = frozenset({"including", "excluding"})
_LIMITING: Final = frozenset({"even", "only", "not"})
_EXPLAINING: Final = frozenset({"explain", "elaborate", "continue", "clarify", "me", "can", "could", "you"})
_ACCOUNTED: Final = ACCOUNTS | frozenset({"example", "examples", "detail", "details", "summary", "overview"})
_OF: Final = frozenset({"example", "examples", "list", "description", "explanation", "summary", "overview"})
_PRONOUNED: Final = DEMONSTRATIVES | REFERRING | PREPOSITIONS
_FEW: Final = 2
_DEGREES: Final = frozenset({"much", "many", "long", "often", "far", "soon", "big", "high", "wide", "heavy", "old"})


def leading(sentence: ParsedSentence) -> int:
    """Return the number of the first token that is needed: "and" and "then" are not."""
    index = 0
    while sentence.word(index) in LEADING or (index and sentence.word(index) == ","):
        index += 1
    return index


def asks_alone(sentence: ParsedSentence, start: int) -> str:
    """Return a question word that stands for a question, as in "why not?"; empty where there is more."""
    words = [token.word for token in sentence.tokens[start:] if token.is_word]
    rest = words[1:] if words and words[0] in PREPOSITIONS else words
    if not rest or rest[0] not in QUESTION_WORDS - {"what", "which", "whose"}:
        return ""
    if (rest[1:] and not set(rest[1:]) <= _ASKING | _DEGREES) or (rest[:1] == ["who"] and "is" in rest):
        return ""
    if {"is", "that"} & set(rest[1:]):
        words = words[: len(words) - len(rest) + 1]
    return " ".join(words)


def fragment(sentence: ParsedSentence, start: int) -> int | None:
    """Return the number of the first token of a part of a question, as in "and in Germany?"; None for a whole one."""
    words = [token.word for token in sentence.tokens[start:] if token.is_word]
    about = len(words) > 2 and words[0] in _ABOUT and words[1] == "about"
    same = len(words) > 2 and "same" in words[:2] and words[0] in {"the", "same"}
    first = start
    if about:
        first = start + 2
    elif same:
        first = start + words.index("same") + 1
        if sentence.word(first) in {"question", "thing"}:
            first += 1
    elif not start and (words[:1] == [] or words[0] not in PREPOSITIONS or sentence.tokens[-1].text != "?"):
        return None
    left = [token.word for token in sentence.tokens[first:] if token.is_word]
    marks = {token.word for token in sentence.tokens[first:-1] if not token.is_word}
    closed = (AUXILIARIES | QUESTION_WORDS | PRONOUNS) - {"one", "ones"}
    if not left or len(left) > _LONGEST or marks or closed & set(left):
        return None
    inner = ParsedSentence(sentence.text[sentence.tokens[first].start :])
    return first if inner.phrases or {"one", "ones"} & set(left) else None


def is_bare(sentence: ParsedSentence, start: int) -> bool:
    """Return whether nothing but function words follows "and": "and without it?", "and yours?"."""
    words = [place for place, token in enumerate(sentence.tokens) if place >= start and token.is_word]
    return start > 0 and not any(sentence.is_open(place) or sentence.is_verb(place) for place in words)


def about_topic(sentence: ParsedSentence, start: int, exchanges: Sequence[ConversationExchange]) -> str | None:
    """Return "tell me more" or "give an example" with what it is about; None for a question that says so itself.

    Raises:
        LookupError: when nothing was spoken of that it could be about.
    """
    words = [token.word for token in sentence.tokens[start:] if token.is_word]
    topics = [phrase for phrase in sentence.phrases if phrase.is_topic]
    content = set(words) - SMALL_TALK
    if content and content <= _EXPLAINING:
        joint = ""
    elif words[-1:] == ["more"] and not topics:
        joint = "about "
    elif topics and {phrase.head for phrase in topics} <= _ACCOUNTED and not content & _PRONOUNED:
        joint = "of " if topics[-1].head in _OF else "about "
    else:
        return None
    topic = topics_together(exchanges) or topic_of(exchanges)
    if topic is None:
        raise LookupError
    asked = sentence.text[sentence.tokens[start].start :].rstrip("?!. ")
    return f"{asked} {joint}{topic.text}{'?' if sentence.text.rstrip().endswith('?') else ''}"


def of_topic(sentence: ParsedSentence, start: int, exchanges: Sequence[ConversationExchange]) -> str | None:
    """Return "what is the price?" or "price?" with what has it; None for a question that names something."""
    topic = topics_together(exchanges) or topic_of(exchanges)
    phrase = sentence.phrases[0] if len(sentence.phrases) == 1 else None
    if topic is None or phrase is None or not _asks_for_attribute(sentence, start, phrase):
        return None
    be = "are" if phrase.is_plural else "is"
    asked = sentence.slice(start, phrase.end)
    if phrase.first > start:
        return f"{asked} of {topic.text}?"
    named = f"{asked[:1].lower()}{asked[1:]}"
    return f"What {be} {named if phrase.has_determiner else f'the {named}'} of {topic.text}?"


def _asks_for_attribute(sentence: ParsedSentence, start: int, phrase: NounPhrase) -> bool:
    """Whether a question is for what a thing has and leaves the thing out."""
    ends = all(not token.is_word for token in sentence.tokens[phrase.end :])
    if not ends or not {token.word for token in phrase.nouns} <= ATTRIBUTES:
        return False
    opens = [sentence.word(place) for place in range(start, phrase.first)]
    return not opens or (
        opens[0] == "what" and opens[1:] in (["is"], ["are"], ["was"]) and sentence.word(phrase.first) == "the"
    )


def added(sentence: ParsedSentence, exchanges: Sequence[ConversationExchange], *, leads: bool) -> str | None:
    """Return the last question with a condition, "what else" or what it adds behind it; None for a whole question.

    Args:
        sentence: the follow-up, without references and without what leads it.
        exchanges: the newest first.
        leads: whether it began with a word such as "and".
    """
    words = [token.word for token in sentence.tokens if token.is_word]
    whole = any(token.word == "," for token in sentence.tokens)
    condition = leads and words[:1] and words[0] in _CONDITIONS and not whole
    nothing = not any(phrase.is_topic for phrase in sentence.phrases)
    what_if = words[:2] == ["what", "if"] and nothing
    other = "else" in words and len(words) <= _FEW and nothing
    if not exchanges or not (condition or what_if or other or _is_addition(sentence, words)):
        return None
    part = sentence.text.rstrip("?!. ")
    joint = " " if _is_addition(sentence, words) else ", and "
    return f"{exchanges[0].asked.text.strip().rstrip('?!. ')}{joint}{part[:1].lower()}{part[1:]}?"


def _is_addition(sentence: ParsedSentence, words: Sequence[str]) -> bool:
    """Whether a text has no verb that helps and only adds to a question: "including Sundays?"."""
    verbless = not any(token.word in AUXILIARIES for token in sentence.tokens)
    first, second = (*words, "", "")[:2]
    adds = first in _ADDING | PREPOSITIONS or (first in _LIMITING and second in _CONDITIONS | PREPOSITIONS)
    return adds and verbless and len(words) <= _LONGEST and sentence.tokens[-1].text == "?"


def completed(text: str, exchanges: Sequence[ConversationExchange]) -> str | None:
    """Return the last question with a part of it replaced by another.

    Args:
        text: the part, "in Germany" or "the oak fence", which refers to nothing by itself.
        exchanges: the newest first.
    """
    topic = topic_of(exchanges)
    exchange = next((each for each in exchanges if not each.is_empty), None)
    if topic is None or exchange is None:
        return None
    part, asked = ParsedSentence(text), exchange.asked
    if part.word(0) in VERBS and not part.is_open(0):  # another thing to do, not to name
        return None
    preposition = part.word(0) if part.word(0) in PREPOSITIONS else ""
    last = part.phrases[-1] if part.phrases else None
    if last is not None and last.has_determiner and (last.head in ADJECTIVES or last.head.endswith("est")):
        # "the large" is "the large one".
        named = in_place_of_one(ParsedSentence(f"{part.slice(0, part.phrases[-1].end)} one"), topic)
        part = part if named is None else ParsedSentence(named)
    new = _bare(part)
    place = _place(part, preposition, asked)
    if place is not None:
        first, end = place
        if any(phrase.asked and phrase.first == first for phrase in asked.phrases):
            return f"What about {new}?"
        whole = asked.word(first) in PREPOSITIONS
        return _spliced(asked, first, end, new[:1].lower() + new[1:] if whole else new[len(preposition) :].lstrip())
    if preposition:
        return _appended(asked, new[:1].lower() + new[1:])
    phrase = part.phrases[0] if part.phrases else None
    if phrase is not None and phrase.has_determiner and phrase.head in ATTRIBUTES:
        be = "are" if phrase.is_plural else "is"
        return f"What {be} {new} of {topic.text}?"
    return None


def _place(part: ParsedSentence, preposition: str, asked: ParsedSentence) -> tuple[int, int] | None:
    """Return the tokens of the question that a part stands in place of; None where it adds to it."""
    if not part.phrases:
        return None
    new = part.phrases[-1]
    phrases = asked.phrases
    if preposition:
        alike = [phrase for phrase in phrases if phrase.is_time == new.is_time]
        if after := [phrase for phrase in alike if asked.word(phrase.first - 1) == preposition]:
            return after[-1].first, after[-1].end
        # Another place, or another time, whatever preposition it has.
        where = [phrase for phrase in alike if asked.word(phrase.first - 1) in _WHERE and preposition in _WHERE]
        return (where[-1].first - 1, where[-1].end) if where else None
    for fits in (
        lambda phrase: stem(phrase.head) == stem(new.head),
        lambda phrase: new.is_time and phrase.is_time,
        lambda phrase: new.head.isdecimal() and phrase.head.isdecimal(),
        lambda phrase: _named(new) and phrase.is_name,
    ):
        found = [phrase for phrase in phrases if fits(phrase)]
        if found:
            return found[-1].first, found[-1].end
    if new.has_determiner and new.head in ATTRIBUTES:
        return None
    if not new.has_determiner and not _named(new):
        bare = [
            phrase
            for phrase in phrases
            if asked.word(phrase.first - 1) in PREPOSITIONS
            and phrase.is_topic
            and not (phrase.has_determiner or phrase.is_name)
        ]
        if bare:
            return bare[-1].first, bare[-1].end
    subjects = [phrase for phrase in phrases if phrase.is_topic and not phrase.asked] or [
        phrase for phrase in phrases if phrase.is_topic
    ]
    return (subjects[0].first, subjects[0].end) if subjects else None


def _named(phrase: NounPhrase) -> bool:
    """Whether a phrase of a fragment is a name; in front of a sentence its capital would say nothing."""
    return not phrase.has_determiner and phrase.nouns[0].is_capital and phrase.head not in TIMES


def in_place_of_one(part: ParsedSentence, topic: Topic) -> str | None:
    """Return a text whose "one" is the topic's kind of thing: "the large one" is "the large locker"."""
    index = next(i for i, token in enumerate(part.tokens) if token.word in {"one", "ones"})
    first = index
    while first and (part.is_open(first - 1) or part.word(first - 1) in COMPARED):
        first -= 1
    before, after = part.text[: part.tokens[index].start], part.text[part.tokens[index].end :]
    if first == index:
        return None
    modifier = part.word(index - 1)
    return before + " ".join(_kind(topic.core, modifier)) + after


def _kind(core: str, modifier: str) -> Sequence[str]:
    """Return the words of a thing that another of its kind shares with it."""
    words = core.split()
    describes = (
        modifier in ADJECTIVES | COMPARED
        or modifier.endswith((*PREDICATE_ENDINGS, "er", "est", "ous", "less", "ive"))
        or modifier in ADVERBS
    )
    if not describes:
        return words[-1:]
    own = [word for word in words[:-1] if word.lower() not in ADJECTIVES and not word.endswith("est")]
    return [*own, words[-1]]


def _bare(part: ParsedSentence) -> str:
    """Return a part without what it need not end with: marks, and words like "too"."""
    end = len(part.tokens)
    while end > 1 and (not part.tokens[end - 1].is_word or part.word(end - 1) in ADVERBS):
        end -= 1
    return part.slice(0, end)


def _spliced(asked: ParsedSentence, first: int, end: int, new: str) -> str:
    return f"{asked.text[: asked.tokens[first].start]}{new}{asked.text[asked.tokens[end - 1].end :]}".strip()


def _appended(asked: ParsedSentence, new: str) -> str:
    return f"{asked.text.rstrip().rstrip('?!. ')} {new}?"
