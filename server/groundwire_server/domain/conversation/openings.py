"""What stands before a question and is none of it: a change of topic, a correction; and what is no question at all."""

import re
from dataclasses import dataclass
from typing import Final

from groundwire_server.domain.conversation.lexicon import AUXILIARIES, SUBJECTS

_LEADS: Final = r"(?:(?:ok(?:ay)?|now|and|so|well|but|alright|thanks|thank you)[,.!]?\s+)*"
_ENDS: Final = r"\s*(?:[:;,.!?–—、，：。]\s*(?:but\s+)?|\s-\s|\s+but\s+)"

_CHANGE: Final = re.compile(
    rf"""^{_LEADS}(?:
        (?:for\ |to\ )?something\ (?:completely\ |totally\ |entirely\ )?(?:else|different)
        | (?:(?:a|an|on\ a|on\ an|on|to|to\ a|to\ an)\ )?(?:completely\ |totally\ |entirely\ )?
          (?:different|another|other|new|separate|unrelated)\ (?:topic|subject|note|matter|issue)
        | (?:a\ )?(?:completely\ |totally\ )?(?:different|unrelated|new)\ (?:question|thing)
        | (?:let's\ |let\ us\ |to\ |i\ want\ to\ |i'd\ like\ to\ )?chang(?:e|ing)\ (?:the\ )?(?:topic|subject)
        | unrelated(?:ly)? | moving\ on | switching\ topics
        | (?:forget|never\ ?mind|ignore)(?:\ about)?(?:\ (?:that|it|this|the\ [\w -]{{1,40}}?))?
        | etwas\ (?:ganz\ )?anderes | (?:eine\ )?andere\ frage | anderes\ thema | themenwechsel | vergiss\ das
        | (?:une\ )?autre\ (?:question|sujet|chose) | changeons\ de\ sujet
        | (?:una\ )?otra\ (?:cosa|pregunta) | cambiando\ de\ tema
        | (?:un')?altra\ (?:domanda|cosa) | cambiando\ argomento
        | (?:een\ )?andere\ vraag | iets\ anders | (?:uma\ )?outra\ (?:coisa|pergunta) | mudando\ de\ assunto
        | (?:我们)?换个(?:话题|問題|问题) | 另一个问题 | 話は変わりますが | 話題を変えて | 別の質問(?:ですが)?
        | 다른\ 질문(?:인데요?|입니다)? | 다른\ 얘기(?:인데요?)?
    ){_ENDS}""",
    re.IGNORECASE | re.VERBOSE,
)
_SAME: Final = re.compile(
    rf"^{_LEADS}(?:(?:just )?(?:one more|another|next|last|quick|a quick|follow-up|a follow-up) (?:question|thing)"
    rf"|by the way){_ENDS}",
    re.IGNORECASE,
)
_CORRECTION: Final = re.compile(
    r"^(?:(?:no|nope|sorry|oops|wait|actually)[,.;:!]\s*|i (?:mean|meant)[,:]?\s+|not (?:the|a|an) [\w -]{1,40}[,;]\s*"
    r"(?:but\s+)?)+(?=(?:the|a|an|my|our|your|for|in|on)\s|[A-Z])",
    re.IGNORECASE,
)
_REACTION: Final = re.compile(
    r"(?:(?:and|but|so|oh|ah|well)[, ]+)?(?:yes|yeah|yep|no|nope|ok|okay|sure|really|thanks|thank you|right|correct"
    r"|true|wrong|exactly|maybe|perhaps|hm+|i see|got it|never ?mind|forget it|seriously|please|(?:yes|no|ok),? "
    r"(?:please|thanks|thank you)|(?:are|r) you (?:sure|certain|serious)|(?:that|this|it)(?:'s| is| was)(?: not| n't)? "
    r"(?:wrong|right|correct|true|false|not true|not right|incorrect|nonsense)|i (?:do not|don't|did not|didn't) "
    r"(?:understand|know|get it|get that|believe that|believe you)|(?:can you |please )?(?:say|repeat) that(?: again)?"
    r"|(?:thanks|thank you)[,.!]? (?:that|this|it) (?:helps|helped|works|worked|is helpful|was helpful)(?: a lot)?"
    r"|is (?:that|this|it) (?:all|it|everything)|it|this|that|these|those|\d{1,2}"
    r"|ja|nein|danke|stimmt|wirklich|oui|non|merci|vraiment|sí|si|gracias|sì|grazie|nee|sim|não|obrigad[oa]"
    r"|谢谢|好的|好|是的|是|不是|不|真的吗|ありがとう(?:ございます)?|はい|いいえ|本当ですか|네|예|아니요|감사합니다|정말요)",
    re.IGNORECASE,
)
_LONGEST_PART: Final = 7
_MARKS: Final = " \t.,!?;:…。，！？、"


@dataclass(frozen=True, slots=True)
class OpenedQuestion:
    """A question without what stands before it.

    Attributes:
        text: what is left.
        changes_topic: whether what stood before it says that it has nothing to do with the turns before.
    """

    text: str
    changes_topic: bool = False


def without_opening(question: str) -> OpenedQuestion:
    """Return a question without its opening: "Something else: is it open?" is "is it open?", about nothing before.

    A correction is put as a follow-up: "No, the gate" is "And the gate".
    """
    straight = question.replace("’", "'")
    if (change := _CHANGE.match(straight)) and (rest := question[change.end() :]):
        return OpenedQuestion(_capitalized(rest), changes_topic=True)
    if (same := _SAME.match(straight)) and (rest := question[same.end() :]):
        return OpenedQuestion(_capitalized(rest))
    if (correction := _CORRECTION.match(straight)) and _is_part(straight[correction.end() :]):
        return OpenedQuestion(f"And {question[correction.end() :]}")
    return OpenedQuestion(question)


def _is_part(text: str) -> bool:
    """Whether a text may be a part of a question, and is no sentence of its own."""
    words = [word.strip(_MARKS).lower() for word in text.split()]
    return len(words) <= _LONGEST_PART and not set(words) & (AUXILIARIES | SUBJECTS)


def is_reaction(text: str) -> bool:
    """Return whether a text asks nothing: "Yes, please", "Are you sure?"; nothing can be searched for by it."""
    return _REACTION.fullmatch(text.replace("’", "'").strip(_MARKS)) is not None


def _capitalized(text: str) -> str:
    return text[:1].upper() + text[1:]
