"""Texts with digits, dashes and spaces of any script as ASCII ones, as patterns of numbers and addresses want them."""

import re
import sys
import unicodedata
from bisect import bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import accumulate
from typing import Final

from groundwire_server.domain.fencing.hidden import MAY_BE_HIDDEN
from groundwire_server.domain.guards.finding import Finding

_DASHES: Final = "\u2010\u2011\u2012\u2013\u2014\u2015\u2212\ufe58\ufe63"
_SPACES: Final = "\u00a0\u1680\u2000\u2001\u2002\u2003\u2004\u2005\u2006\u2007\u2008\u2009\u200a\u202f\u205f\u3000"


def _folds() -> Iterator[tuple[int, str]]:
    yield from ((ord(each), "-") for each in _DASHES)
    yield from ((ord(each), " ") for each in _SPACES)
    yield from ((code, chr(code - 0xFEE0)) for code in range(0xFF01, 0xFF5F))
    for code in range(0x80, sys.maxunicode + 1):
        if unicodedata.category(chr(code)) == "Nd":
            yield code, str(unicodedata.decimal(chr(code)))
    # Letters of mathematics, which are ASCII ones in bold, italics and the like.
    for code in range(0x1D400, 0x1D6A4):
        if (plain := unicodedata.normalize("NFKC", chr(code))).isascii():
            yield code, plain


_FOLDS: Final = {chr(code): plain for code, plain in _folds()}
_HIDDEN_IN_ASCII: Final = re.compile(r"[\x00-\x08\x0e-\x1b\x7f]")
_IS_HIDDEN: Final = re.compile(f"[{MAY_BE_HIDDEN}]+")
"""What is within words and numbers without being seen, or joins and selects what stands before it."""


@dataclass(frozen=True, slots=True)
class PlainForm:
    """A text in its plain form.

    Attributes:
        text: in that form.
        starts: where each of its stretches begins, between what was left out, in code points of it.
        shifts: how far each stretch is behind its place in the original text.
    """

    text: str
    starts: Sequence[int] = (0,)
    shifts: Sequence[int] = (0,)

    def original(self, start: int, end: int) -> tuple[int, int]:
        """Return the span of the original text for one of this."""
        if len(self.starts) == 1:
            return start + self.shifts[0], end + self.shifts[0]
        return start + self._shift(start), end - 1 + self._shift(end - 1) + 1

    def as_original(self, finding: Finding) -> Finding:
        """Return a finding in this at its place in the original text."""
        start, end = self.original(finding.start, finding.end)
        return replace(finding, start=start, end=end)

    def _shift(self, place: int) -> int:
        return self.shifts[bisect_right(self.starts, place) - 1]


def plain_form(text: str) -> PlainForm:
    """Return the plain form of a text; it is the text itself where that has nothing to change."""
    if text.isascii() and not _HIDDEN_IN_ASCII.search(text):
        return PlainForm(text)
    characters = set(text)
    for each in characters & _FOLDS.keys():
        text = text.replace(each, _FOLDS[each])
    hidden = [found.span() for found in _IS_HIDDEN.finditer(text)]
    if not hidden:
        return PlainForm(text)
    shifts = [0, *accumulate(end - start for start, end in hidden)]
    starts = [0, *(end - shift for (_, end), shift in zip(hidden, shifts[1:], strict=True))]
    return PlainForm(_IS_HIDDEN.sub("", text), starts, shifts)
