"""Characters that are not seen, and that text of twenty scripts reads the same without."""

import re
from typing import Final

_SHORT: Final = (
    "\x00-\x08\x0e-\x1b\x7f-\x84\x86-\x9f"
    "\u00ad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0"
    "\ufff0-\ufffb"
)
_ALWAYS: Final = _SHORT + "\U0001bca0-\U0001bca3\U0001d173-\U0001d17a\U000e0000-\U000e00ff\U000e01f0-\U000e0fff"
"""Control characters that are no white space, marks of direction, fillers, tags, and what Unicode keeps for such."""

_JOINERS: Final = "\u200c\u200d"
_SHORT_SELECTORS: Final = "\u180b-\u180d\u180f\ufe00-\ufe0f"
_SELECTORS: Final = _SHORT_SELECTORS + "\U000e0100-\U000e01ef"

MAY_BE_HIDDEN: Final = _SHORT + _JOINERS + _SHORT_SELECTORS + "\U0001bca0-\U0001d1ff\U000e0000-\U000e0fff"
"""All of them and others, as the inside of a character class: the fewer ranges of more than 16 bits, the faster."""

_JOINED: Final = (
    "\u0600-\u08ff\u0900-\u109f\u1700-\u17b3\u17b6-\u180a\u1810-\u18af\u1900-\u1cff\u2190-\u21ff\u2300-\u23ff"
    "\u2600-\u27bf\u2b00-\u2bff\ua800-\uabff\ufb50-\ufdff\ufe70-\ufefc\U00010a00-\U00011fff\U0001e900-\U0001e95f"
    "\U0001f000-\U0001faff"
)
"""Letters and emoji whose form a joiner after them changes."""

_PARTED: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17b3\u17b6-\u17ff"
"""Letters of scripts without spaces, whose words a zero-width space parts."""

AT_HIDDEN: Final = (
    f"(?<=[{_ALWAYS}])"
    f"|(?<=[{_JOINERS}])(?<![{_JOINED}].)(?<![{_JOINED}]\ufe0f.)"
    # A second one, or one after an ASCII character, selects nothing: rows of them hold texts.
    f"|(?<=[{_SELECTORS}])(?:(?<=[{_SELECTORS}].)|(?<![^\x00-\x7f{_ALWAYS}{_JOINERS}].)(?<![0-9#*]\ufe0f))"
)
"""What stands after one of them that is left out, unless it is between letters or in a flag."""

_MAY_HIDE: Final = re.compile(f"[{MAY_BE_HIDDEN}]")
_MAY_HIDE_IN_ASCII: Final = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")

_TAGGED: Final = "|".join(
    "".join(chr(0xE0000 + ord(letter)) for letter in region) for region in ("gbeng", "gbsct", "gbwls")
)

_NOT_SEEN: Final = re.compile(
    # The flags of England, Scotland and Wales are the only ones that are made of tags.
    f"(?P<kept>\U0001f3f4(?:{_TAGGED})\U000e007f|(?<=[{_PARTED}])\u200b(?=[{_PARTED}]))"
    f"|[{MAY_BE_HIDDEN}](?:{AT_HIDDEN})",
    re.DOTALL,
)


def without_hidden(text: str) -> str:
    """Return a text without the characters that are not seen.

    Joiners stay behind letters and emoji that they join, selectors behind what they select, zero-width spaces between
    letters of scripts without spaces, and the tags of flags.
    """
    may_hide = _MAY_HIDE_IN_ASCII if text.isascii() else _MAY_HIDE
    return _NOT_SEEN.sub(r"\g<kept>", text) if may_hide.search(text) else text


def as_seen(text: str, start: int, end: int) -> str:
    """Return the stretch of a text that is seen at a place of `without_hidden(text)`.

    Args:
        text: with all of its characters.
        start: where the stretch begins in what is visible, in code points.
        end: where it ends there.
    """
    hidden = [found.start() for found in _NOT_SEEN.finditer(text) if found["kept"] is None]
    first, last = start, end - 1
    for position in hidden:
        first += position <= first
        last += position <= last
    return text[first : last + 1]
