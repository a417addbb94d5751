"""English requests in another form than the imperative: what readers are asked for, need to do, or had better do."""

import re
from collections.abc import Sequence
from typing import Final

_ADVERB: Final = r"(?:(?:also|only|now|then|first|just|always|kindly|simply|strongly|hereby|therefore|please) )?"
_ASKED: Final = "(?:asked|requested|urged|begged|advised|instructed|reminded|told|obliged|expected)"
_NEEDED: Final = (
    "(?:necessary|required|essential|important|vital|mandatory|imperative|crucial|obligatory|advisable|recommended"
    "|urgent)"
)

_FRAMES: Final = re.compile(
    # "You are asked to", "customers are urged to", "it is necessary to", "you have got to", "you are to call".
    rf"\b(?:(?:are|is|be) {_ADVERB}{_ASKED} (?:not )?to "
    rf"|(?:it is|it's) (?:\w+ )?{_NEEDED} (?:for you to|that you|to) "
    r"|you(?: have|'ve|’ve|'ll|’ll| will) (?:got |need |have )to |you(?: had|'d|’d) (?:better|best) "
    r"|you(?: are|'re|’re) to (?!be\b)"
    # "We need you to", "we ask that you", "I need your password".
    rf"|(?:i|we|they) {_ADVERB}(?:need|want|ask|urge|advise|expect|require|request|beg|order|recommend|invite|encourage"
    r"|would like|instruct) (?:that )?you\b(?!r)|(?:i|we) (?:need|require|want) your "
    # "The next step is to", "all you have to do", "what you need to do", "time to call", "feel free to".
    r"|(?:next|first|last|only|best|right|safest|easiest) (?:step|thing|way|action|option|move)(?: left)?"
    r"(?: to do is (?!an?|the|that)\w| is to )"
    r"|(?:all|what|everything) you (?:have|need|must|should|ought|want)(?: to)? do\b"
    r"|it(?:'s|’s| is) (?:high |about )?time to |feel free to |(?:do not|don't) (?:hesitate|forget) to "
    "|be (?:sure|certain) to )",
)
_HINTS: Final = frozenset(
    "asked requested urged begged advised instructed reminded told obliged expected necessary required essential"
    " important vital mandatory imperative crucial obligatory advisable recommended urgent you you've you’ve you'd"
    " you’d you're you’re you'll you’ll your step thing way action option move time free hesitate forget sure"
    " certain".split()
)
"""Words of which a sentence has one that any of them matches."""

_POLITE_QUESTION: Final = re.compile(
    r"^\W*(?:(?:could|would|will|won't|won’t) you (?!(?:like|rather|prefer)\b)\w|would you mind "
    r"|can you .{0,80}\b(?:me|us|our|your)\b"
    r"|why (?:not|don't you|don’t you) |how about \w+ing |have you .{1,60}\byet\b|are you ready to )"
)
_ASKING: Final = "?؟\uff1f"


def english_request(lower: str, words: Sequence[str]) -> int | None:
    """Return where a sentence asks its reader for something without an imperative; None where it does not.

    Args:
        lower: the sentence in lower case.
        words: of it.
    """
    found = None if _HINTS.isdisjoint(words) else _FRAMES.search(lower)
    if found is None and lower.rstrip()[-1:] in _ASKING:
        found = _POLITE_QUESTION.search(lower)
    return None if found is None else found.start()
