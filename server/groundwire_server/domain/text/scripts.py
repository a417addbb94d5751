"""Counting the letters and words of each script in a text, as far as the bytes of its UTF-8 tell them apart."""

import re
from collections.abc import Mapping
from typing import Final

_SPACE, _LINE, _DIGIT, _MARK = b" ", b"n", b"0", b"."
_LATIN, _GREEK, _CYRILLIC, _HEBREW, _ARABIC = b"a", b"g", b"c", b"h", b"r"
_BRAHMIC, _KANA, _HAN, _HANGUL, _SYMBOL, _OTHER = b"i", b"k", b"z", b"j", b"e", b"o"
_EXTENDED, _FAR = b"l", b"x"
"""Latin letters beyond ASCII, and those of Vietnamese, which begin as other scripts do. In words both are Latin."""

_WORDED: Final = {
    "latin": _LATIN,
    "greek": _GREEK,
    "cyrillic": _CYRILLIC,
    "hebrew": _HEBREW,
    "arabic": _ARABIC,
    "indic": _BRAHMIC,
    "hangul": _HANGUL,
}
"""Scripts whose words stand apart. Those of India share their first byte with Thai, which has no spaces."""

_LATIN_ALONE: Final = {"latin": _LATIN}

_ENGLISH: Final = re.compile(rb" (the|of|and|to|that|with|are|is)(?: \1)?(?= )")
"""One twice in a row counts once."""

_ENGLISH_FROM: Final = 0.04
_ENGLISH_AT: Final = 0.14
"""Shares of these among the words of a text that is not English at all, and of one that is nothing else."""

FEATURES: Final = (
    *(f"{script}_{each}" for script in ("english", *_WORDED, "devanagari") for each in ("letters", "words")),
    "latin_extended",
    "thai_letters",
    "kana_letters",
    "han_letters",
    "digits",
    "marks",
    "ideographic_marks",
    "spaces",
    "lines",
    "symbols",
    "others",
)
"""What is counted, in this order. `spaces` are those beside another; one alone before a word is part of it."""


def _classes() -> bytes:
    """Return the class of each byte that begins a character."""
    table = bytearray(_OTHER * 256)

    def assign(first: int, last: int, of: bytes) -> None:
        table[first : last + 1] = of * (last + 1 - first)

    assign(0x00, 0x7F, _MARK)
    for space in b" \t\v\f":
        assign(space, space, _SPACE)
    for end in b"\n\r":
        assign(end, end, _LINE)
    assign(0x30, 0x39, _DIGIT)
    assign(0x41, 0x5A, _LATIN)
    assign(0x61, 0x7A, _LATIN)
    assign(0xC2, 0xC2, _MARK)
    assign(0xC3, 0xCA, _EXTENDED)
    assign(0xCC, 0xCD, _EXTENDED)
    assign(0xCE, 0xCF, _GREEK)
    assign(0xD0, 0xD3, _CYRILLIC)
    assign(0xD7, 0xD7, _HEBREW)  # what begins with 0xD6 is Armenian, or a vowel point
    assign(0xD8, 0xDB, _ARABIC)
    assign(0xE0, 0xE0, _BRAHMIC)
    assign(0xE1, 0xE1, _FAR)
    assign(0xE2, 0xE2, _MARK)
    assign(0xE3, 0xE3, _KANA)
    assign(0xE4, 0xE9, _HAN)
    assign(0xEA, 0xED, _HANGUL)
    assign(0xEE, 0xEF, _MARK)
    assign(0xF0, 0xF4, _SYMBOL)
    return bytes(table)


_CLASSES: Final = _classes()
_CONTINUED: Final = bytes(range(0x80, 0xC0))
_WORDS: Final = bytes.maketrans(_EXTENDED + _FAR + _LINE + _MARK + _DIGIT + _SYMBOL, _LATIN * 2 + _SPACE * 4)


def script_counts(text: str) -> tuple[float, ...]:
    """Return how much of each of `FEATURES` a text has."""
    found = scripts_in(text)
    return tuple([found.get(name, 0.0) for name in FEATURES])


def scripts_in(text: str) -> Mapping[str, float]:
    """Return how much of those of `FEATURES` a text has that it may have at all, by their names."""
    raw = text.encode("utf-8", "surrogatepass")
    if text.isascii():
        characters, scripts = raw.translate(_CLASSES), _LATIN_ALONE
    else:
        characters, scripts = raw.translate(_CLASSES, _CONTINUED), _WORDED
    words = b" " + characters.translate(_WORDS)
    found: dict[str, float] = {
        "digits": characters.count(_DIGIT),
        "marks": characters.count(_MARK),
        "spaces": characters.count(_SPACE * 2),
        "lines": characters.count(_LINE),
    }
    for script, sign in scripts.items():
        if letters := characters.count(sign):
            found[f"{script}_letters"] = letters
            found[f"{script}_words"] = words.count(b" " + sign)
    if scripts is _WORDED:
        found |= _beyond_ascii(raw, characters, found)
    if latin := found.get("latin_words"):
        english, all_letters = _english(raw, latin), found["latin_letters"]
        found["english_letters"], found["english_words"] = english * all_letters, english * latin
        found["latin_letters"], found["latin_words"] = all_letters - english * all_letters, latin - english * latin
    return found


def _beyond_ascii(raw: bytes, characters: bytes, found: Mapping[str, float]) -> dict[str, float]:
    more: dict[str, float] = {
        "latin_extended": characters.count(_EXTENDED),
        "kana_letters": characters.count(_KANA),
        "han_letters": characters.count(_HAN),
        "symbols": characters.count(_SYMBOL),
        "others": characters.count(_OTHER),
    }
    if letters := found.get("indic_letters"):
        more |= _brahmic(raw, letters, found["indic_words"])
    if far := characters.count(_FAR):
        latin = raw.count(b"\xe1\xba") + raw.count(b"\xe1\xbb")
        more["latin_extended"] += latin
        more["others"] += far - latin
    if kana := more["kana_letters"]:
        marks = raw.count(b"\xe3\x80")
        more |= {"ideographic_marks": marks, "kana_letters": kana - marks}
    return more


def _english(raw: bytes, words: float) -> float:
    """Return how much of the Latin words of a text is English, 0 to 1."""
    share = len(_ENGLISH.findall(raw.lower())) / words
    return min(1.0, max(0.0, (share - _ENGLISH_FROM) / (_ENGLISH_AT - _ENGLISH_FROM)))


def _brahmic(raw: bytes, letters: float, words: float) -> dict[str, float]:
    """Return the counts that the second byte of a character tells."""
    devanagari = raw.count(b"\xe0\xa4") + raw.count(b"\xe0\xa5")
    thai = raw.count(b"\xe0\xb8") + raw.count(b"\xe0\xb9")
    others = letters - devanagari - thai
    share = devanagari / (devanagari + others) if devanagari + others else 0.0
    words = words if devanagari + others else 0.0
    return {
        "devanagari_letters": devanagari,
        "devanagari_words": share * words,
        "thai_letters": thai,
        "indic_letters": others,
        "indic_words": words - share * words,
    }
