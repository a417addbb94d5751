"""Text from bytes whose encoding is not said."""

import codecs
import re
from typing import Final

from charset_normalizer import from_bytes

from groundwire_server.cli.files.readers.port import UnreadableContentError

_MARKS: Final = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
_LIKELY: Final = (
    "cp1252 cp1250 cp1251 koi8_r cp1253 cp1254 cp1255 cp1256 cp874 shift_jis cp932 euc_jp gb18030 big5 cp949 euc_kr"
).split()
"""Encodings that people still have text in; of short texts many more would fit."""

_SINGLE_BYTE: Final = re.compile(r"cp125\d|iso8859|koi8|mac-")
_PEEKED: Final = 256 * 1024


def decoded(content: bytes, declared: str = "") -> tuple[str, tuple[str, ...]]:
    """Return the text, and a warning where the encoding was guessed.

    Args:
        content: bytes of a text.
        declared: the encoding that the content names; empty where it names none.

    Raises:
        UnreadableContentError: when it is not text.
    """
    for mark, encoding in _MARKS:
        if content.startswith(mark):
            try:
                return content.decode(encoding), ()
            except UnicodeDecodeError as failed:
                raise UnreadableContentError(f"is not {encoding.upper()}, as its first bytes say") from failed
    meant = _meant(declared)
    # Text of a single-byte encoding is hardly ever UTF-8 by accident; programs that declare the wrong one are many.
    likely = ("utf-8", meant) if _SINGLE_BYTE.match(meant) else (meant, "utf-8")
    for encoding in filter(None, likely):
        try:
            return content.decode(encoding), ()
        except (ValueError, LookupError):
            continue
    if b"\0" in content:
        raise UnreadableContentError("is not a text file: convert it to text, or leave it out")
    encoding = _guessed(content)
    if not encoding:
        raise UnreadableContentError("is in an unknown encoding: convert it, e.g. with iconv -f LATIN1 -t UTF-8")
    return content.decode(encoding, "replace"), (f"is not UTF-8: read as {encoding}, which is a guess",)


def _meant(declared: str) -> str:
    """Return the encoding that a content means: what names Latin-1 or ASCII is written in the one that includes them.

    Browsers read it so too, since Latin-1 has control characters in place of quotation marks and the euro sign.
    """
    try:
        known = codecs.lookup(declared).name if declared else ""
    except (ValueError, LookupError):
        return ""
    return "cp1252" if known in {"iso8859-1", "ascii"} else known


def _guessed(content: bytes) -> str:
    # Around the first byte that is not ASCII: where nothing tells encodings apart, there is nothing to guess from.
    start = next((place for place, byte in enumerate(content) if byte > 127), 0)
    found = from_bytes(content[max(0, start - 1024) : start + _PEEKED], cp_isolation=_LIKELY).best()
    if found is None:
        return ""
    # Where two fit alike, the more common one is named.
    common = _LIKELY[0]
    return common if content.decode(common, "ignore") == content.decode(found.encoding, "replace") else found.encoding
