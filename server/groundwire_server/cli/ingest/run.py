"""Reads the documents of a plan, stores them, removes those that are gone, and sums up."""

import json
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

import typer
from rich.text import Text

import groundwire
from groundwire_server.cli.calls import connect, failures_stop
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.console import Terminal, one_line
from groundwire_server.cli.documents.deletion import require_terminal
from groundwire_server.cli.exits import ExitCode
from groundwire_server.cli.files.entries import Readable, Unchanged, Unreadable
from groundwire_server.cli.files.sources import Made
from groundwire_server.cli.ingest import pruning
from groundwire_server.cli.ingest.known import KnownDocuments
from groundwire_server.cli.ingest.plan import IngestPlan
from groundwire_server.cli.ingest.reading_ahead import Entry, ReadAhead
from groundwire_server.cli.ingest.tally import (
    Tally,
    as_json,
    listed,
    show_failures,
    show_notes,
    show_skipped,
    show_tally,
)
from groundwire_server.cli.ingest.upload import upload
from groundwire_server.cli.words import counted


@dataclass(frozen=True, slots=True)
class RunOptions:
    """How a plan is carried out.

    Attributes:
        fresh: send every document, even if an earlier run stored it.
        prune: remove documents whose files are gone.
        yes: without asking.
        json: print the summary as JSON.
    """

    fresh: bool = False
    prune: bool = False
    yes: bool = False
    json: bool = False


def dry_run(plan: IngestPlan, connection: ConnectionOptions, options: RunOptions) -> None:
    """Show what would be stored; with `prune`, which asks the server, what would be deleted too."""
    tally = Tally(failures=list(plan.nothing))
    documents = list[dict[str, Any]]()
    doomed: Sequence[Made] = ()
    console = Terminal()
    with failures_stop():
        if options.prune:
            with _connected(plan, connection) as client:
                known = KnownDocuments(client, connection, plan)
                with ReadAhead(plan.given, known.identities) as ahead:
                    documents += _planned(plan.read(ahead), tally, None if options.json else console)
                doomed = known.gone({each["documentId"] for each in documents})
        else:
            with ReadAhead(plan.given) as ahead:
                documents += _planned(plan.read(ahead), tally, None if options.json else console)
    if options.json:
        removed = [each.document_id for each in doomed]
        print(json.dumps({"documents": documents, "removed": removed, **listed(tally, plan.skipped)}))
    else:
        console.print(f"{counted(len(documents), 'document')} would be stored")
        show_notes(console, tally)
        show_skipped(console, plan.skipped)
        show_failures(console, tally.failures)
        if doomed:
            pruning.show_plan(doomed)
    if tally.failures:
        raise typer.Exit(ExitCode.INCOMPLETE)


def store(plan: IngestPlan, connection: ConnectionOptions, options: RunOptions) -> None:
    """Store the documents, delete those that are gone, and print a summary, even when storing breaks off."""
    if options.prune and not options.yes:
        require_terminal()
    tally = Tally(failures=list(plan.nothing))
    removed = list[str]()
    try:
        with failures_stop(), _connected(plan, connection) as client:
            known = KnownDocuments(client, connection, plan, fresh=options.fresh)
            stored = set[str]()
            try:
                with ReadAhead(plan.given, known.identities, known.memory) as ahead:
                    entries = _noted(plan.read(ahead), stored) if options.prune else plan.read(ahead)
                    upload(client, entries, plan.count, tally, memory=known.memory)
            finally:
                if not options.json and (tally.stored or tally.incomplete):
                    console = Terminal()
                    show_tally(console, tally, plan.skipped)
            if options.prune:
                removed += pruning.prune(client, known.gone(stored), yes=options.yes)
                if not options.json:
                    print(f"deleted {counted(len(removed), 'document')}")
    finally:
        if options.json:
            print(json.dumps(as_json(tally, plan.skipped, removed)))
    if tally.incomplete:
        raise typer.Exit(ExitCode.INCOMPLETE)


def _noted(entries: Iterable[Entry], ids: set[str]) -> Iterator[Entry]:
    for entry in entries:
        match entry:
            case Readable():
                ids.add(entry.document.document_id)
            case Unchanged():
                ids.add(entry.document_id)
            case Unreadable():
                pass
        yield entry


def _connected(plan: IngestPlan, connection: ConnectionOptions) -> groundwire.SyncClient:
    # To know its documents again, the command has to see them as their readers do.
    return connect(connection, [each for each in plan.given.principals if each != "*"])


def _planned(entries: Iterable[Entry], tally: Tally, console: Terminal | None) -> Iterator[dict[str, Any]]:
    """Yield a description of each document, and print it where there is a console."""
    for each in entries:
        match each:
            case Unreadable():
                tally.failures.append(each)
            case Readable(document):
                tally.note(each)
                characters = len(document.text)
                yield {"documentId": document.document_id, "title": document.title, "characters": characters}
                if console is not None:
                    _show_planned(console, document.document_id, document.title, characters)
            case Unchanged():
                continue


def _show_planned(console: Terminal, document_id: str, title: str, characters: int) -> None:
    console.hang(Text(), Text(document_id, style="bold"))
    console.hang(Text("  "), Text(", ".join(filter(None, [one_line(title), counted(characters, "character")]))))
