"""Folding: what spellings of one word have in common."""

import re
import unicodedata
from typing import Final

from groundwire_server.domain.text.composing import nfc, nfkc

_ACCENTED: Final = re.compile("[\u00c0-\u024f\u0300-\u036f\u0370-\u052f\u0591-\u05c7\u0622-\u065f\u0670\u1e00-\u1fff]")
"""Letters that may have an accent, and accents: a superset that is found fast."""

_ACCENTS: Final = re.compile(
    "[\u0300-\u036f\u0591-\u05bd\u05bf\u05c1\u05c2\u05c4\u05c5\u05c7\u064b-\u065f\u0670\u0640]"
)
"""Marks of Latin, Greek, Cyrillic, Hebrew and Arabic letters that writers leave out.

Those of other scripts are letters of their own: without them Japanese ga is ka, and Hindi has no vowels.
"""


def fold(text: str) -> str:
    """Return a text case folded, in one width and without accents."""
    return text.casefold() if text.isascii() else unaccented(fold_case(text))


def fold_case(text: str) -> str:
    """Return a text case folded and in one width, with its accents."""
    # Case folding takes letters apart, and what compatibility forms stand for may have capitals.
    return text.casefold() if text.isascii() else nfc(nfkc(text).casefold())


def unaccented(text: str) -> str:
    """Return a text without accents."""
    if text.isascii() or not _ACCENTED.search(text):
        return text
    return unicodedata.normalize("NFC", _ACCENTS.sub("", unicodedata.normalize("NFD", text)))
