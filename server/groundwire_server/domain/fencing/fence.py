"""The fence around text of others in a prompt: tags with a mark that nobody can guess, and nothing within like them."""

import re
import secrets
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Final

from groundwire_server.domain.fencing.hidden import without_hidden
from groundwire_server.domain.fencing.markers import marker_signs, suspicious

_MARK_BYTES: Final = 6

_STAND_INS: Final[Mapping[str, str]] = MappingProxyType(
    {
        "<": "\u2991\u2993\u29d8\u29da\u2e22\u2e24\u2e28\u27c5",
        "[": "\u298d\u298f\u2987\u2989\u2e26\u23a1\u23a3\u23b0",
        ":": "\u205d\u205e\u2e3d\u2e40\u22ee\u2e2a\u2e2b\u2e2c",
        "#": "\u29fb\u2a69\u2aa4\u2aa5\u2a6c\u29e3\u29e4\u29e5",
    }
)
"""Signs that stand in for those of markers: rare, of no look-alike, and the same in every normal form."""

_LINE_END: Final = re.compile("\r\n?|[\x0b\x0c\x1c-\x1f\x85\u2028\u2029]")


def draw_mark() -> str:
    """Return a mark that nobody can guess, for one request."""
    return secrets.token_hex(_MARK_BYTES)


def harmless(text: str) -> str:
    """Return a text of others as it is shown to models that rate texts, and copy nothing of them."""
    return Fence("").neutral(text)


class Fence:
    """What surrounds the text of others in the prompts of one request.

    Within a fence characters that are not seen are left out, and the sign that makes a marker of a text, such as the
    first of `<|im_start|>`, is another, which none of the texts has. So a model's copy of it can be put back.

    Args:
        mark: part of every tag; of lower-case letters and digits.
        texts: all that will stand within, as far as it is known.
    """

    def __init__(self, mark: str, texts: Iterable[str] = ()) -> None:
        self.mark = mark
        self._texts = tuple(texts)
        self._stand_ins: dict[str, str] = {}

    @property
    def originals(self) -> Mapping[int, str]:
        """The sign that each sign of a prompt stands in for, by its code point."""
        return {ord(other): sign for sign, other in self._stand_ins.items()}

    def neutral(self, text: str) -> str:
        """Return a text of others as it stands within the fence."""
        if not suspicious(text):
            return text
        text = without_hidden(_LINE_END.sub("\n", text))
        pieces: list[str] = []
        at = 0
        for place, sign in marker_signs(text):
            pieces += text[at:place], self._stand_in(text[place], sign)
            at = place + 1
        return "".join([*pieces, text[at:]])

    def line(self, text: str) -> str:
        """Return a text of others as one line, as it stands within the fence."""
        return " ".join(self.neutral(text).split())

    def tag(self, name: str) -> str:
        """Return the name of a tag of the fence."""
        return f"{name}-{self.mark}"

    def _stand_in(self, original: str, sign: str) -> str:
        if original not in self._stand_ins:
            taken = set(self._stand_ins.values())
            free = (each for each in _STAND_INS[sign] if each not in taken and not any(each in t for t in self._texts))
            # Where texts use them all, a copy cannot be put back: it is compared as it is.
            other = next(free, None)
            if other is None:
                return _STAND_INS[sign][0]
            self._stand_ins[original] = other
        return self._stand_ins[original]
