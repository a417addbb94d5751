"""A second, simple extraction of a file's words, to find what its reader has lost.

It knows no structure and shares no code with the readers, except for how they tell a text's encoding: a guess is in the
summary, and another one would find every word lost. Foreign formats are read in a child process with limits on
time and memory, as conversion is; that process runs this module.
"""

import html
import io
import re
import sys
import zipfile
from collections.abc import Callable, Iterator, Mapping
from email import message_from_bytes, policy
from html.parser import HTMLParser
from multiprocessing.connection import Connection
from pathlib import Path
from types import MappingProxyType
from typing import Final

from groundwire_server.cli.files.converter import FILE_LIMIT, ConversionError, Converter
from groundwire_server.cli.files.converter_process import serve
from groundwire_server.cli.files.readers.encoding import decoded
from groundwire_server.cli.files.readers.port import UnreadableContentError

PROGRAM: Final = "groundwire_server.cli.corpus.extraction"
SUFFIXES: Final = frozenset({".txt", ".text", ".md", ".markdown", ".mdown", ".csv", ".tsv"})
"""Files whose words are read as they are."""

_PART_LIMIT: Final = 128 * 1024 * 1024
"""The most bytes of one part of a ZIP that are unpacked."""

_UNSEEN: Final = frozenset(
    {"title", "script", "style", "template", "noscript", "head", "nav", "header", "footer", "aside", "svg"}
)
_VOID: Final = frozenset("area base br col embed hr img input link meta source track wbr".split())
_RUN: Final = re.compile(r"<w:t(?:\s[^>]*)?>([^<]*)</w:t>|<w:(?:tab|br|cr)\b|</w:p>")
_CELL: Final = re.compile(r"<t(?:\s[^>]*)?>([^<]*)</t>|</si>|</is>")
_DOCX: Final = re.compile(r"word/(?:document|(?:header|footer)\d*|footnotes|endnotes)\.xml")
_WITHOUT_TEXT: Final = re.compile(
    r"^([ \t]*)\.\. (?:toctree|index|raw|include|literalinclude|auto\w+|plot|graphviz|mermaid|currentmodule)::[^\n]*\n"
    r"(?:\1[ \t]+[^\n]*\n|[ \t]*\r?\n)*",
    re.MULTILINE,
)
"""Directives of reStructuredText whose text is elsewhere, with the lines below them; the reader names most of them."""

_XLSX: Final = re.compile(r"xl/(?:sharedStrings|worksheets/sheet\d+)\.xml")


def has_second(path: Path) -> bool:
    """Return whether there is a second way to read a file."""
    return path.suffix.lower() in SUFFIXES | _READERS.keys()


def extract(path: Path, converter: Converter) -> str:
    """Return the words of a file, in the order in which they stand in it.

    Args:
        path: of a file for which `has_second` holds.
        converter: runs `PROGRAM`.

    Raises:
        ConversionError: when the file cannot be read.
    """
    if path.suffix.lower() not in SUFFIXES:
        return converter.convert(path).text
    try:
        with path.open("rb") as file:
            return _decoded(file.read(FILE_LIMIT))
    except OSError as failed:
        raise ConversionError(f"cannot be read: {failed.strerror}") from None
    except ValueError as failed:
        raise ConversionError("cannot be read a second time") from failed


def _reply(path: Path) -> dict[str, str]:
    try:
        with path.open("rb") as file:
            content = file.read(FILE_LIMIT + 1)
        return {"text": _READERS[path.suffix.lower()](content), "title": ""}
    except OSError as failed:
        return {"why": f"cannot be read: {failed.strerror}"}
    except (MemoryError, RecursionError):
        return {"why": "cannot be read a second time: it needs too much memory"}
    except (ValueError, LookupError, zipfile.BadZipFile, ImportError):
        return {"why": "cannot be read a second time"}


def _decoded(content: bytes) -> str:
    """Return the text in the encoding that its reader guesses, which the summary names."""
    try:
        return decoded(content)[0]
    except UnreadableContentError as failed:
        raise ValueError("not a text") from failed


class _Words(HTMLParser):
    """The text of a page without what is not seen, and without its navigation."""

    def __init__(self) -> None:
        super().__init__()
        self._unseen: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        hidden = any(
            name == "hidden"
            or (name == "aria-hidden" and value == "true")
            or (name == "style" and re.search(r"display\s*:\s*none|visibility\s*:\s*hidden", value or ""))
            for name, value in attrs
        )
        if tag not in _VOID and (self._unseen or hidden or tag in _UNSEEN):
            self._unseen.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag in self._unseen:
            # Elements that were not closed end with the one around them.
            while self._unseen.pop() != tag:
                pass

    def handle_data(self, data: str) -> None:
        if not self._unseen:
            self.text.append(data)


def _html(content: bytes) -> str:
    charset = re.search(rb"charset=[\"']?([\w-]+)", content[:1024])
    try:
        page = content.decode(charset[1].decode() if charset else "utf-8-sig")
    except (UnicodeDecodeError, LookupError):
        page = _decoded(content)
    words = _Words()
    words.feed(page)
    words.close()
    return "\n".join(words.text)


def _pdf(content: bytes) -> str:
    from pdfminer.high_level import extract_text  # noqa: PLC0415  # takes most of a second, and needs an extra
    from pdfminer.psexceptions import PSException  # noqa: PLC0415

    try:
        return str(extract_text(io.BytesIO(content)))
    except PSException as damaged:
        raise ValueError("a PDF that is damaged or has a password") from damaged


def _docx(content: bytes) -> str:
    return "\n".join(_pieces(content, _DOCX, _RUN))


def _xlsx(content: bytes) -> str:
    return "\n".join(_pieces(content, _XLSX, _CELL))


def _pieces(content: bytes, parts: re.Pattern[str], piece: re.Pattern[str]) -> Iterator[str]:
    """Yield the text of the parts of a ZIP. No XML is parsed, so no entity is expanded."""
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        for name in archive.namelist():
            if parts.fullmatch(name):
                with archive.open(name) as part:
                    xml = part.read(_PART_LIMIT).decode("utf-8", "replace")
                # Words are often split between runs: only the end of a paragraph separates them.
                yield html.unescape("".join("\n" if found[1] is None else found[1] for found in piece.finditer(xml)))


def _eml(content: bytes) -> str:
    message = message_from_bytes(content, policy=policy.default)
    parts = [part for part in message.walk() if not part.is_attachment()]
    plain = [str(part.get_content()) for part in parts if part.get_content_type() == "text/plain"]
    if plain:
        return "\n".join(plain)
    return "\n".join(
        _html(str(part.get_content()).encode()) for part in parts if part.get_content_type() == "text/html"
    )


def _rst(content: bytes) -> str:
    # Names of directives, roles and options are no words of the text, nor is what is within these directives.
    text = _WITHOUT_TEXT.sub("", _decoded(content))
    return re.sub(r"^\s*\.\. [\w:+-]+::|:[\w:+-]+:(?=`)|^\s*:[\w -]+:", " ", text, flags=re.MULTILINE)


_READERS: Mapping[str, Callable[[bytes], str]] = MappingProxyType(
    {
        ".html": _html,
        ".htm": _html,
        ".pdf": _pdf,
        ".docx": _docx,
        ".xlsx": _xlsx,
        ".eml": _eml,
        ".rst": _rst,
    }
)


if __name__ == "__main__":
    serve(Connection(int(sys.argv[1])), _reply)
