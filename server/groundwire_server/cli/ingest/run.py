"""Reads the documents of a plan, stores them and sums up."""

import json
import sys
from collections.abc import Sequence
from typing import Any

import typer
from rich.text import Text

import groundwire
from groundwire_server.cli.calls import connect, failures_stop
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.console import Terminal, one_line
from groundwire_server.cli.exits import ExitCode
from groundwire_server.cli.files.converter import Converter
from groundwire_server.cli.files.entries import Given, Readable, Skipped, Unreadable
from groundwire_server.cli.files.holdings import Holdings
from groundwire_server.cli.files.memory import Memory, memory_of
from groundwire_server.cli.ingest.plan import IngestPlan
from groundwire_server.cli.ingest.upload import Tally, show_failures, show_tally, upload


def dry_run(plan: IngestPlan, *, as_json: bool) -> None:
    """Show what would be stored."""
    failures = list(plan.nothing)
    documents = list[dict[str, Any]]()
    console = Terminal()
    with Converter() as converter:
        for each in plan.read(converter):
            match each:
                case Unreadable():
                    failures.append(each)
                case Readable(document):
                    characters = len(document.text)
                    listed = {"documentId": document.document_id, "title": document.title, "characters": characters}
                    documents.append(listed)
                    if not as_json:
                        _show_planned(console, document.document_id, document.title, characters)
                case Skipped():
                    continue
    if as_json:
        print(json.dumps({"documents": documents, "failed": _listed(failures)}))
    else:
        console.print(f"{len(documents)} document{'' if len(documents) == 1 else 's'} would be stored")
        show_failures(console, failures)
    if failures:
        raise typer.Exit(ExitCode.INCOMPLETE)


def store(plan: IngestPlan, connection: ConnectionOptions, *, fresh: bool, as_json: bool) -> None:
    """Store the documents and print a summary, even when storing breaks off."""
    tally = Tally(failures=list(plan.nothing))
    try:
        with failures_stop(), connect(connection) as client, Converter() as converter:
            memory = _memory(client, connection, plan.given, fresh=fresh)
            upload(client, plan.read(converter, memory), plan.count, tally, memory=memory)
    finally:
        if as_json:
            print(json.dumps(_summary(tally)))
        elif tally.stored or tally.failures:
            show_tally(Terminal(), tally)
    if tally.failures:
        raise typer.Exit(ExitCode.INCOMPLETE)


def _memory(
    client: groundwire.SyncClient, connection: ConnectionOptions, given: Given, *, fresh: bool
) -> Memory | None:
    """Return what earlier runs have stored; None when that cannot be remembered."""
    path = memory_of(connection.server, connection.tenant or "")
    memory = Memory(path, given, Holdings(client).content_hash)
    try:
        memory.load()
    except OSError as failed:
        told = f"stored documents are not remembered: {failed.filename} cannot be used: {failed.strerror}"
        print(f"groundwire: {told}", file=sys.stderr)
        return None
    if fresh:
        memory.forget()
    return memory


def _show_planned(console: Terminal, document_id: str, title: str, characters: int) -> None:
    console.hang(Text(), Text(document_id, style="bold"))
    console.hang(
        Text("  "),
        Text(", ".join(filter(None, [one_line(title), f"{characters:,} character{'' if characters == 1 else 's'}"]))),
    )


def _summary(tally: Tally) -> dict[str, Any]:
    return {
        "created": tally.created,
        "updated": tally.updated,
        "unchanged": tally.unchanged,
        "skipped": tally.skipped,
        "passages": tally.passages,
        "failed": _listed(tally.failures),
    }


def _listed(failures: Sequence[Unreadable]) -> list[dict[str, str]]:
    return [{"name": each.name, "why": each.why} for each in failures]
