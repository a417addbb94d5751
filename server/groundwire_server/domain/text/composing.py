"""Unicode normalization, in time in proportion to a text's length."""

import re
import unicodedata
from typing import Final, Literal, TypeAlias

_Form: TypeAlias = Literal["NFC", "NFKC"]

_MARKS_IN_A_ROW = 30
_CROWD: Final = re.compile(rf"[^\x00-\u02ff\w\s]{{{_MARKS_IN_A_ROW + 1},}}")
"""Where there may be more marks in a row: a superset that is found fast."""


def nfc(text: str) -> str:
    """Return the text in NFC; of marks in a row those after the 30th are left out.

    No script needs as many (Unicode Standard Annex 15, stream-safe text), and putting them in order takes time that
    grows with the square of their number.
    """
    return _normalized(text, "NFC")


def nfkc(text: str) -> str:
    """Return the text in NFKC: letters and digits in one width, no ligatures; see `nfc` for marks in a row."""
    return _normalized(text, "NFKC")


def _normalized(text: str, form: _Form) -> str:
    if unicodedata.is_normalized(form, text):
        return text
    return unicodedata.normalize(form, _CROWD.sub(lambda crowd: _thinned(crowd.group()), text))


def _thinned(crowd: str) -> str:
    kept: list[str] = []
    marks = 0
    for character in crowd:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MARKS_IN_A_ROW:
            kept.append(character)
    return "".join(kept)
