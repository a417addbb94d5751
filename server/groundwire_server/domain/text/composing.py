"""Unicode normalization."""

import re
import unicodedata

_MARKS_IN_A_ROW = 30
_CROWD = re.compile(rf"[^\x00-\u02ff\w\s]{{{_MARKS_IN_A_ROW + 1},}}")
"""Where there may be more marks in a row: a superset that is found fast."""


def nfc(text: str) -> str:
    """Return the text in NFC, in time in proportion to its length; of marks in a row those after the 30th are left out.

    No script needs as many (Unicode Standard Annex 15, stream-safe text), and putting them in order takes time that
    grows with the square of their number.
    """
    if unicodedata.is_normalized("NFC", text):
        return text
    return unicodedata.normalize("NFC", _CROWD.sub(lambda crowd: _thinned(crowd.group()), text))


def _thinned(crowd: str) -> str:
    kept: list[str] = []
    marks = 0
    for character in crowd:
        marks = marks + 1 if unicodedata.combining(character) else 0
        if marks <= _MARKS_IN_A_ROW:
            kept.append(character)
    return "".join(kept)
