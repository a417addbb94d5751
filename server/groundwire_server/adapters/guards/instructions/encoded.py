"""Texts that are written so that rules do not see them, and models do: encoded, backwards, with letters apart."""

import base64
import binascii
import codecs
import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final
from urllib.parse import unquote_to_bytes

from groundwire_server.adapters.guards.instructions.reading import Reading
from groundwire_server.adapters.guards.linear_patterns import LinearPatterns
from groundwire_server.domain.text.languages import scores_of

_TELLING: Final = (
    "ignore", "disregard", "forget", "instruction", "previous", "answer", "respond", "prompt", "assistant", "reveal",
    "system", "always", "sentence", "mention",
)  # fmt: skip
"""Words of which an instruction has some."""

_COMMON: Final = (
    "the",
    "and",
    "you",
    "your",
    "this",
    "that",
    "with",
    "answer",
    "should",
    "must",
    "will",
    "always",
    "every",
)
"""Words of which a sentence has some, and that are none when written backwards or in ROT13."""

_NEAR: Final = 6
"""Words between two of them."""

_LEET: Final = tuple(str.maketrans("01345789@$!|", f"o{one}eastbgasil") for one in "il")
"""Letters that digits look like; the one looks like two."""
_LETTERS_OF_TEXT: Final = 0.8
"""The share of letters and spaces from which decoded bytes count as text."""

_LEAST: Final = 12
"""Characters of a text that says something."""

_PROSE_WORDS: Final = 4
_PROSE_SCORE: Final = 1.5
"""Words of a sentence, and how much the frequent ones among them have to tell for a language."""


def _thrice(words: Iterable[str]) -> str:
    """Return a pattern of three of some words that stand together."""
    any_of_them = rf"\b(?:{'|'.join(words)})\b"
    return rf"(?:{any_of_them}(?:\W+\w+){{0,{_NEAR}}}?\W+){{2}}{any_of_them}"


_PROSE: Final = LinearPatterns(
    {
        "rot13": _thrice(codecs.encode(word, "rot13") for word in _COMMON),
        "backwards": _thrice(word[::-1] for word in _COMMON),
    }
)
"""Sentences that are not written as they are read, whatever they say."""

_SIGNS: Final = LinearPatterns(
    {
        "base64": r"[a-z0-9+/_-]{20,}",
        "hex": r"[0-9a-f]{24,}|(?:(?:\\x|0x)?[0-9a-f]{2}[ ,:;]{1,2}){12,}|(?:\\x[0-9a-f]{2}){6,}",
        "binary": r"(?:[01]{8}[ ,]?){8,}",
        "percent": r"(?:%[0-9a-f]{2}[^%\s]{0,3}){6,}",
        "entities": r"(?:&#x?[0-9a-f]{2,5};?){6,}|(?:\\u[0-9a-f]{4}){6,}",
        "rot13": "|".join(codecs.encode(word, "rot13") for word in _TELLING),
        "backwards": "|".join(word[::-1] for word in _TELLING),
        "apart": r"\b(?:[a-z][ \t.*_|/~+,-]{1,3}){7,}[a-z]\b",
        "leet": r"[a-z][013457@$!][a-z]|[013457@$!][a-z][013457@$!]",
    }
)
"""By what a text is seen to be written so, in lower case."""

_BASE64: Final = re.compile(r"[A-Za-z0-9+/_-]{16,}(?:\s{1,4}[A-Za-z0-9+/_-]{16,})*(?:\s{0,4}[A-Za-z0-9+/_-]+)?={0,2}")
_HEX: Final = re.compile(r"(?:(?:\\x|0x)?[0-9A-Fa-f]{2}[ ,:;]{0,2}){12,}|(?:\\x[0-9A-Fa-f]{2}){6,}")
_BINARY: Final = re.compile(r"(?:[01]{8}[ ,]?){8,}")
_PERCENT: Final = re.compile(r"(?:%[0-9A-Fa-f]{2}|[^%\s])+")
_ENTITIES: Final = re.compile(r"(?:(?:&#\d{2,5};?|&#x[0-9A-Fa-f]{2,5};?|\\u[0-9A-Fa-f]{4}) *)+")
_ENTITY: Final = re.compile(r"&#(\d{2,5});?|(?:&#x|\\u)([0-9A-Fa-f]{2,5});?")
_APART: Final = re.compile(r"(?<![A-Za-z])(?:[A-Za-z][ \t.*_|/~+,-]{1,3}){7,}[A-Za-z](?![A-Za-z])")
_WORD: Final = re.compile(r"[^\W\d_]+")
_GAPS: Final = re.compile(r"[^A-Za-z]+")


