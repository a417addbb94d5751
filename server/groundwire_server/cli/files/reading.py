"""Reads documents from files, one at a time."""

import json
import os
from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path
from typing import BinaryIO
from urllib.parse import quote

from google.protobuf import json_format

from groundwire.v1.document_pb2 import Document
from groundwire_server.cli.files import conversion
from groundwire_server.cli.files.entries import Readable, Skipped, Stamp, Unreadable
from groundwire_server.cli.files.finding import CONVERTED, LINES
from groundwire_server.cli.files.memory import Memory
from groundwire_server.cli.sizes import size

TEXT_LIMIT = 4 * 1024 * 1024
"""The contract's limit of a document's text in bytes; more is not even read."""

_TITLE_LIMIT = 512
_ACCESS = ("allowedPrincipals", "allowed_principals")
_MARKDOWN = frozenset({".md", ".markdown", ".mdown", *CONVERTED})


def count(paths: Iterable[Path]) -> int:
    """How many documents the files hold, as far as that can be told without reading them as such."""
    return sum(_count_lines(path) if path.suffix.lower() in LINES else 1 for path in paths)


def read(
    paths: Iterable[Path], principals: Sequence[str], memory: Memory | None = None
) -> Iterator[Readable | Skipped | Unreadable]:
    """Reads the documents.

    Args:
        paths: files, as `find` gives them.
        principals: who may see a document that does not say so itself.
        memory: what is stored already; a file that has not changed since is not read again.
    """
    for path in paths:
        try:
            if path.suffix.lower() in LINES:
                with path.open("rb") as file:
                    yield from lines(file, str(path), principals)
            else:
                stamp = Stamp.of(path)
                known = memory.unchanged(identifier(path), stamp, principals) if memory else None
                yield known or _file(path, stamp, principals)
        except OSError as failed:
            yield Unreadable(str(path), f"cannot be read: {failed.strerror}")


def lines(file: BinaryIO, name: str, principals: Sequence[str]) -> Iterator[Readable | Unreadable]:
    """Reads a document from each line of JSON."""
    for number, line in enumerate(file, 1):
        if not line.strip():
            continue
        try:
            fields = json.loads(line)
            document = json_format.ParseDict(fields, Document())
        except (ValueError, RecursionError, json_format.ParseError) as wrong:
            yield Unreadable(f"{name}:{number}", f"is no Document: {_first_line(wrong)}")
            continue
        if not any(key in fields for key in _ACCESS):
            document.allowed_principals.extend(principals)
        if len(document.text.encode()) > TEXT_LIMIT:
            yield Unreadable(f"{name}:{number}", "has more than 4 MiB of text; split it")
        else:
            yield Readable(document)


def text(file: BinaryIO, document_id: str, principals: Sequence[str]) -> Readable | Unreadable:
    """Reads a text from a stream under an id of its own."""
    given = _decoded(file.read(TEXT_LIMIT + 1), document_id)
    if isinstance(given, Unreadable):
        return given
    title = _title(given, Path(document_id))[:_TITLE_LIMIT]
    return Readable(Document(document_id=document_id, title=title, text=given, allowed_principals=principals))


def identifier(path: Path) -> str:
    """The path as it was given, in the characters that an id may have."""
    return quote(Path(os.path.normpath(path)).as_posix(), safe="/!$&'()*+,;=:@~")


def _file(path: Path, stamp: Stamp, principals: Sequence[str]) -> Readable | Unreadable:
    suffix = path.suffix.lower()
    limit = conversion.FILE_LIMIT if suffix in CONVERTED else TEXT_LIMIT
    with path.open("rb") as file:
        content = file.read(limit + 1)  # what is no plain file has no size to trust
    if len(content) > limit:
        long = size(max(stamp.size, len(content)))
        return Unreadable(str(path), f"is {long} long, and at most {limit // 1024 // 1024} MiB are taken; split it")
    title = ""
    if suffix in CONVERTED and content:
        try:
            given, title = conversion.convert(content, suffix)
        except conversion.NotConverted as why:
            return Unreadable(str(path), str(why))
        if len(given.encode(errors="replace")) > TEXT_LIMIT:
            return Unreadable(str(path), "has more than 4 MiB of text; split it")
        if not given.strip():
            return Unreadable(str(path), "holds no text: pages that are pictures must go through OCR first")
    else:
        decoded = _decoded(content, str(path))
        if isinstance(decoded, Unreadable):
            return decoded
        given = decoded
    document = Document(
        document_id=identifier(path),
        title=(" ".join(title.split()) or _title(given, path))[:_TITLE_LIMIT],
        source_uri=path.resolve().as_uri(),
        text=given,
        allowed_principals=principals,
    )
    return Readable(document, stamp)


def _decoded(content: bytes, name: str) -> str | Unreadable:
    if not content:
        return Unreadable(name, "is empty")
    if len(content) > TEXT_LIMIT:
        return Unreadable(name, "has more than 4 MiB of text; split it")
    try:
        return content.decode("utf-8-sig")
    except UnicodeDecodeError as failed:
        return Unreadable(name, f"is not UTF-8 (byte {failed.start}): convert it, as with iconv -f LATIN1 -t UTF-8")


def _title(given: str, path: Path) -> str:
    """A text's first heading, or the file's name."""
    for line in given.splitlines():
        if line.startswith("# "):
            return line[2:].strip() or path.stem
        if line.strip() and path.suffix.lower() not in _MARKDOWN:
            break
    return path.stem


def _count_lines(path: Path) -> int:
    try:
        with path.open("rb") as file:
            return sum(1 for line in file if line.strip())
    except OSError:
        return 1


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
