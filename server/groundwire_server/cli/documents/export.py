"""Exporting documents as JSONL, a Document of the contract a line, which `groundwire ingest` reads."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from google.protobuf import json_format
from rich.progress import Progress, SpinnerColumn, TextColumn

import groundwire
from groundwire.v1.document_pb2 import Document
from groundwire.v1.document_service_pb2 import GetDocumentResponse
from groundwire_server.cli.console import Terminal
from groundwire_server.cli.documents.deletion import counted
from groundwire_server.cli.documents.listing import PAGE
from groundwire_server.cli.outputs import refuse_existing, unwritable_stops
from groundwire_server.files.atomic import replacement

Write = Callable[[bytes], object]


@dataclass
class Exported:
    """What an export has written.

    Attributes:
        documents: how many.
        changed: how many of these were changed after they were listed: they are written as they were read.
        gone: how many were deleted, or taken from the caller's sight, after they were listed: they are not written.
        moved: whether any document of the corpus changed while the export ran.
    """

    documents: int = 0
    changed: int = 0
    gone: int = 0
    moved: bool = False


def export(client: groundwire.SyncClient, condition: groundwire.Filter | None, write: Write) -> Exported:
    """Write the documents that the caller may see and that satisfy a filter, in the order of their ids.

    One page of descriptions and one text are held at a time.
    """
    exported = Exported()
    before = client.corpus_version()
    with _progress() as show:
        for listed in client.list_documents(filter=condition, page_size=PAGE):
            found = _found(client, listed.document_id)
            if found is None:
                exported.gone += 1
                continue
            exported.changed += found.document.revision != listed.revision
            write(_line(document_of(found)))
            exported.documents += 1
            show(exported.documents)
    exported.moved = client.corpus_version() != before
    return exported


@contextmanager
def output(path: Path | None, *, overwrite: bool) -> Iterator[Write]:
    """Yield what writes to a file, which appears whole at the end, or to standard output.

    Raises:
        CommandError: when the file exists, unless it is to be overwritten, or when it cannot be written.
    """
    if path is None:
        yield sys.stdout.buffer.write
        sys.stdout.buffer.flush()
        return
    refuse_existing(path, overwrite=overwrite)
    with unwritable_stops(path), replacement(path) as new, new.open("wb") as file:
        yield file.write


def document_of(found: GetDocumentResponse) -> Document:
    """Return the document that would be stored as this one is."""
    described: dict[str, Any] = {
        field.name: value
        for field, value in found.document.ListFields()
        if field.name in Document.DESCRIPTOR.fields_by_name
    }
    return Document(text=found.text, **described)


def print_summary(exported: Exported) -> None:
    """Print what was exported, beside the output, and what changed meanwhile."""
    said = [f"{counted(exported.documents)} exported"]
    if exported.changed:
        said.append(f"{counted(exported.changed)} changed after being listed, and exported as read")
    if exported.gone:
        said.append(f"{counted(exported.gone)} not exported: deleted, or no longer visible, after being listed")
    if exported.moved:
        said.append("the corpus changed during the export, which is not of one moment: export again if that matters")
    print("\n".join(said), file=sys.stderr)


def _found(client: groundwire.SyncClient, document_id: str) -> GetDocumentResponse | None:
    try:
        return client.get_document(document_id, include_text=True)
    except groundwire.Error as failed:
        if failed.reason != "DOCUMENT_NOT_FOUND":
            raise
        return None


def _line(document: Document) -> bytes:
    # A terminal acts on some control characters, which JSON would leave as they are.
    escaped = sys.stdout.isatty()
    shown = json_format.MessageToDict(document)
    # A map has its keys in another order each time; an export of the same documents is the same file.
    if "metadata" in shown:
        shown["metadata"] = dict(sorted(shown["metadata"].items()))
    return json.dumps(shown, ensure_ascii=escaped).encode() + b"\n"


@contextmanager
def _progress() -> Iterator[Callable[[int], None]]:
    """Yield what shows a count on standard error, where that is a terminal: how many there are is not known."""
    console = Terminal(stderr=True)
    columns = (SpinnerColumn(), TextColumn("exporting: {task.completed} documents"))
    with Progress(*columns, console=console, disable=not console.is_terminal, transient=True) as bar:
        task = bar.add_task("", total=None)
        yield lambda count: bar.update(task, completed=count)
