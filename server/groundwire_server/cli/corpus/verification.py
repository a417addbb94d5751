"""Carries out `groundwire corpus verify` and prints what it finds."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from typing import Final

import typer
from rich.text import Text

from groundwire_server.cli.calls import connect, failures_stop
from groundwire_server.cli.connection import ConnectionOptions
from groundwire_server.cli.console import Terminal, one_line
from groundwire_server.cli.corpus.comparison import (
    ATTENTION,
    Compared,
    DifferenceKind,
    SourceComparison,
    StoredDifference,
)
from groundwire_server.cli.corpus.extraction import PROGRAM
from groundwire_server.cli.exits import ExitCode
from groundwire_server.cli.files.converter import Converter
from groundwire_server.cli.files.entries import Given
from groundwire_server.cli.ingest.known import KnownDocuments
from groundwire_server.cli.ingest.plan import IngestPlan
from groundwire_server.cli.ingest.progress import DocumentProgress
from groundwire_server.cli.ingest.reading_ahead import ReadAhead
from groundwire_server.cli.ingest.tally import listed_skipped, show_skipped
from groundwire_server.cli.words import counted

_LABEL: Final = 12


def run_verification(
    plan: IngestPlan,
    connection: ConnectionOptions,
    principals: Sequence[str],
    max_lost: float,
    *,
    strict: bool,
    as_json: bool,
) -> None:
    """Compare, print every difference as it is found, and sum up.

    Raises:
        CommandError: when the server cannot be asked.
        typer.Exit: with 1, or 5, when there are differences.
    """
    console = Terminal()
    differences = list[StoredDifference]()
    compared = Compared()
    with failures_stop():
        for difference in _differences(plan, connection, principals, max_lost, compared):
            differences.append(difference)
            if not as_json:
                _show(console, difference)
    if as_json:
        print(
            json.dumps(
                {
                    "documents": compared.documents,
                    "same": compared.same,
                    "readTwice": compared.read_twice,
                    "differences": [each.as_json() for each in differences],
                    "skipped": listed_skipped(plan.skipped),
                }
            )
        )
    else:
        _sum_up(console, compared, differences)
        show_skipped(console, plan.skipped)
    if any(each.kind not in ATTENTION for each in differences):
        raise typer.Exit(ExitCode.INCOMPLETE)
    if strict and differences:
        raise typer.Exit(ExitCode.WARNED)


def _differences(
    plan: IngestPlan, connection: ConnectionOptions, principals: Sequence[str], max_lost: float, compared: Compared
) -> Iterator[StoredDifference]:
    for each in plan.nothing:
        yield StoredDifference(DifferenceKind.UNREADABLE, each.name, each.why)
    ids = set[str]()
    with connect(connection, list(principals)) as client, Converter(program=PROGRAM) as second:
        known = KnownDocuments(client, connection, plan)
        comparison = SourceComparison(known.holdings, second, max_lost, compared)
        with (
            ReadAhead(Given(), known.identities) as ahead,
            DocumentProgress("comparing", plan.count) as progress,
        ):
            for name, found in comparison.documents(plan.read(ahead)):
                ids.add(name)
                progress.advance(name)
                yield from found
        yield from comparison.without_files(known.gone(ids))


def _show(console: Terminal, difference: StoredDifference) -> None:
    """Print a difference; into a pipe or a file whole words between tabs, for `cut` and `grep`."""
    if not console.is_terminal:
        print(difference.kind, one_line(difference.name), one_line(difference.message), sep="\t")
        return
    style = "yellow" if difference.kind in ATTENTION else "bold red"
    said = Text(one_line(difference.name), style="bold")
    said.append(f" {one_line(difference.message)}", style="not bold")
    console.hang(Text(f"{difference.kind:<{_LABEL}}", style=style), said)


def _sum_up(console: Terminal, compared: Compared, differences: Sequence[StoredDifference]) -> None:
    counts = Counter(each.kind for each in differences)
    said = [
        f"{compared.same:,} as in the source",
        *(f"{counts[each]:,} {each}" for each in DifferenceKind if counts[each]),
    ]
    line = f"{counted(compared.documents, 'document')}: {', '.join(said)}; {compared.read_twice:,} read in a second way"
    console.hang(Text(), Text(line))