@dataclass(frozen=True, slots=True)
class Payload:
    """What is written in another way.

    Attributes:
        how: it is written.
        text: that it stands for.
        start: where it stands, in code points of what was read.
        end: exclusive.
        squeezed: whether spaces between words are lost.
        steps: whether each character of `text` stands where the same one of the stretch does: 1, or -1 from its end.
    """

    how: str
    text: str
    start: int
    end: int
    squeezed: bool = False
    steps: int = 0

    def place(self, start: int, end: int) -> tuple[int, int]:
        """Return where a stretch of `text` stands in what was read; all of it where that cannot be told."""
        match self.steps:
            case 1:
                return start, end
            case -1:
                return self.end - end, self.end - start
            case _:
                return self.start, self.end


def encoded_sentences(reading: Reading) -> Iterator[tuple[str, int, int]]:
    """Yield how sentences are written that are in ROT13 or backwards, and where three common words of them stand."""
    return _PROSE.find(reading.plain)


def is_sentence(text: str) -> bool:
    """Return whether a text that stood encoded is a sentence of a language that is known."""
    words = _WORD.findall(text.casefold())
    return len(words) >= _PROSE_WORDS and max(scores_of(frozenset(words)).values()) >= _PROSE_SCORE


def payloads(visible: str, reading: Reading) -> Iterator[Payload]:
    """Yield what stands encoded in a text.

    Args:
        visible: the text without what is not seen, with capitals.
        reading: of it.
    """
    plain = reading.plain
    for how in _SIGNS.names_in(plain):
        match how:
            case "rot13":
                yield Payload(how, codecs.encode(plain, "rot13"), 0, len(plain), steps=1)
            case "backwards":
                yield Payload(how, plain[::-1], 0, len(plain), steps=-1)
            case "leet":
                yield from (Payload(how, plain.translate(table), 0, len(plain), steps=1) for table in _LEET)
            case "apart":
                yield from (
                    Payload(how, _GAPS.sub("", found[0]), found.start(), found.end(), squeezed=True)
                    for found in _APART.finditer(plain)
                )
            case _:
                pattern, decode = _CODES[how]
                yield from _decoded(how, visible, pattern, decode)


def _decoded(how: str, text: str, pattern: re.Pattern[str], decode: Callable[[str], str | bytes]) -> Iterator[Payload]:
    for found in pattern.finditer(text):
        try:
            content = decode(found[0])
            said = content if isinstance(content, str) else content.replace(b"\0", b"").decode(errors="replace")
        except ValueError:
            continue
        if len(said) >= _LEAST and said != found[0] and _is_text(said):
            yield Payload(how, said, found.start(), found.end())


def _is_text(text: str) -> bool:
    return sum(map(str.isalpha, text)) + text.count(" ") >= _LETTERS_OF_TEXT * len(text)


def _from_base64(text: str) -> bytes:
    plain = "".join(text.split()).rstrip("=").replace("-", "+").replace("_", "/")
    # A last character by itself is no byte.
    plain = plain[: len(plain) - (len(plain) % 4 == 1)]
    return base64.b64decode(plain + "=" * (-len(plain) % 4))


def _from_hex(text: str) -> bytes:
    return binascii.unhexlify(re.sub(r"\\x|0x|[ ,:;]", "", text))


def _from_binary(text: str) -> bytes:
    bits = re.sub("[ ,]", "", text)
    return bytes(int(bits[at : at + 8], 2) for at in range(0, len(bits) - 7, 8))


def _from_percent(text: str) -> bytes:
    return unquote_to_bytes(text.replace("+", " "))


def _from_entities(text: str) -> str:
    return _ENTITY.sub(lambda found: chr(int(found[1]) if found[1] else int(found[2], 16)), text)


_CODES: Final[Mapping[str, tuple[re.Pattern[str], Callable[[str], str | bytes]]]] = {
    "base64": (_BASE64, _from_base64),
    "hex": (_HEX, _from_hex),
    "binary": (_BINARY, _from_binary),
    "percent": (_PERCENT, _from_percent),
    "entities": (_ENTITIES, _from_entities),
}
