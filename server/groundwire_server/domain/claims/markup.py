"""What acts on the reader's screen and says nothing as a word: markup, addresses, characters that cannot be seen."""

import re
import unicodedata
from collections.abc import Iterator, Sequence
from typing import Final

_MARKUP: Final = re.compile(
    # Links and images, inline and by reference, with what they refer to; footnotes.
    r"!?\[[^\]\n]*\]\([^)\n]*\)|(?<!\w)!?\[[^\]\n]*\]\[[^\]\n]*\]|(?<!\w)\[[^\]\n]+\]:|\[\^[^\]\n]+\]"
    # Addresses.
    r"|\b[A-Za-z][A-Za-z0-9+.-]{1,30}://[^\s)\]>\"']+|\b(?:www\.|(?:mailto|javascript|vbscript|data):)[^\s)\]>\"']+"
    # HTML, its comments and its entities; commands of TeX.
    r"|</?[A-Za-z][^<>]*>|<!--|<[!?](?=[A-Za-z\[])|&(?:#\d{1,7}|#[xX][0-9A-Fa-f]{1,6}|[A-Za-z]\w{1,30});|\\[A-Za-z]+(?=\{)"
    # Strikethrough.
    r"|~~|(?<![\w~])~(?=[^\s~])[^~\n]*(?<=[^\s~])~(?![\w~])"
    # Characters that are not seen, or turn the direction; within Latin words, joiners too.
    r"|[\u00ad\u034f\u061c\u115f\u1160\u180e\u200b\u200e\u200f\u202a-\u202e\u2060-\u206f\u3164\ufeff\uffa0\ufff9-\ufffb]"
    r"|[\U000e0000-\U000e0fff]|(?<=[A-Za-z])[\u200c\u200d]|[\u200c\u200d](?=[A-Za-z])"
    # Strokes through the character before.
    r"|[\u0334-\u0338\u20d2\u20d3\u20d8-\u20da\u20dd-\u20e0\u20e5\u20e6\u20ea\u20eb]"
    # Letters of other scripts that look like the Latin ones beside them.
    r"|(?<=[A-Za-z])[\u0400-\u052fΑΒΕΖΗΙΚΜΝΟΡΤΥΧοι]|[\u0400-\u052fΑΒΕΖΗΙΚΜΝΟΡΤΥΧοι](?=[A-Za-z])"
)
_SIGNS: Final = ("[", "<", "&", "~", "\\", "www.", ":")
"""One of these is in all ASCII text that has markup."""

_YES: Final = "✓✔✅☑👍"
_NO: Final = "✗✘✖❌❎☒🚫⛔👎"
_DENYING: Final = "¬"
_STROKE: Final = "\u0338"


def markup_of(statement: str, passages: Sequence[str]) -> list[tuple[int, int]]:
    """Return where a statement has markup that no passage has, in code points."""
    if statement.isascii() and not any(sign in statement for sign in _SIGNS):
        return []
    return [
        match.span()
        for match in _MARKUP.finditer(statement)
        if not any(match.group() in passage for passage in passages)
    ]


def denying_signs(statement: str, passages: Sequence[str]) -> Iterator[int]:
    """Yield where a statement has a sign that denies and that none of some stretches has, or a tick for their cross."""
    if statement.isascii():
        return
    given = "".join(passages)
    crossed = any(mark in given for mark in _NO)
    ticked = any(mark in given for mark in _YES)
    for index, character in enumerate(statement):
        if (
            (character in _NO and not crossed)
            or (character in _YES and crossed and not ticked)
            or (_denies(character) and character not in given)
        ):
            yield index


def bare_sign(statement: str) -> bool | None:
    """Return whether a statement that is a tick or a cross denies; None for any other."""
    marks = statement.strip().rstrip("\ufe0f.! ")
    if len(marks) != 1:
        return None
    return True if marks in _NO else False if marks in _YES else None


def _denies(character: str) -> bool:
    return character in _DENYING or (
        unicodedata.category(character) == "Sm"
        and character != "≠"
        and _STROKE in unicodedata.normalize("NFD", character)
    )
