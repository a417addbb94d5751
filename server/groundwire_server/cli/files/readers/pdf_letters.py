"""The letters of a PDF, which says where each is drawn, and not how they are read."""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any, Final

_TO_LEFT: Final = r"\u0590-\u08ff\ufb1d-\ufdff\ufe70-\ufefc"
_HAS_TO_LEFT: Final = re.compile(f"[{_TO_LEFT}]")
_RUN_TO_LEFT: Final = re.compile(rf"[{_TO_LEFT}](?:[{_TO_LEFT}\s]*[{_TO_LEFT}])?")
_LETTER: Final = rf"[^\W\d_{_TO_LEFT}]"
_SIGN: Final = rf"[^\W_{_TO_LEFT}]"
_RUN_TO_RIGHT: Final = re.compile(rf"{_SIGN}(?:(?:[^\s{_TO_LEFT}]| (?={_LETTER})|(?<={_LETTER}) (?={_SIGN}))*{_SIGN})?")
"""Numbers and words of other scripts; numbers side by side are each for itself."""

_SAME_PLACE: Final = 0.15
"""How far from another, in sizes of letters, the same letter is drawn again to look bold; none is as narrow."""


def drawn_again(letters: Iterable[Mapping[str, Any]]) -> frozenset[int]:
    """Return the ids of letters that are drawn where the same letter is already."""
    seen: dict[tuple[str, int, int, int], list[Mapping[str, Any]]] = {}
    again: list[int] = []
    for each in letters:
        near = max(_SAME_PLACE * each["size"], 0.01)
        text, size = each["text"], round(each["size"])
        column, row = int(each["x0"] // near), int(each["top"] // near)
        around = (
            other
            for across in (column, column - 1, column + 1)
            for down in (row, row - 1, row + 1)
            for other in seen.get((text, size, across, down), ())
        )
        if text.strip() and any(_is_near(each, other, near) for other in around):
            again.append(id(each))
        else:
            seen.setdefault((text, size, column, row), []).append(each)
    return frozenset(again)


def _is_near(one: Mapping[str, Any], other: Mapping[str, Any], near: float) -> bool:
    return bool(abs(one["x0"] - other["x0"]) <= near and abs(one["top"] - other["top"]) <= near)


def logical(line: str) -> str:
    """Return a line whose letters are in the order from left to right in the order in which they are read."""
    if not _HAS_TO_LEFT.search(line):
        return line
    line = unicodedata.normalize("NFKC", line)
    directions = [unicodedata.bidirectional(letter) for letter in line]
    to_left = sum(each in {"R", "AL"} for each in directions)
    if to_left < directions.count("L"):
        return _RUN_TO_LEFT.sub(lambda run: run[0][::-1], line)
    return _RUN_TO_RIGHT.sub(lambda run: run[0][::-1], line[::-1])
