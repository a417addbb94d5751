"""A text as rules read it: without capitals, accents, look-alikes and what is not seen; with the way back."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from groundwire_server.domain.fencing.hidden import MAY_BE_HIDDEN
from groundwire_server.domain.fencing.skeleton import skeleton

_PLAIN: Final = {
    **dict.fromkeys("\u2018\u2019\u02bc", "'"),
    **dict.fromkeys("\u201c\u201d\u201e\u00ab\u00bb", '"'),
    "\u2026": " ",
    "\u00df": "s",
    "\u0142": "l",
    "\u00f8": "o",
    "\u0111": "d",
}
"""ASCII characters that people type in place of others, which have no part of them in any normal form."""

_SIGNS: Final = re.compile(f"[{''.join(_PLAIN)}]")

_LEFT_OUT: Final = re.compile(f"[{MAY_BE_HIDDEN}\u0300-\u036f\u0640\u064b-\u0652\u0670]+")
"""What is not seen, accents by themselves, marks of Arabic vowels, and what only makes Arabic words longer."""

_CONTROLS: Final = bytes((*range(0x09), *range(0x0E, 0x1C), 0x7F))


@dataclass(frozen=True, slots=True)
class Reading:
    """A text in two forms, each as long as what is left of the text.

    Attributes:
        plain: with the ASCII letters that its letters look like.
        native: with its own letters, in lower case.
        kept: where each character of both stands in the text; None where none was left out.
    """

    plain: str
    native: str
    kept: Sequence[int] | None = None

    def origin(self, start: int, end: int) -> tuple[int, int]:
        """Return the stretch of the text as it was given; it is not empty."""
        return (start, end) if self.kept is None else (self.kept[start], self.kept[end - 1] + 1)


def read(text: str) -> Reading:
    """Return a text as rules read it."""
    if text.isascii():
        encoded = text.encode()
        if len(encoded.translate(None, _CONTROLS)) == len(encoded):
            lower = text.lower()
            return Reading(lower, lower)
    kept = _kept(text) if _LEFT_OUT.search(text) else None
    if kept is not None:
        text = "".join([text[place] for place in kept])
    plain = _lower(skeleton(text))
    if _SIGNS.search(plain):
        for sign, other in _PLAIN.items():
            plain = plain.replace(sign, other)
    return Reading(plain, _lower(text), kept)


def _kept(text: str) -> Sequence[int]:
    kept: list[int] = []
    at = 0
    for found in _LEFT_OUT.finditer(text):
        kept += range(at, found.start())
        at = found.end()
    return [*kept, *range(at, len(text))]


def _lower(text: str) -> str:
    """Return a text in lower case; it is as long as before."""
    # It is the only letter that becomes two.
    return text.replace("\u0130", "i").lower()
