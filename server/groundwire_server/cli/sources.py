"""Finds the documents that paths on a command line mean, and reads them one at a time."""

import glob
import json
import os
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from google.protobuf import json_format

from groundwire.v1.document_pb2 import Document

TEXT = frozenset({".txt", ".text", ".md", ".markdown", ".mdown", ".rst"})
"""What is taken from a folder; a file that is named itself may be called anything."""
LINES = frozenset({".jsonl", ".ndjson"})
TEXT_LIMIT = 4 * 1024 * 1024
"""The contract's limit of a document's text in bytes; more is not even read."""

_TITLE_LIMIT = 512
_ACCESS = ("allowedPrincipals", "allowed_principals")


@dataclass(frozen=True, slots=True)
class Unreadable:
    """A document, or what should have been one, that was not sent."""

    name: str
    why: str


def find(arguments: Iterable[str]) -> tuple[list[Path], list[Unreadable]]:
    """The files that the arguments mean, each once, and the arguments that mean none."""
    found: dict[Path, Path] = {}
    nothing = []
    for argument in arguments:
        files = list(_expand(argument))
        if not files:
            nothing.append(Unreadable(argument, _why_nothing(argument)))
        for path in files:
            found.setdefault(path.resolve(), path)
    return list(found.values()), nothing


def count(paths: Iterable[Path]) -> int:
    """How many documents the files hold, as far as that can be told without reading them as such."""
    return sum(_count_lines(path) if path.suffix.lower() in LINES else 1 for path in paths)


def read(paths: Iterable[Path], principals: Sequence[str]) -> Iterator[Document | Unreadable]:
    """Reads the documents.

    Args:
        paths: files, as `find` gives them.
        principals: who may see a document that does not say so itself.
    """
    for path in paths:
        try:
            if path.suffix.lower() in LINES:
                yield from _lines(path, principals)
            else:
                yield _text(path, principals)
        except OSError as failed:
            yield Unreadable(str(path), f"cannot be read: {failed.strerror}")


def _expand(argument: str) -> Iterator[Path]:
    path = Path(argument)
    if path.is_dir():
        for folder, folders, names in os.walk(path):
            folders[:] = sorted(name for name in folders if not name.startswith("."))
            for name in sorted(names):
                if not name.startswith(".") and Path(name).suffix.lower() in TEXT | LINES:
                    yield Path(folder, name)
    elif path.exists():
        yield path
    else:
        # A pattern that the shell has left to us; one that matches folders means the files in them.
        for match in sorted(glob.glob(argument, recursive=True)):  # noqa: PTH207  # Path.glob takes no absolute pattern
            if Path(match).is_file():
                yield Path(match)


def _why_nothing(argument: str) -> str:
    if Path(argument).is_dir():
        return f"holds no file that ends in {', '.join(sorted(TEXT | LINES))}"
    return "there is no such file or folder"


def _text(path: Path, principals: Sequence[str]) -> Document | Unreadable:
    size = path.stat().st_size
    if size > TEXT_LIMIT:
        return Unreadable(
            str(path), f"is {size / 1024 / 1024:.1f} MiB long: a document may have 4 MiB of text; split it"
        )
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as failed:
        return Unreadable(
            str(path), f"is not UTF-8 (byte {failed.start}): convert it, as with iconv -f LATIN1 -t UTF-8"
        )
    return Document(
        document_id=_identifier(path),
        title=_title(text, path)[:_TITLE_LIMIT],
        source_uri=path.resolve().as_uri(),
        text=text,
        allowed_principals=principals,
    )


def _lines(path: Path, principals: Sequence[str]) -> Iterator[Document | Unreadable]:
    with path.open("rb") as lines:
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            name = f"{path}:{number}"
            try:
                fields = json.loads(line)
                document = json_format.ParseDict(fields, Document())
            except (ValueError, json_format.ParseError) as wrong:
                yield Unreadable(name, f"is no Document: {_first_line(wrong)}")
                continue
            if not any(key in fields for key in _ACCESS):
                document.allowed_principals.extend(principals)
            if len(document.text.encode()) > TEXT_LIMIT:
                yield Unreadable(name, "has more than 4 MiB of text; split it")
            else:
                yield document


def _identifier(path: Path) -> str:
    """The path as it was given, in the characters that an id may have."""
    return quote(Path(os.path.normpath(path)).as_posix(), safe="/!$&'()*+,;=:@~")


def _title(text: str, path: Path) -> str:
    """A text's first heading, or the file's name."""
    for line in text.splitlines():
        if line.startswith("# "):
            return line[2:].strip() or path.stem
        if line.strip() and path.suffix.lower() not in {".md", ".markdown", ".mdown"}:
            break
    return path.stem


def _count_lines(path: Path) -> int:
    try:
        with path.open("rb") as lines:
            return sum(1 for line in lines if line.strip())
    except OSError:
        return 1


def _first_line(error: Exception) -> str:
    return str(error).splitlines()[0] if str(error) else type(error).__name__
