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
from groundwire_server.cli.files.entries import Given, Readable, Stamp, Unreadable
from groundwire_server.cli.files.finding import CONVERTED, LINES
from groundwire_server.cli.sizes import size
from groundwire_server.domain.document import TEXT_LIMIT

_TOO_MUCH_TEXT = f"has more than {TEXT_LIMIT / 1_000_000:.1f} MB of text: split it"
_TITLE_LIMIT = 512
_ACCESS = ("allowedPrincipals", "allowed_principals")
_MARKDOWN = frozenset({".md", ".markdown", ".mdown", *CONVERTED})


def count(paths: Iterable[Path]) -> int:
    """Return how many documents the files hold, estimated without parsing them."""
    return sum(_count_lines(path) if path.suffix.lower() in LINES else 1 for path in paths)


def read(paths: Iterable[Path], given: Given, converter: Converter) -> Iterator[Readable | Unreadable]:
    """Yield the documents.

    Args:
        paths: files, from `find`.
        given: the properties of every document.
        converter: converts files that are not text.
    """
    for path in paths:
        try:
            if path.suffix.lower() in LINES:
                with path.open("rb") as file:
                    yield from lines(file, str(path), given)
            else:
                yield _file(path, Stamp.of(path), given, converter)
        except OSError as failed:
            yield Unreadable(str(path), f"cannot be read: {failed.strerror}")


def lines(file: BinaryIO, name: str, given: Given) -> Iterator[Readable | Unreadable]:
    """Yield a document for each line of JSON."""
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        place = f"{name}:{number}"
        try:
            fields = json.loads(line)
        except (ValueError, RecursionError) as wrong:
            yield Unreadable(place, f"is not JSON: {_first_line(wrong)}")
            continue
        if not isinstance(fields, dict):
            yield Unreadable(place, "is not a Document: it must be a JSON object")
            continue
        try:
            document = json_format.ParseDict(fields, Document())
        except (ValueError, RecursionError, json_format.ParseError) as wrong:
            yield Unreadable(place, f"is not a Document: {_unknown(fields) or _first_line(wrong)}")
            continue
        if missing := [
            word for word, said in (("documentId", document.document_id), ("text", document.text)) if not said
        ]:
            yield Unreadable(place, f"has no {missing[0]}, which is required")
            continue
        if not any(key in fields for key in _ACCESS):
            document.allowed_principals.extend(given.principals)
        given.mark(document)
        if len(document.text.encode()) > TEXT_LIMIT:
            yield Unreadable(place, _TOO_MUCH_TEXT)
        else:
            yield Readable(document, line=place)


def text(file: BinaryIO, document_id: str, given: Given) -> Readable | Unreadable:
    """Return the document of a stream, under the given id."""
    content = _decoded(file.read(TEXT_LIMIT + 1), document_id)
    if isinstance(content, Unreadable):
        return content
    document = Document(document_id=document_id, text=content, allowed_principals=given.principals)
    document.title = _title("", given, content, Path(document_id))
    given.mark(document)
    return Readable(document)


def identifier(path: Path) -> str:
    """Return the document id of a path: the path as given, in the characters that an id may have."""
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
        return _decoded(file.read(TEXT_LIMIT + 1), str(path))  # only a regular file has a size to trust


def _converted(path: Path, stamp: Stamp, converter: Converter) -> tuple[str, str | Unreadable]:
    """Return a file's own title, and its text."""
    if stamp.size > FILE_LIMIT:
        most = FILE_LIMIT // 1024 // 1024
        return "", Unreadable(str(path), f"is {size(stamp.size)} long, and the limit is {most} MiB: split it")
    if not stamp.size:
        return "", Unreadable(str(path), "is empty")
    try:
        found = converter.convert(path)
    except ConversionError as why:
        return "", Unreadable(str(path), str(why))
    if len(found.text.encode(errors="replace")) > TEXT_LIMIT:
        return "", Unreadable(str(path), _TOO_MUCH_TEXT)
    if not found.text.strip():
        return "", Unreadable(str(path), "contains no text: scanned pages need OCR first")
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
            return Unreadable(name, "is UTF-16: convert it, e.g. with iconv -f UTF-16 -t UTF-8")
        if b"\0" in content:
            return Unreadable(name, "is not a text file: convert it to text, or leave it out")
        return Unreadable(name, f"is not UTF-8 (byte {failed.start}): convert it, e.g. with iconv -f LATIN1 -t UTF-8")


def _title(own: str, given: Given, text: str, path: Path) -> str:
    """Return the given title, or else the file's own, the first heading, or the file's name."""
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
    """Return a message about the first unknown field."""
    known = {field.json_name: field.name for field in Document.DESCRIPTOR.fields}
    unknown = [key for key in fields if key not in known and key not in known.values()]
    return f"unknown field {unknown[0]}; fields are {', '.join(known)}" if unknown else ""


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
