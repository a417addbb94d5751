"""Reads documents from files, one at a time."""

import codecs
import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from google.protobuf import json_format

from groundwire.v1.document_pb2 import Document
from groundwire_server.cli.files.converter import FILE_LIMIT, ConversionError, Converter
from groundwire_server.cli.files.entries import Given, Readable, Skipped, Stamp, Unreadable
from groundwire_server.cli.files.finding import CONVERTED, LINES
from groundwire_server.cli.files.memory import Memory
from groundwire_server.cli.sizes import size
from groundwire_server.domain.document import TEXT_LIMIT

_TOO_MUCH_TEXT = f"has more than {TEXT_LIMIT / 1_000_000:.1f} MB of text; split it"
_TITLE_LIMIT = 512
_ACCESS = ("allowedPrincipals", "allowed_principals")
_MARKDOWN = frozenset({".md", ".markdown", ".mdown", *CONVERTED})


def count(paths: Iterable[Path]) -> int:
    """How many documents the files hold, as far as that can be told without reading them as such."""
    return sum(_count_lines(path) if path.suffix.lower() in LINES else 1 for path in paths)


def read(
    paths: Iterable[Path], given: Given, converter: Converter, memory: Memory | None = None
) -> Iterator[Readable | Skipped | Unreadable]:
    """Reads the documents.

    Args:
        paths: files, as `find` gives them.
        given: what is said of them.
        converter: turns those that are no text into text.
        memory: what is stored already; a file that has not changed since is not read again.
    """
    for path in paths:
        try:
            if path.suffix.lower() in LINES:
                with path.open("rb") as file:
                    yield from lines(file, str(path), given)
            else:
                stamp = Stamp.of(path)
                known = memory.unchanged(identifier(path), stamp) if memory else None
                yield known or _file(path, stamp, given, converter)
        except OSError as failed:
            yield Unreadable(str(path), f"cannot be read: {failed.strerror}")


def lines(file: BinaryIO, name: str, given: Given) -> Iterator[Readable | Unreadable]:
    """Reads a document from each line of JSON."""
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        place = f"{name}:{number}"
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError) as wrong:
            yield Unreadable(place, f"is no JSON: {_first_line(wrong)}")
            continue
        if not isinstance(fields, dict):
            yield Unreadable(place, "is no Document: it must be a JSON object")
            continue
        try:
            document = json_format.ParseDict(fields, Document())
        except (ValueError, RecursionError, json_format.ParseError) as wrong:
            yield Unreadable(place, f"is no Document: {_unknown(fields) or _first_line(wrong)}")
            continue
        if missing := [
            word for word, said in (("documentId", document.document_id), ("text", document.text)) if not said
        ]:
            yield Unreadable(place, f"has no {missing[0]}, which every document needs")
            continue
        if not any(key in fields for key in _ACCESS):
            document.allowed_principals.extend(given.principals)
        given.mark(document)
        if len(document.text.encode()) > TEXT_LIMIT:
            yield Unreadable(place, _TOO_MUCH_TEXT)
        else:
            yield Readable(document, line=place)


def text(file: BinaryIO, document_id: str, given: Given) -> Readable | Unreadable:
    """Reads a text from a stream under an id of its own."""
    content = _decoded(file.read(TEXT_LIMIT + 1), document_id)
    if isinstance(content, Unreadable):
        return content
    document = Document(document_id=document_id, text=content, allowed_principals=given.principals)
    document.title = _title("", given, content, Path(document_id))
    given.mark(document)
    return Readable(document)


def identifier(path: Path) -> str:
    """The path as it was given, in the characters that an id may have."""
    return quote(Path(os.path.normpath(path)).as_posix(), safe="/!$&'()*+,;=:@~")


def _file(path: Path, stamp: Stamp, given: Given, converter: Converter) -> Readable | Unreadable:
    if path.suffix.lower() in CONVERTED:
        title, content = _converted(path, stamp, converter)
    else:
        title, content = "", _plain(path)
    if isinstance(content, Unreadable):
        return content
    document = Document(
        document_id=identifier(path),
        title=_title(title, given, content, path),
        source_uri=path.resolve().as_uri(),
        text=content,
        allowed_principals=given.principals,
    )
    given.mark(document)
    return Readable(document, stamp)


def _plain(path: Path) -> str | Unreadable:
    with path.open("rb") as file:
        return _decoded(file.read(TEXT_LIMIT + 1), str(path))  # the size of a device or pipe says nothing


def _converted(path: Path, stamp: Stamp, converter: Converter) -> tuple[str, str | Unreadable]:
    """The title that a file has of itself, and its text."""
    if stamp.size > FILE_LIMIT:
        most = FILE_LIMIT // 1024 // 1024
        return "", Unreadable(str(path), f"is {size(stamp.size)} long, and at most {most} MiB are taken; split it")
    if not stamp.size:
        return "", Unreadable(str(path), "is empty")
    try:
        found = converter.convert(path)
    except ConversionError as why:
        return "", Unreadable(str(path), str(why))
    if len(found.text.encode(errors="replace")) > TEXT_LIMIT:
        return "", Unreadable(str(path), _TOO_MUCH_TEXT)
    if not found.text.strip():
        return "", Unreadable(str(path), "holds no text: pages that are pictures must go through OCR first")
    return found.title, found.text


def _decoded(content: bytes, name: str) -> str | Unreadable:
    if not content:
        return Unreadable(name, "is empty")
    if len(content) > TEXT_LIMIT:
        return Unreadable(name, _TOO_MUCH_TEXT)
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as failed:
        if content.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
            return Unreadable(name, "is UTF-16: convert it, as with iconv -f UTF-16 -t UTF-8")
        if b"\0" in content:
            return Unreadable(name, "is no text: convert it to one, or leave it out")
        return Unreadable(name, f"is not UTF-8 (byte {failed.start}): convert it, as with iconv -f LATIN1 -t UTF-8")


def _title(own: str, given: Given, text: str, path: Path) -> str:
    """The title that is said, or else the file's own, a text's first heading, or the file's name."""
    return (given.title or " ".join(own.split()) or _heading(text, path) or path.stem)[:_TITLE_LIMIT]


def _heading(text: str, path: Path) -> str:
    for line in text.splitlines():
        if line.startswith("# "):
            return line[2:].strip()
        if line.strip() and path.suffix.lower() not in _MARKDOWN:
            break
    return ""


def _count_lines(path: Path) -> int:
    try:
        with path.open("rb") as file:
            return sum(1 for line in file if line.strip())
    except OSError:
        return 1


def _unknown(fields: Mapping[str, object]) -> str:
    """The first field that no document has, and those that there are."""
    known = {field.json_name: field.name for field in Document.DESCRIPTOR.fields}
    unknown = [key for key in fields if key not in known and key not in known.values()]
    return f"there is no field {unknown[0]}; there are {', '.join(known)}" if unknown else ""


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
