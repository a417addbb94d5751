"""Ingest's way: find, read, send, sum up."""

import json
import re
import sys
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import typer
from rich.text import Text

import groundwire
from groundwire_server.cli import loading
from groundwire_server.cli.calls import connect, failures_stop
from groundwire_server.cli.connection import Connection
from groundwire_server.cli.console import Terminal, one_line
from groundwire_server.cli.exits import CommandError, ExitCode
from groundwire_server.cli.files import conversion, finding, reading
from groundwire_server.cli.files.conversion import Converter
from groundwire_server.cli.files.entries import Given, Readable, Skipped, Unreadable
from groundwire_server.cli.files.holdings import Holdings
from groundwire_server.cli.files.memory import Memory, memory_of

_STDIN = "-"
_KEY = re.compile("[A-Za-z_][A-Za-z0-9_]{0,63}")


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is to be stored.

    Attributes:
        files: those that were found.
        nothing: what could not be found or looked into.
        given: what is said of them.
        standard_input: whether a text or JSONL comes from there.
        document_id: the id of that text; None for JSONL.
    """

    files: Sequence[Path]
    nothing: Sequence[Unreadable]
    given: Given
    standard_input: bool
    document_id: str | None

    @classmethod
    def of(cls, paths: Sequence[str], given: Given, document_id: str | None, *, jsonl: bool) -> "Wanted":
        """Looks for what the command line names.

        Raises:
            CommandError: when it names nothing, or standard input without saying what it is.
        """
        standard_input = _STDIN in paths
        if standard_input and (document_id is None) != jsonl:
            raise CommandError(ExitCode.USAGE, "standard input needs either --id ID, for a text, or --jsonl")
        if not standard_input and (document_id is not None or jsonl):
            raise CommandError(ExitCode.USAGE, "--id and --jsonl are about standard input: give - as the path")
        files, nothing = finding.find(path for path in paths if path != _STDIN)
        files, needing = _convertible(files)
        nothing += needing
        if not files and not standard_input:
            raise CommandError(ExitCode.USAGE, "; ".join(f"{each.name}: {each.why}" for each in nothing))
        if given.title and (len(files) + standard_input > 1 or jsonl or any(map(finding.is_lines, files))):
            raise CommandError(ExitCode.USAGE, "--title is the title of one document: name one file, or leave it out")
        return cls(files, nothing, given, standard_input, document_id)

    @property
    def count(self) -> int:
        """How many documents there are, as far as that can be told in advance."""
        return reading.count(self.files) + self.standard_input

    def read(self, converter: Converter, memory: Memory | None = None) -> Iterator[Readable | Skipped | Unreadable]:
        """Reads the documents."""
        yield from reading.read(self.files, self.given, converter, memory)
        if not self.standard_input:
            return
        if self.document_id is None:
            yield from reading.lines(sys.stdin.buffer, "standard input", self.given)
        else:
            yield reading.text(sys.stdin.buffer, self.document_id, self.given)


def pairs(values: Iterable[str]) -> dict[str, str]:
    """What --metadata says.

    Raises:
        CommandError: when one is no KEY=TEXT, or a key is no name.
    """
    said = {}
    for value in values:
        key, equals, text = value.partition("=")
        if not (equals and _KEY.fullmatch(key)):
            told = f"--metadata {value} is no KEY=TEXT: a key is a letter, then at most 63 letters, digits and _"
            raise CommandError(ExitCode.USAGE, told)
        said[key] = text
    return said


def dry(wanted: Wanted, *, as_json: bool) -> None:
    """Shows what would be stored."""
    failures = list(wanted.nothing)
    documents = list[dict[str, Any]]()
    console = Terminal()
    with Converter() as converter:
        for each in wanted.read(converter):
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
        loading.show_failures(console, failures)
    if failures:
        raise typer.Exit(ExitCode.INCOMPLETE)


def store(wanted: Wanted, connection: Connection, *, fresh: bool, as_json: bool) -> None:
    """Stores the documents and sums up, also when the way ends early."""
    tally = loading.Tally(failures=list(wanted.nothing))
    try:
        with failures_stop(), connect(connection) as client, Converter() as converter:
            memory = _memory(client, connection, wanted.given, fresh=fresh)
            loading.load(client, wanted.read(converter, memory), wanted.count, tally, memory=memory)
    finally:
        if as_json:
            print(json.dumps(_summary(tally)))
        elif tally.stored or tally.failures:
            loading.show_tally(Terminal(), tally)
    if tally.failures:
        raise typer.Exit(ExitCode.INCOMPLETE)


def _memory(client: groundwire.SyncClient, connection: Connection, given: Given, *, fresh: bool) -> Memory | None:
    """What earlier runs have stored; None when nothing can be remembered."""
    path = memory_of(connection.server, connection.tenant or "")
    memory = Memory(path, given, Holdings(client).content_hash)
    try:
        memory.load()
    except OSError as failed:
        told = f"what is stored is not remembered, because {failed.filename} cannot be used: {failed.strerror}"
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


def _convertible(files: Sequence[Path]) -> tuple[list[Path], list[Unreadable]]:
    """The files without those that need an extra which is not installed, and one line about these."""
    needing = [path for path in files if path.suffix.lower() in finding.CONVERTED]
    if not needing or conversion.possible():
        return list(files), []
    name = str(needing[0]) + (f" and {len(needing) - 1} more" if len(needing) > 1 else "")
    rest = [path for path in files if path.suffix.lower() not in finding.CONVERTED]
    return rest, [Unreadable(name, f"HTML, PDF and DOCX need an extra: {conversion.EXTRA}")]


def _summary(tally: loading.Tally) -> dict[str, Any]:
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
