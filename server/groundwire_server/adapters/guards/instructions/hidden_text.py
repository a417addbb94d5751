"""Finding text that a reader does not see."""

import re
from collections.abc import Iterator
from typing import Final

_TAGS: Final = "\U000e0020-\U000e007e"
_WIDTHLESS: Final = "\u200b-\u200d\u2060-\u2064\ufeff\u180e"

_UNSEEN: Final = re.compile(
    # The flags of regions are a black one with a few tags.
    f"(?P<flag>\U0001f3f4[{_TAGS}]{{2,6}}\U000e007f)"
    f"|(?P<tags>[{_TAGS}]{{2,}})"
    "|(?P<selectors>[\ufe00-\ufe0f\U000e0100-\U000e01ef]{3,})"
    f"|(?P<zero_width>[{_WIDTHLESS}]{{4,}})"
    "|(?P<overridden>[\u202d\u202e][^\u202c\n]*)"
)
_MAY_BE: Final = re.compile(f"[{_TAGS}{_WIDTHLESS}\ufe00-\ufe0f\U000e0100-\U000e01ef\u202d\u202e]")
_SPLIT_WORD: Final = re.compile(f"[A-Za-z]+(?:[{_WIDTHLESS}]+[A-Za-z]+)+")
_MANY: Final = 3
"""Words of a text that have something unseen in them, from which it is no remnant of a web page."""

_TO_ASCII: Final = {0xE0000 + code: code for code in range(0x20, 0x7F)}


def hidden_stretches(text: str) -> Iterator[tuple[str, int, int]]:
    """Yield what is not seen: of which kind, and where it stands.

    Args:
        text: not of ASCII characters alone.
    """
    if not _MAY_BE.search(text):
        return
    for found in _UNSEEN.finditer(text):
        if found["flag"] is None:
            yield found.lastgroup or "", found.start(), found.end()
    split = [*_SPLIT_WORD.finditer(text)]
    if len(split) >= _MANY:
        yield from (("split_words", found.start(), found.end()) for found in split)


def in_tags(text: str) -> str:
    """Return what is said in the characters that stand for ASCII ones and are not seen."""
    return "".join(chr(_TO_ASCII[code]) for code in map(ord, text) if code in _TO_ASCII)
