"""Reads documents from files, one at a time."""

import json
import os
from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from google.protobuf import json_format

from groundwire.v1.document_pb2 import Document, TextFormat
from groundwire_server.cli.files.converter import FILE_LIMIT, ConversionError, Converter
from groundwire_server.cli.files.entries import Given, Readable, Stamp, Unreadable
from groundwire_server.cli.files.finding import CONVERTED, LINES
from groundwire_server.cli.files.readers import markdown
from groundwire_server.cli.files.readers.port import FileContents, UnreadableContentError
from groundwire_server.cli.files.readers.registry import suffix_of
from groundwire_server.cli.sizes import size
from groundwire_server.corpus.checks import is_blank
from groundwire_server.domain.document import TEXT_LIMIT

_TOO_MUCH_TEXT = f"has more than {TEXT_LIMIT / 1_000_000:.1f} MB of text: split it"
_TITLE_LIMIT = 512
_ACCESS = ("allowedPrincipals", "allowed_principals")
_MARKDOWN = frozenset({".md", ".markdown", ".mdown"})


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
            word for word, said in (("documentId", document.document_id), ("text", document.text)) if is_blank(said)
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
    """Return the document of a stream, under the given id; its format is that of the id's suffix."""
    found = _text(file.read(TEXT_LIMIT + 1), Path(document_id))
    if isinstance(found, Unreadable):
        return found
    return _readable(Document(document_id=document_id), found, Path(document_id), None, given)


def identifier(path: Path) -> str:
    """Return the document id of a path: the path as given, in the characters that an id may have."""
    # A name need not be UTF-8; its bytes have a form in any case.
    return quote(os.fsencode(Path(os.path.normpath(path)).as_posix()), safe="/!$&'()*+,;=:@~")


def _file(path: Path, stamp: Stamp, given: Given, converter: Converter) -> Readable | Unreadable:
    with path.open("rb") as file:
        # Only a regular file has a size to trust.
        content = file.read(TEXT_LIMIT + 1)
    if suffix_of(path.suffix.lower(), content) in CONVERTED:
        found = _converted(path, stamp, converter)
    else:
        found = _text(content, path)
    if isinstance(found, Unreadable):
        return found
    # A link stays one: what it leads to may be in another folder, where nobody looks for the document.
    source = path.parent.resolve() / path.name
    document = Document(document_id=identifier(path), source_uri=source.as_uri())
    return _readable(document, found, path, stamp, given)


def _readable(document: Document, found: FileContents, path: Path, stamp: Stamp | None, given: Given) -> Readable:
    """Return a document with what was read of a file."""
    document.text = found.text
    document.text_format = TextFormat.TEXT_FORMAT_MARKDOWN if found.markdown else TextFormat.TEXT_FORMAT_PLAIN
    document.title = (given.title or " ".join(found.title.split()) or os.fsencode(path.stem).decode(errors="replace"))[
        :_TITLE_LIMIT
    ]
    document.allowed_principals.extend(given.principals)
    for key, value in found.metadata.items():
        match value:
            case bool():
                document.metadata[key].bool_value = value
            case int() | float():
                document.metadata[key].number_value = value
            case str():
                document.metadata[key].string_value = value
            case _:
                document.metadata[key].list_value.values.extend(value)
    given.mark(document)
    return Readable(document, stamp, warnings=tuple(found.warnings))


def _text(content: bytes, path: Path) -> FileContents | Unreadable:
    if not content:
        return Unreadable(str(path), "is empty")
    if len(content) > TEXT_LIMIT:
        return Unreadable(str(path), _TOO_MUCH_TEXT)
    reader = markdown.read if path.suffix.lower() in _MARKDOWN else markdown.read_plain
    try:
        found = reader(content, path.name)
    except UnreadableContentError as why:
        return Unreadable(str(path), str(why))
    return _within_limit(found, path)


def _converted(path: Path, stamp: Stamp, converter: Converter) -> FileContents | Unreadable:
    if stamp.size > FILE_LIMIT:
        most = FILE_LIMIT // 1024 // 1024
        return Unreadable(str(path), f"is {size(stamp.size)} long, and the limit is {most} MiB: split it")
    if not stamp.size:
        return Unreadable(str(path), "is empty")
    try:
        found = converter.convert(path)
    except ConversionError as why:
        return Unreadable(str(path), str(why))
    return _within_limit(found, path)


def _within_limit(found: FileContents, path: Path) -> FileContents | Unreadable:
    if is_blank(found.text):
        is_pdf = path.suffix.lower() == ".pdf"
        return Unreadable(str(path), f"contains no text{': scanned pages need OCR first' if is_pdf else ''}")
    found = found.as_unicode()
    return Unreadable(str(path), _TOO_MUCH_TEXT) if len(found.text.encode()) > TEXT_LIMIT else found


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
