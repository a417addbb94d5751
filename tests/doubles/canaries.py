"""Words that must not appear where a text must not, and the search for them in whatever form they are written."""

import re
from base64 import b64decode
from binascii import Error
from collections.abc import Iterator
from hashlib import blake2b
from typing import Final
from urllib.parse import unquote

SECOND_HALF: Final = " (second half)"
"""What the place of a text's second word ends in."""

_WORD: Final = re.compile(r"kn[0-9a-f]{14}", re.IGNORECASE)
_HEX: Final = re.compile(r"[0-9a-fA-F]{32,}")
_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{16,}")
_ESCAPED: Final = re.compile(r"\\u00([0-9a-fA-F]{2})|\\x([0-9a-fA-F]{2})|\\([0-7]{3})")


class Canaries:
    """Words, each with the place where it was put. The same place has the same word in every run."""

    def __init__(self) -> None:
        self._places: dict[str, str] = {}

    def word(self, place: str) -> str:
        """Return a word that passes as an identifier."""
        word = f"kn{blake2b(place.encode(), digest_size=7).hexdigest()}"
        self._places[word] = place
        return word

    def text(self, place: str) -> str:
        """Return a text whose form changes in JSON, in URLs and in headers; each of its halves is found."""
        return f'{self.word(place)} "é\\%\n{self.word(place + SECOND_HALF)}'

    @property
    def places(self) -> frozenset[str]:
        """Where words were put."""
        return frozenset(self._places.values())

    def found_in(self, written: str | bytes) -> set[str]:
        """Return the places whose words are in what was written: as they are, escaped, in base64 or in hexadecimal."""
        text = written.decode("latin-1") if isinstance(written, bytes) else written
        words = {word.lower() for form in _forms(text) for word in _WORD.findall(form)}
        return {self._places[word] for word in words if word in self._places}


def _forms(text: str) -> Iterator[str]:
    for form in (text, unquote(text), _ESCAPED.sub(_character, text)):
        yield form
        yield from _decoded(form)


def _character(escape: "re.Match[str]") -> str:
    hexadecimal, octal = escape[1] or escape[2], escape[3]
    return chr(int(hexadecimal, 16) if hexadecimal else int(octal, 8))


def _decoded(text: str) -> Iterator[str]:
    for run in _HEX.findall(text):
        for digits in (run, run[1:]):
            yield bytes.fromhex(digits[: len(digits) // 2 * 2]).decode("latin-1")
    for run in _BASE64.findall(text):
        # What it begins with may stand before the encoded text.
        for start in range(4):
            letters = run[start:].replace("-", "+").replace("_", "/")
            try:
                yield b64decode(letters[: len(letters) // 4 * 4]).decode("latin-1")
            except Error:
                continue
