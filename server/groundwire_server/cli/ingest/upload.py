"""Uploads documents with a progress bar, and counts the results."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeRemainingColumn
from rich.text import Text

import groundwire
from groundwire.v1.document_pb2 import Document, IngestState
from groundwire.v1.document_service_pb2 import IngestDocumentsResponse
from groundwire_server.cli.console import Terminal, one_line
from groundwire_server.cli.files.entries import Readable, Skipped, Unreadable
from groundwire_server.cli.files.memory import Memory


@dataclass
class Tally:
    """The results of an upload; documents that were skipped count as unchanged."""

    created: int = 0
    updated: int = 0
    unchanged: int = 0
    skipped: int = 0
    passages: int = 0
    failures: list[Unreadable] = field(default_factory=list)

    @property
    def stored(self) -> int:
        """How many documents the server holds as given."""
        return self.created + self.updated + self.unchanged

    def skip(self, skipped: Skipped) -> None:
        """Count a document that was stored before."""
        self.unchanged += 1
        self.skipped += 1
        self.passages += skipped.passages

    def add(self, result: IngestDocumentsResponse, name: str) -> None:
        """Count the result of the document of this name."""
        self.passages += result.chunk_count
        match result.state:
            case IngestState.INGEST_STATE_CREATED:
                self.created += 1
            case IngestState.INGEST_STATE_UPDATED:
                self.updated += 1
            case IngestState.INGEST_STATE_UNCHANGED:
                self.unchanged += 1
            case _:
                why = one_line(result.error.message) or "the server did not say why"
                self.failures.append(Unreadable(name, why))


def upload(
    client: groundwire.SyncClient,
    documents: Iterable[Readable | Skipped | Unreadable],
    total: int,
    tally: Tally,
    *,
    memory: Memory | None = None,
    label: str = "storing",
) -> None:
    """Store documents, with a progress bar on standard error where that is a terminal.

    Args:
        client: of the server.
        documents: the documents to store; those that could not be read count as failed.
        total: the number of documents.
        tally: counts the results; it is right even when the call fails midway.
        memory: knows what is stored already, and learns what this call stores.
        label: the label of the bar.
    """
    console = Terminal(stderr=True)
    sent: dict[int, Readable] = {}
    if not console.is_terminal:
        console.print(f"{label} {total} document{'' if total == 1 else 's'}")
    columns = (
        TextColumn("{task.description}"),
        BarColumn(None),
        MofNCompleteColumn(),
        TimeRemainingColumn(compact=True),
    )
    with Progress(*columns, console=console, disable=not console.is_terminal, expand=True, transient=True) as progress:
        task = progress.add_task(label, total=total)

        def readable() -> Iterator[Document]:
            # Runs in the client's sending thread: lists and the bar are safe to use from there.
            index = 0
            for each in documents:
                known = memory.same(each) if memory and isinstance(each, Readable) else None
                match known or each:
                    case Unreadable() as unreadable:
                        tally.failures.append(unreadable)
                        progress.advance(task)
                    case Skipped() as skipped:
                        tally.skip(skipped)
                        progress.advance(task)
                    case Readable() as document:
                        sent[index] = document
                        index += 1
                        yield document.document

        for result in client.ingest(readable()):
            document = sent.pop(result.index)
            tally.add(result, document.line or document.document.document_id)
            if memory:
                memory.confirm(document, result)
            progress.advance(task)


def show_tally(console: Terminal, tally: Tally) -> None:
    """Print the counts, and failures with their reasons."""
    counts = ((tally.created, "new"), (tally.updated, "updated"), (tally.unchanged, "unchanged"))
    said = ", ".join(f"{count} {name}" for count, name in counts if count) or "none stored"
    line = Text(f"{tally.stored} document{'' if tally.stored == 1 else 's'}: {said}; {_passages(tally)}")
    console.hang(Text(), line)
    show_failures(console, tally.failures)


def _passages(tally: Tally) -> str:
    return f"{tally.passages} passage{'' if tally.passages == 1 else 's'}"


def show_failures(console: Terminal, failures: Iterable[Unreadable]) -> None:
    """Print what failed and why."""
    listed = sorted(failures, key=lambda each: each.name)
    if listed:
        console.print(Text(f"{len(listed)} failed:", style="bold red"))
    for failure in listed:
        line = Text(one_line(failure.name), style="bold")
        line.append(f" {one_line(failure.why)}", style="not bold")
        console.hang(Text("  "), line)
