"""The ASCII characters that others look like: full-width forms, mathematical letters, letters of other scripts."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from types import MappingProxyType
from typing import Final

_FOLDED: Final = (
    (0x00A0, 0x0590),
    (0x1D00, 0x1DC0),
    (0x1E00, 0x1F00),
    (0x2000, 0x2200),
    (0x2460, 0x2500),
    (0x2C60, 0x2C80),
    (0xFE10, 0xFFEF),
    (0x1D400, 0x1D800),
    (0x1F110, 0x1F150),
)
"""Where characters stand that Unicode itself folds to ASCII ones, by their compatibility or without their accents."""

_ALIKE: Final = {
    "a": "\u0430\u0410\u03b1\u0391\u0251\u1d00\u13aa",
    "b": "\u0432\u0412\u0392\u0299\u13f4",
    "c": "\u0441\u0421\u03f2\u1d04\u13df",
    "d": "\u0501\u1d05\u13a0",
    "e": "\u0435\u0415\u03b5\u0395\u1d07\u13ac\u212e",
    "f": "\ua730\u0192",
    "g": "\u0261\u0262\u0581",
    "h": "\u04bb\u043d\u041d\u0397\u029c\u0570\u13bb",
    "i": "\u0456\u0406\u03b9\u0399\u0131\u026a\u0269\u04cf\u13a5",
    "j": "\u0458\u0408\u1d0a\u0575",
    "k": "\u043a\u041a\u03ba\u039a\u1d0b",
    "l": "\u04c0\u029f\u01c0\u13de",
    "m": "\u043c\u041c\u039c\u1d0d\u13b7",
    "n": "\u039d\u0274\u0578\u03b7\u043f",
    "o": "\u043e\u041e\u03bf\u039f\u1d0f\u0585",
    "p": "\u0440\u0420\u03c1\u03a1\u1d18\u13e2",
    "q": "\u051b\u0566",
    "r": "\u0433\u0280\u13a1",
    "s": "\u0455\u0405\ua731\u13da",
    "t": "\u0442\u0422\u03c4\u03a4\u1d1b\u13a2",
    "u": "\u03c5\u03bc\u1d1c\u057d\u0438",
    "v": "\u0475\u03bd\u1d20\u13d9",
    "w": "\u051d\u1d21\u0461\u13b3",
    "x": "\u0445\u0425\u03c7\u03a7",
    "y": "\u0443\u0423\u03a5\u028f\u04af",
    "z": "\u0396\u1d22\u13c3",
    "<": "\u2039\u02c2\u1438\u276e\u2770\u2329\u3008\u27e8\u29fc\u16b2",
    ">": "\u203a\u02c3\u1433\u276f\u2771\u232a\u3009\u27e9\u29fd",
    "|": "\u00a6\u2223\u2758\u2502\u2503\u05c0\u0964\u01c0\u2d4f",
    "[": "\u3010\u3014\u27e6\u301a\u2045\u298b",
    "]": "\u3011\u3015\u27e7\u301b\u2046\u298c",
    "/": "\u2044\u2215\u2571\u29f8",
    "_": "\u2581\u203f\u2017",
    ":": "\u2236\ua789\u02d0\u0589\u05c3\u16ec\u1803\u0703\u0704\ufe30\u205a",
    "#": "\u266f\u2317",
    "-": "\u2010-\u2011\u2012\u2013\u2014\u2212",
}
"""What Unicode folds to no ASCII character, and looks like one."""

_BETWEEN: Final = "\0"
"""Stands for marks on the letter before them: a name is the same with them."""


def _letters_in_signs() -> Iterator[tuple[int, str]]:
    for first in (0x1F150, 0x1F170, 0x1F1E6):
        yield from ((first + place, chr(ord("a") + place)) for place in range(26))


def _table() -> Mapping[int, str]:
    table: dict[int, str] = dict.fromkeys((*range(768, 880), *range(8400, 8448)), _BETWEEN)
    for first, end in _FOLDED:
        for code in range(first, end):
            alike = unicodedata.normalize("NFKD", chr(code)).lstrip(" ")
            base = alike[:1].casefold()
            if len(base) == 1 and base.isascii() and all(map(unicodedata.combining, alike[1:])):
                table[code] = base
    table.update((ord(each), plain) for plain, others in _ALIKE.items() for each in others if not each.isascii())
    table.update(_letters_in_signs())
    table = {code: plain.upper() for code, plain in table.items()}
    # What is in the table is found faster than what is not.
    table.update((code, chr(code).lower()) for code in range(0x80))
    return MappingProxyType(table)


_SKELETON: Final = _table()


_OTHERS: Final = re.compile(r"([^\x00-\x7f]+)")
_FEW: Final = 40
"""Bytes in UTF-8 beside one for each code point."""

_ASTRAL: Final = "\U0001d400-\U0001d7cb\U0001f110-\U0001f189\U0001f1e6-\U0001f1ff"
"""Where letters stand that look like ASCII ones and need more than 16 bits: a class of each by itself is slow."""

LETTERS: Final = (
    "".join(chr(code) for code, plain in _SKELETON.items() if plain.isalpha() and 0x7F < code < 0x10000) + _ASTRAL
)
"""What looks like an ASCII letter and is none, as the inside of a character class."""


def skeleton(text: str) -> str:
    """Return a text with ASCII characters for those that look like them, each in its place.

    Its ASCII letters are lower case, and those that look like one are upper case: a name may end before such.
    """
    if text.isascii():
        return text.lower()
    if len(text.encode(errors="surrogatepass")) - len(text) > _FEW:
        return text.translate(_SKELETON)
    # Where there are a few others, as dashes and quotation marks in English, this takes a third of the time.
    pieces = _OTHERS.split(text)
    pieces[::2] = map(str.lower, pieces[::2])
    pieces[1::2] = [piece.translate(_SKELETON) for piece in pieces[1::2]]
    return "".join(pieces)


def alike(characters: str) -> str:
    """Return some ASCII characters and all that look like one of them, as the inside of a character class."""
    return "".join(f"\\{chr(code)}" for code, plain in _SKELETON.items() if plain in characters)
